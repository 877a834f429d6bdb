"""What the page of users shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from dashboard.data import window_params
from dashboard.filters import Filters, Window
from dashboard.reading import remembered, select


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
    return Users(
        window,
        select("users/list", {**params, "sort": sort, "text": text}),
        select("users/totals", params).row(0, named=True),
        select("users/totals", window_params(window.previous(), filters)).row(0, named=True),
        select("users/per_bin", params),
        select("cost/budgets", {}),
    )
