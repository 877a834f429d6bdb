"""What the pages need from the process that serves them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import streamlit as st

from alerts.engine import RuleStatus
from alerts.rules import AlertingConfig
from analytics.backlog import Backlog
from store import Control, Store
from store.clock import Clock, utc_now
from store.control.access import Person

T = TypeVar("T")

SAMPLE: Final = "sample"
"""The key of the address that asks for the sample data."""


def _anybody(_: Mapping[str, str]) -> Person:
    """Take everybody for somebody at this machine, as on loopback."""
    return Person()


def _no_alerting() -> None:
    """Say that no alerts are evaluated."""


@dataclass(frozen=True)
class SampleState:
    """How far the sample is: `services` over it once it can be read, else what is done, or why it cannot be made.

    Without any of these nobody has had it made.

    Attributes:
        services: what pages read; its clock stands at the moment the sample ends with.
        step: what is being done.
        share: how much is done, 0 to 1.
        failure: why it could not be made.
    """

    services: Services | None = None
    step: str = ""
    share: float = 0.0
    failure: str = ""

    @property
    def is_begun(self) -> bool:
        """Whether it is made or being made, or could not be."""
        return self.services is not None or bool(self.step or self.failure)


class Sample(Protocol):
    """Simulated data for a tour, in a store of its own."""

    def ask(self, *, may_begin: bool) -> SampleState:
        """Return how far it is; the first to ask who may begin has it made, in the background."""
        ...

    def remove(self) -> None:
        """Close the store and delete it; whoever asks next has it made again."""
        ...


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
        backlogs: what waits for the jobs that the pages' figures come from.
        describe_settings: says the settings in force as TOML, without secrets.
        saved_file: where queries and boards are kept; None where nothing can be kept.
        operate: does what commands do, by name and arguments; None where nothing may be done.
        identify: says from the headers of a visit who is signed in; None when nobody is.
        clock: the time.
        sample: simulated data beside the real ones; None where none can be made.
        is_sample: whether these are the services over the simulated data.
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
    backlogs: Callable[[], Sequence[Backlog]] = tuple
    describe_settings: Callable[[], str] | None = None
    saved_file: Path | None = None
    operate: Callable[[str, Mapping[str, Any]], object] | None = None
    identify: Callable[[Mapping[str, str]], Person | None] = _anybody
    clock: Clock = utc_now
    sample: Sample | None = None
    is_sample: bool = False

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


_HELD: Final[ContextVar[Services | None]] = ContextVar("held", default=None)


def asks_for_sample() -> bool:
    """Whether the address asks for the sample data, and there can be any."""
    services = _SLOT.services
    return services is not None and services.sample is not None and st.query_params.get(SAMPLE) == "1"


def current() -> Services:
    """Return what the page reads from: the installed services, or those of the sample when the address asks for it.

    While the sample is not ready the page begins anew, and its frame says how far it is: nobody who asks for the
    sample is ever shown the real data.
    """
    held = _HELD.get()
    if held is not None:
        return held
    services = installed()
    if services.sample is None or not asks_for_sample():
        return services
    sampled = ask_for_sample(services.sample).services
    if sampled is None:
        st.rerun()
    return sampled


def ask_for_sample(sample: Sample) -> SampleState:
    """Return how far the sample is; for those who only read, nothing is made."""
    person = installed().identify(st.context.headers)
    return sample.ask(may_begin=person is not None and person.may_change)


def hold(services: Services, question: Callable[[], T]) -> T:
    """Answer a question in a thread that has no address, with `services` as the current ones."""
    token = _HELD.set(services)
    try:
        return question()
    finally:
        _HELD.reset(token)


def installed() -> Services:
    """Return the installed services, over the real data.

    Raises:
        RuntimeError: nothing was installed; the script was started outside `create_app`.
    """
    if _SLOT.services is None:
        raise RuntimeError("no services are installed; serve the dashboard through dashboard.app.create_app")
    return _SLOT.services
