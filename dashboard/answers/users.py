"""What the page of users shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from dashboard.data import window_params
from dashboard.filters import Filters, Window
from dashboard.reading import ask_together, remembered, select


@dataclass(frozen=True)
class Users:
    """The users of a window, as in `users/list`, with totals now and before."""

    window: Window
    users: pl.DataFrame
    totals: dict[str, Any]
    before: dict[str, Any]
    per_bin: pl.DataFrame
    budgets: pl.DataFrame
    """As in `cost/budgets`."""


@remembered()
def read_users(window: Window, filters: Filters, sort: str, text: str) -> Users:
    """Return the users of a window that matter most by `sort`."""
    params = window_params(window, filters)
    users, totals, before, per_bin, budgets = ask_together(
        lambda: select("users/list", {**params, "sort": sort, "text": text}),
        lambda: select("users/totals", params),
        lambda: select("users/totals", window_params(window.earlier(), filters)),
        lambda: select("users/per_bin", params),
        lambda: select("cost/budgets", {}),
    )
    return Users(window, users, totals.row(0, named=True), before.row(0, named=True), per_bin, budgets)
