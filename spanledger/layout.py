"""What lies where in a data directory."""

from __future__ import annotations

from pathlib import Path

from store.errors import ConfigError


def log_dir(data_dir: Path) -> Path:
    """Return the directory of the durable log between front and loader."""
    return data_dir / "log"


def prices_dir(data_dir: Path) -> Path:
    """Return the directory of price data that `prices update` brought."""
    return data_dir / "prices"


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
