"""Newer price data from a file, put where the price book looks for it; nothing is fetched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from analytics.pricing.corrections import parse_corrections
from analytics.pricing.litellm import read_map
from analytics.pricing.source import UPDATE_FILES, read_catalogue
from store.errors import RejectedData


def _read_gaps(text: str) -> int:
    return sum(1 for _ in read_map(text, "update"))


_READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "catalogue": read_catalogue,
    "gaps": _read_gaps,
    "corrections": parse_corrections,
}
_WHAT: Final = {
    "catalogue": "price data of genai-prices",
    "gaps": "LiteLLM's price map, as gap filler",
    "corrections": "corrections",
}


def update_prices(file: Path, directory: Path) -> str:
    """Take a file's prices over and return what they are.

    Raises:
        RejectedData: It cannot be read, or is none of the known kinds.
    """
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RejectedData(f"{file} cannot be read: {error}; pass a file of prices") from error
    problems: list[str] = []
    for kind, read in _READERS.items():
        try:
            read(text)
        except (ValueError, TypeError, KeyError, LookupError) as error:
            problems.append(f"as {_WHAT[kind]}: {str(error).splitlines()[0][:200]}")
            continue
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = directory / f".{UPDATE_FILES[kind]}.partial"
        partial.write_text(text, "utf-8")
        partial.replace(directory / UPDATE_FILES[kind])
        return _WHAT[kind]
    raise RejectedData(f"{file} holds no prices that are known ({'; '.join(problems)})")
