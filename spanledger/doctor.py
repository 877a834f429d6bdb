"""Looks for what keeps an installation from working, and says what to do about it."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from spanledger import __version__
from spanledger.api.wire import is_served
from spanledger.config import Config, parse_address

Verdict = Literal["ok", "warn", "fail"]
_LOW_DISK_BYTES = 2_000_000_000
_SLOW_SYNC_MS = 50.0
_SYNC_TRIES = 5
_BUILT = time.mktime((2026, 1, 1, 0, 0, 0, 0, 0, 0))


@dataclass(frozen=True)
class Finding:
    """What one check saw; `remedy` is empty when all is well."""

    subject: str
    verdict: Verdict
    seen: str
    remedy: str = ""


def examine(config: Config) -> list[Finding]:
    """Run every check; nothing is changed but a temporary file in the data directory."""
    return [*_versions(), _configuration(config), *_directory(config.data_dir), _clock(), *_ports(config)]


def _versions() -> Iterator[Finding]:
    libraries = ", ".join(
        f"{name} {version(name)}" for name in ("duckdb", "polars", "streamlit", "opentelemetry-sdk")
    )
    seen = f"Spanledger {__version__}, Python {platform.python_version()}, {libraries}"
    yield Finding("versions", "ok", seen)


def _configuration(config: Config) -> Finding:
    return Finding(
        "configuration", "ok", str(config.file) if config.file else "defaults; there is no spanledger.toml"
    )


def _directory(data_dir: Path) -> Iterator[Finding]:
    existing = next(p for p in (data_dir, *data_dir.parents) if p.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        yield Finding(
            "data directory",
            "fail",
            f"{existing} cannot be written",
            "choose another with --data, or change its owner",
        )
        return
    if data_dir.exists() and data_dir.stat().st_mode & 0o077:
        yield Finding(
            "data directory", "warn", f"{data_dir} can be read by other users", f"chmod 700 {data_dir}"
        )
    else:
        yield Finding(
            "data directory", "ok", f"{data_dir}{'' if data_dir.exists() else ', made at the first start'}"
        )
    free = shutil.disk_usage(existing).free
    yield Finding(
        "disk",
        "warn" if free < _LOW_DISK_BYTES else "ok",
        f"{free / 1e9:,.1f} GB free",
        "free some space, or set [store] max_size" if free < _LOW_DISK_BYTES else "",
    )
    took = _sync_ms(existing)
    slow = took > _SLOW_SYNC_MS
    yield Finding(
        "disk sync",
        "warn" if slow else "ok",
        f"{took:.1f} ms to make 4 kB durable",
        "every acknowledgement waits for it: use a faster disk" if slow else "",
    )


def _sync_ms(directory: Path) -> float:
    path = directory / f".spanledger-doctor-{os.getpid()}"
    try:
        with path.open("wb", buffering=0) as file:
            started = time.perf_counter()
            for _ in range(_SYNC_TRIES):
                file.write(b"\0" * 4096)
                os.fsync(file.fileno())
            return (time.perf_counter() - started) * 1000 / _SYNC_TRIES
    finally:
        path.unlink(missing_ok=True)


def _clock() -> Finding:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    if time.time() < _BUILT:
        return Finding("clock", "fail", f"{now} lies in the past", "set the clock, for example by NTP")
    return Finding("clock", "ok", f"{now} UTC")


def _ports(config: Config) -> Iterator[Finding]:
    served = is_served(config.data_dir)
    listeners = {
        "OTLP/HTTP": ("collector", "http", config.collector.http),
        "OTLP/gRPC": ("collector", "grpc", config.collector.grpc),
        "dashboard": ("dashboard", "http", config.dashboard.http),
    }
    for subject, (section, key, address) in listeners.items():
        host, port = parse_address(address)
        if served:
            yield Finding(subject, "ok", f"{address}, served by the running Spanledger")
        elif _is_taken(host, port):
            yield Finding(
                subject,
                "fail",
                f"{address} is taken by another program",
                f'set [{section}] {key} = "{host}:{port + 1000}", or stop that program',
            )
        else:
            yield Finding(subject, "ok", f"{address} is free")


def _is_taken(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False
