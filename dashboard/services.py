"""What the pages need from the process that serves them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from alerts.engine import RuleStatus
from alerts.rules import AlertingConfig
from store import Control, Store
from store.clock import Clock, utc_now
from store.control.access import Person


def _anybody(_: Mapping[str, str]) -> Person:
    """Take everybody for somebody at this machine, as on loopback."""
    return Person()


def _no_alerting() -> None:
    """Say that no alerts are evaluated."""


@dataclass(frozen=True)
class Services:
    """The parts of the running process that pages read from.

    Attributes:
        store: the open database; its `select` is thread-safe.
        control: the control state.
        started_at: when the process started, UTC.
        otlp_http: base URL agents send OTLP over HTTP to.
        otlp_grpc: base URL agents send OTLP over gRPC to.
        version: version of Spanledger.
        settings: the configuration as composed by the application; pages only show it.
        find_alerting: returns the rules, channels and routes in force; None where alerts are not evaluated.
        rule_statuses: how the last evaluation of each rule went.
        describe_settings: says the settings in force as TOML, without secrets.
        saved_file: where queries and boards are kept; None where nothing can be kept.
        operate: does what commands do, by name and arguments; None where nothing may be done.
        identify: says from the headers of a visit who is signed in; None when nobody is.
        clock: the time.
    """

    store: Store
    control: Control
    started_at: datetime
    otlp_http: str = "http://127.0.0.1:4318"
    otlp_grpc: str = "http://127.0.0.1:4317"
    version: str = ""
    settings: object = None
    find_alerting: Callable[[], AlertingConfig | None] = _no_alerting
    rule_statuses: Callable[[], Mapping[str, RuleStatus]] = dict
    describe_settings: Callable[[], str] | None = None
    saved_file: Path | None = None
    operate: Callable[[str, Mapping[str, Any]], object] | None = None
    identify: Callable[[Mapping[str, str]], Person | None] = _anybody
    clock: Clock = utc_now

    @property
    def alerting(self) -> AlertingConfig | None:
        """The rules, channels and routes in force."""
        return self.find_alerting()


class _Slot:
    """Holds the services of this process: Streamlit gives a script no way to be handed an argument."""

    services: Services | None = None


_SLOT: Final = _Slot()


def install(services: Services) -> None:
    """Make `services` what the script threads of this process find."""
    _SLOT.services = services


def current() -> Services:
    """Return the installed services.

    Raises:
        RuntimeError: nothing was installed; the script was started outside `create_app`.
    """
    if _SLOT.services is None:
        raise RuntimeError("no services are installed; serve the dashboard through dashboard.app.create_app")
    return _SLOT.services
