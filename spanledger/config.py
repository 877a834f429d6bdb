"""One configuration: `spanledger.toml`, overridden by `SPANLEDGER_<SECTION>_<KEY>`, checked as a whole."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from alerts.rules import AlertingConfig, parse_alerting
from analytics.budgets import Budget, parse_budgets
from analytics.metrics.breakers import Breaker
from analytics.pricing import OwnPrices, parse_pricing
from analytics.reports.settings import ReportSettings
from analytics.settings import AnalyticsSettings
from collector.mapping.mapping import Mapping as OwnMapping
from collector.mapping.parsing import parse_mappings
from collector.settings import CollectorSettings
from spanledger.access.settings import TABLES as ACCESS_TABLES
from spanledger.access.settings import AccessSettings, parse_access
from spanledger.coercion import build_settings, suggest
from store import StoreSettings
from store.configuration.durations import format_duration
from store.errors import ConfigError
from store.logs import LogFormat

FILE_NAME = "spanledger.toml"
_PREFIX = "SPANLEDGER_"
_TABLE_SECRETS = ("SPANLEDGER_CHANNEL_", "SPANLEDGER_USER_", "SPANLEDGER_KEY_", "SPANLEDGER_OIDC_")
_RESERVED = {"SPANLEDGER_DATA", "SPANLEDGER_CONFIG"}
_SECRETS = ("url", "password", "token", "key", "secret")


@dataclass(frozen=True)
class DashboardSettings:
    """Where people and scripts reach the dashboard and the API."""

    http: str = "127.0.0.1:8501"
    """Listener of the dashboard, the API, `/healthz`, `/readyz` and `/metrics`."""
    url: str | None = None
    """Address that links in messages use, and the name people reach it by; the listener's own when not set."""
    password_file: Path | None = None
    """File with the password, or its hash, of the user `admin`. Who is asked to sign in: everybody, once it is set."""


@dataclass(frozen=True)
class LogSettings:
    """What the processes write to standard error."""

    level: str = "info"
    """debug, info, warning or error."""
    format: LogFormat = "logfmt"
    """logfmt or json."""


@dataclass(frozen=True)
class Config:
    """Everything that can be set, with its origin."""

    data_dir: Path
    file: Path | None = None
    collector: CollectorSettings = field(default_factory=CollectorSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    analytics: AnalyticsSettings = field(default_factory=AnalyticsSettings)
    dashboard: DashboardSettings = field(default_factory=DashboardSettings)
    guards: Breaker = field(default_factory=Breaker)
    log: LogSettings = field(default_factory=LogSettings)
    reports: ReportSettings = field(default_factory=ReportSettings)
    alerting: AlertingConfig = field(default_factory=lambda: parse_alerting({}))
    mappings: tuple[OwnMapping, ...] = ()
    pricing: OwnPrices = field(default_factory=OwnPrices)
    budgets: tuple[Budget, ...] = ()
    access: AccessSettings = field(default_factory=AccessSettings)

    @property
    def dashboard_url(self) -> str:
        """Address people open in a browser."""
        return (self.dashboard.url or f"http://{self.dashboard.http}").rstrip("/")


SECTIONS: Mapping[str, type[Any]] = {
    "collector": CollectorSettings,
    "store": StoreSettings,
    "analytics": AnalyticsSettings,
    "dashboard": DashboardSettings,
    "guards": Breaker,
    "log": LogSettings,
    "reports": ReportSettings,
}
_ALERTING = ("alert", "channel", "route", "inhibit", "mute_time", "maintenance", "heartbeat")
_MAPPING = "mapping"
_PRICING = "pricing"
_BUDGET = "budget"


def load_config(
    data_dir: Path,
    file: Path | None = None,
    environ: Mapping[str, str] = os.environ,
    *,
    made_rules: Sequence[Mapping[str, object]] = (),
) -> Config:
    """Read and check the configuration; `made_rules` are alerts that were made by command or on the page.

    `file` defaults to `SPANLEDGER_CONFIG`, else to `spanledger.toml` in the data directory, which
    may be missing.

    Raises:
        ConfigError: the file is missing or no TOML, a key is unknown, a value is wrong, or an address is not
            of this machine.
    """
    data_dir = data_dir.expanduser().absolute()
    path, table = _read_file(data_dir, file or _path(environ.get("SPANLEDGER_CONFIG")))
    where = str(path) if path else "configuration"
    known = [*SECTIONS, *_ALERTING, _MAPPING, _PRICING, _BUDGET, *ACCESS_TABLES]
    for name in table:
        if name not in known:
            raise ConfigError(f"{where}: unknown section [{name}]{suggest(name, known)}")
    overrides = _environment(environ)
    sections = {
        name: build_settings(
            kind, {**_table(table, name, where), **overrides.get(name, {})}, where=f"{where}: [{name}]"
        )
        for name, kind in SECTIONS.items()
    }
    alerting = {name: table[name] for name in _ALERTING if name in table}
    try:
        config = Config(
            data_dir,
            path,
            **sections,
            alerting=parse_alerting(
                alerting,
                made_rules=made_rules,
                environ=environ,
                directory=path.parent if path else data_dir,
            ),
            mappings=parse_mappings(table.get(_MAPPING)),
            pricing=parse_pricing(_table(table, _PRICING, where)),
            budgets=parse_budgets(table.get(_BUDGET)),
            access=parse_access(
                {name: table[name] for name in ACCESS_TABLES if name in table},
                password_file=sections["dashboard"].password_file,
                environ=environ,
                directory=path.parent if path else data_dir,
            ),
        )
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
    _check_addresses(config)
    _check_reports(config, where)
    return config


def stamp_config(config: Config) -> tuple[int, int] | None:
    """Return something that is another thing once the configuration file changed."""
    path = config.file or config.data_dir / FILE_NAME
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def read_mappings(data_dir: Path, file: Path | None) -> tuple[OwnMapping, ...]:
    """Return the mappings as the configuration file says now, whatever it said at the start.

    Raises:
        ConfigError: the file is gone or no TOML, or a mapping is wrong.
    """
    path, table = _read_file(data_dir, file)
    try:
        return parse_mappings(table.get(_MAPPING))
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def show_config(config: Config) -> str:
    """Write the settings in force as TOML, defaults included and secrets left out."""
    lines = [f"# data directory: {config.data_dir}", f"# file: {config.file or 'none'}"]
    for name in SECTIONS:
        lines += ["", f"[{name}]"]
        for key, value in dataclasses.asdict(getattr(config, name)).items():
            lines.append(f"# {key} is not set" if value is None else f"{key} = {_toml(key, value)}")
    return "\n".join(lines) + "\n"


def parse_address(text: str) -> tuple[str, int]:
    """Split `host:port`; an IPv6 host stands in brackets.

    Raises:
        ConfigError: there is no port, or it is no port number.
    """
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise ConfigError(f'address {text!r} has no port; write "127.0.0.1:4318"')
    return host.strip("[]"), int(port)


def _check_addresses(config: Config) -> None:
    addresses = {
        "[collector] http": config.collector.http,
        "[collector] grpc": config.collector.grpc,
        "[dashboard] http": config.dashboard.http,
    }
    for name, address in addresses.items():
        host, _ = parse_address(address)
        if is_loopback(host):
            continue
        if not name.startswith("[dashboard]"):
            raise ConfigError(
                f"{name} = {address!r} is reachable from other machines, which needs access keys that this "
                f'version does not have; listen on "127.0.0.1" and put a proxy with authentication in front'
            )
        if not config.access.lets_people_in:
            raise ConfigError(
                f"{name} = {address!r} is reachable from other machines, and nobody would have to sign in; set "
                '[dashboard] password_file, add a [[user]] or an [oidc] provider, or listen on "127.0.0.1"'
            )


def _check_reports(config: Config, where: str) -> None:
    for name in config.reports.channels:
        if name not in config.alerting.channels:
            known = ", ".join(config.alerting.channels) or "none"
            raise ConfigError(
                f"{where}: [reports] channels has {name!r}, which is no [[channel]]; there are {known}"
            )


def is_loopback(host: str) -> bool:
    """Whether a host is this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _read_file(data_dir: Path, file: Path | None) -> tuple[Path | None, dict[str, Any]]:
    path = file.expanduser().absolute() if file else data_dir / FILE_NAME
    if not path.exists():
        if file:
            raise ConfigError(f"there is no configuration file {path}; write one, or leave out --config")
        return None, {}
    try:
        return path, tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{path} cannot be read as TOML: {error}") from error


def _table(table: Mapping[str, Any], name: str, where: str) -> dict[str, Any]:
    section = table.get(name, {})
    if not isinstance(section, dict):
        raise ConfigError(f"{where}: {name!r} must be a table; write [{name}]")
    return section


def _environment(environ: Mapping[str, str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, value in environ.items():
        if not name.startswith(_PREFIX) or name in _RESERVED or name.startswith(_TABLE_SECRETS):
            continue
        section, _, key = name.removeprefix(_PREFIX).lower().partition("_")
        kind = SECTIONS.get(section)
        fields = [f.name for f in dataclasses.fields(kind)] if kind else []
        if key not in fields:
            names = [
                f"{_PREFIX}{s}_{f.name}".upper() for s, k in SECTIONS.items() for f in dataclasses.fields(k)
            ]
            raise ConfigError(f"environment variable {name} sets nothing{suggest(name, names)}")
        found.setdefault(section, {})[key] = value
    return found


def _toml(key: str, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, timedelta):
        return f'"{format_duration(value)}"'
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_toml(key, item) for item in value) + "]"
    if any(key == word or key.endswith(f"_{word}") for word in _SECRETS[1:]):
        return '"<secret>"'
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
