"""What lies where in a data directory."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from store.errors import ConfigError


def default_data_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Return `SPANLEDGER_DATA`, else `spanledger` in the XDG data directory."""
    if named := environ.get("SPANLEDGER_DATA"):
        return Path(named)
    home = environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "spanledger"


def log_dir(data_dir: Path) -> Path:
    """Return the directory of the durable log between front and loader."""
    return data_dir / "log"


def prices_dir(data_dir: Path) -> Path:
    """Return the directory of price data that `prices update` brought."""
    return data_dir / "prices"


def sample_dir(data_dir: Path) -> Path:
    """Return the data directory of the sample, which shares nothing with the one that it lies in."""
    return data_dir / "sample"


def guards_file(data_dir: Path) -> Path:
    """Return where the core publishes what guards answer; the front looks beside its log."""
    return data_dir / "guards.json"


def make_data_dir(data_dir: Path) -> Path:
    """Make the data directory, readable by its owner only, and return it.

    Raises:
        ConfigError: it cannot be made or written.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        log_dir(data_dir).mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError(
            f"the data directory {data_dir} cannot be made: {error}; choose another with --data"
        ) from error
    return data_dir


def keep_cookie_secret(data_dir: Path) -> str:
    """Return the key that signs the cookies of people who signed in elsewhere, made at the first time.

    Raises:
        ConfigError: it cannot be read or written.
    """
    path = data_dir / "sign_in.key"
    try:
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(32))
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read or written: {error}; look at who owns it") from error
