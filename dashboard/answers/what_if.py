"""What the calls of a model would have cost on another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, cast

from dashboard.filters import Window
from dashboard.reading import remembered, select
from dashboard.services import current

OPERATION: Final = "report-instead"


@dataclass(frozen=True)
class Instead:
    """Calls of a model that both models have a price for, what they cost, and what they would have cost."""

    calls: int
    usd: Decimal
    other_usd: Decimal
    note: str


@remembered(ttl_s=600, entries=1)
def read_priced_models() -> list[str]:
    """Return the models that have a price now, as `provider/model`, in the order of the alphabet."""
    book = select("operations/prices", {"model": "", "is_history": False, "now": current().clock()})
    return sorted({f"{provider}/{model}" for provider, model in book.select("provider", "model").iter_rows()})


@remembered(ttl_s=300, entries=16)
def read_instead(window: Window, model: str, by_model: str) -> Instead:
    """Return what the calls of `model` in a window would have cost on `by_model`, a `provider/model`."""
    operate = current().operate
    assert operate is not None, "the page asks only where operations are done"
    bounds = {"first": window.start.isoformat(), "until": window.until.isoformat()}
    found = cast(Mapping[str, Any], operate(OPERATION, {**bounds, "model": model, "by_model": by_model}))
    old, new = found["old"], found["new"]
    return Instead(int(old["events"]), Decimal(old["usd"]), Decimal(new["usd"]), str(new["note"]))
