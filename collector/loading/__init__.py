"""From request bodies to rows: translated, freed of duplicates, written in one transaction."""

from __future__ import annotations
