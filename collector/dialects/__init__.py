"""What agents call things, translated into one set of facts.

Each module beside this one is a dialect: the way one library, or several, names what an agent does. The engine reads
them all; `normalise` applies them to a batch of decoded spans.
"""

from __future__ import annotations

from collector.dialects.engine.counted import derive_from_counters
from collector.dialects.engine.derivation import derive_from_logs
from collector.dialects.engine.index import SpanBatch
from collector.dialects.engine.log_facts import TELLING_EVENTS, read_log_facts
from collector.dialects.engine.log_messages import read_log_messages
from collector.dialects.engine.normalisation import normalise
from collector.dialects.engine.registry import Registry, known_dialects

__all__ = [
    "TELLING_EVENTS",
    "Registry",
    "SpanBatch",
    "derive_from_counters",
    "derive_from_logs",
    "known_dialects",
    "normalise",
    "read_log_facts",
    "read_log_messages",
]
