"""What an operator can set about the collector: the `[collector]` section of spanledger.toml."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

_MIB: Final = 1 << 20
_GIB: Final = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorSettings:
    """Listeners, bounds and the log; every value has a default that suits one machine."""

    http: str = "127.0.0.1:4318"
    """Address and port of OTLP/HTTP and of the guards."""
    grpc: str = "127.0.0.1:4317"
    """Address and port of OTLP/gRPC."""
    max_body_bytes: int = 64 * _MIB
    """Largest request body as sent."""
    max_decompressed_bytes: int = 64 * _MIB
    """Largest request body after decompression."""
    max_bytes_in_flight: int = 256 * _MIB
    """Memory that requests being received, checked or written may take together."""
    front_memory_bytes: int = 1 * _GIB
    """Memory that the front process may take; a body that needs more to be checked is refused (Linux)."""
    max_requests_in_flight: int = 1024
    """Requests that are answered at the same time; more are told to come back."""
    body_timeout_s: float = 30.0
    """Time within which a whole request body has to arrive."""
    allowed_hosts: tuple[str, ...] = ()
    """Host names, beside loopback ones, that a request to a loopback listener may name."""
    cors_origins: tuple[str, ...] = ()
    """Origins of web pages that may send telemetry; none by default, "*" for any."""
    log_max_bytes: int = 4 * _GIB
    """Bound of the log on disk; at the bound exporters are told to come back."""
    log_segment_bytes: int = 64 * _MIB
    """A segment of the log that reached this size is followed by a new one."""
    log_grace: timedelta = timedelta(hours=1)
    """How long a loaded segment is kept."""
    log_keep_bytes: int = 512 * _MIB
    """Loaded segments together never take more than this, whatever the grace period."""
    log_disk_reserve_bytes: int = 256 * _MIB
    """Free space that the log leaves to the database on the same disk."""
    commit_delay_ms: float = 2.0
    """Least time between two commits of the log under load; it groups many small requests."""
