"""The application: command line, configuration and the wiring of all packages.

The version is read on first use: most commands tell it nobody.
"""

from __future__ import annotations

__version__: str


def __getattr__(name: str) -> object:
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version

    return version("spanledger")
