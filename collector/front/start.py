"""What the front process is started with, and its command-line form."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from collector.settings import CollectorSettings
from store.errors import ConfigError
from store.logs import LogFormat


@dataclass(frozen=True, slots=True)
class FrontStart:
    """One run of the front process."""

    log_directory: Path
    settings: CollectorSettings
    log_level: str = "info"
    log_format: LogFormat = "logfmt"
    wake: int | None = None
    """Descriptor of a pipe: one byte is written after each commit, never waiting."""
    life: int | None = None
    """Descriptor of a pipe whose other end closes when the supervisor is gone."""

    @property
    def guards_file(self) -> Path:
        """Where the core publishes what guards answer: beside the log."""
        return self.log_directory.parent / "guards.json"


def front_arguments(
    settings: CollectorSettings,
    log_directory: Path,
    *,
    log_level: str = "info",
    log_format: LogFormat = "logfmt",
) -> list[str]:
    """Return the arguments for `python -P -m collector.front`; `--wake FD` and `--life FD` may follow."""
    return [
        "--log-directory",
        str(log_directory),
        "--settings",
        msgspec.json.encode(settings).decode(),
        "--log-level",
        log_level,
        "--log-format",
        log_format,
    ]


def parse_start(arguments: Sequence[str] | None = None) -> FrontStart:
    """Read the command line.

    Raises:
        ConfigError: the settings are not what `front_arguments` writes.
    """
    parser = argparse.ArgumentParser(prog="collector.front", description=__doc__)
    parser.add_argument("--log-directory", type=Path, required=True)
    parser.add_argument("--settings", default="{}", help="CollectorSettings as JSON")
    parser.add_argument("--log-level", default="info")
    parser.add_argument("--log-format", choices=("logfmt", "json"), default="logfmt")
    parser.add_argument("--wake", type=int)
    parser.add_argument("--life", type=int)
    found = parser.parse_args(arguments)
    try:
        settings = msgspec.json.decode(found.settings, type=CollectorSettings)
    except msgspec.MsgspecError as error:
        raise ConfigError(f"--settings is not the JSON of CollectorSettings: {error}") from error
    return FrontStart(
        log_directory=found.log_directory,
        settings=settings,
        log_level=found.log_level,
        log_format=found.log_format,
        wake=found.wake,
        life=found.life,
    )
