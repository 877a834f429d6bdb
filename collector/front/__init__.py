"""The front process: listens for OTLP, makes bodies durable, acknowledges.

It imports no database and no data frames, so that nothing heavy shares its interpreter.
"""

from __future__ import annotations

from collector.front.start import FrontStart, front_arguments

__all__ = ["FrontStart", "front_arguments"]
