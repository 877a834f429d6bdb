"""The application: command line, configuration and the wiring of all packages."""

from __future__ import annotations

from importlib.metadata import version

__version__ = version("spanledger")
