"""OTLP bodies in files: which signal they are of, whichever way they were written."""

from __future__ import annotations
