"""Users: who uses the agents, what it costs, for whom it fails, and who is over budget."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import polars as pl
import streamlit as st

from dashboard.address import choose_one, choose_text
from dashboard.answers.users import Users, read_users
from dashboard.bins import spread
from dashboard.budget_lines import COLUMNS, budget_line, say_budget
from dashboard.changes import compare_amounts, compare_counts
from dashboard.components import Column, Line, Tile, cell, show_notice, show_table, show_tiles
from dashboard.figures import SMALL
from dashboard.filters import Filters, Link, Window, link_page, link_traces
from dashboard.formats import (
    NO_DATA,
    format_count,
    format_instant,
    format_interval,
    format_rate,
    format_usd,
    format_window,
)
from dashboard.metric_tiles import count_cell
from dashboard.reading import Reading
from dashboard.view import Screen, View, card, show_screen

SORTS: Final = {"dearest": "cost", "busiest": "runs", "most failures": "failures", "latest": "last"}
FULL_BAR: Final = 0.2
BUDGETS_SHOWN: Final = 5
_COLUMNS: Final = (
    Column("User"),
    Column("Cost", "number", "end"),
    Column("Share", "bar", help="of what the users of the window cost together"),
    Column("Runs", "number", "end"),
    Column("Sessions", "number", "end"),
    Column(
        "Failed", "bar", help="share of runs with an outcome that failed; grey where there are fewer than 30"
    ),
    Column("Escalated", "number", "end"),
    Column("Tokens", "number", "end"),
    Column("Feedback", "number", "end", "runs with positive feedback, of those with any"),
    Column("Last run", "time"),
)


def render() -> None:
    """Draw the page."""
    show_screen(
        Screen(
            "Users",
            "users",
            _read,
            _draw,
            is_empty=lambda found: not found.totals["runs"],
            choose=_choose,
        )
    )


def _choose() -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="search", gap="medium"):
        sort = choose_one("Order", list(SORTS), "sort", default="dearest")
        text = choose_text("User", "q", placeholder="User begins with", width_px=230)
    st.session_state["user_search"] = (SORTS[sort], text)


def _read(window: Window, filters: Filters) -> Reading[Users]:
    return read_users(window, filters, *st.session_state["user_search"])


def _draw(found: Users, view: View) -> None:
    show_notice(format_window(found.window.start, found.window.until), is_plain=True, key="window")
    show_tiles(_tiles(found, view), key="tiles")
    _show_budgets(found, view)
    _show_unnamed(found)
    costs = found.users["cost_usd"].drop_nulls()
    most = max(map(float, costs), default=0.0)
    lines = [user_line(row, found, view, most) for row in found.users.iter_rows(named=True)]
    with card("Users", "users", note="A user leads to the runs."):
        show_table(
            _COLUMNS,
            lines,
            key="users",
            caption="Users by cost",
            nothing="No user matches, or nobody named one.",
            is_bare=True,
        )
        if found.users.height < found.totals["users"] and found.users.height == 100:
            text = f"The first 100 of {format_count(found.totals['users'])}; narrow the search to see others."
            show_notice(text, is_plain=True, key="more_users")


def _tiles(found: Users, view: View) -> list[Tile]:
    now, before, window = found.totals, found.before, found.window
    count = now["users"]
    each, each_before = (
        float(sums["named_cost_usd"]) / sums["users"] if sums["named_cost_usd"] and sums["users"] else None
        for sums in (now, before)
    )
    at_least = bool(now["unpriced_calls"])
    return [
        Tile(
            title="Users",
            value=format_count(count),
            change=compare_counts(count, before["users"] or 0, words=window.words),
            spark=spread(found.per_bin, "users", window.bins),
            spark_kind="bar",
            help="Different users that runs of the window name.",
        ),
        Tile(
            title="Runs",
            value=format_count(now["runs"]),
            change=compare_counts(now["runs"], before["runs"] or 0, words=window.words),
            spark=[],
            link=link_traces(window.name, view.filters),
            help="Runs of the window, with a user or without.",
        ),
        Tile(
            title="Cost per user",
            value=NO_DATA if each is None else format_usd(each, at_least=at_least),
            change=compare_amounts(
                each,
                each_before,
                events=(count, before["users"] or 0),
                words=window.words,
                is_rise_bad=True,
            ),
            spark=[],
            link=link_page("cost", window.name, view.filters, by="user"),
            help="Cost of the runs that name a user ÷ number of users.",
            is_unknown=each is None,
        ),
    ]


def _show_unnamed(found: Users) -> None:
    unnamed, runs = found.totals["unnamed_runs"], found.totals["runs"]
    if unnamed:
        share = format_rate(unnamed / runs)
        show_notice(
            f"{format_count(unnamed)} of {format_count(runs)} runs ({share}) name no user and stand in no row below. "
            "Set user.id on any span of a run to attribute it.",
            title="Not every run has a user.",
            key="unnamed",
        )


def user_line(row: dict[str, Any], found: Users, view: View, most: float) -> Line:
    """Return the row of a user, which leads to the user's runs; `most` is what the dearest one cost."""
    ended, failures, runs = row["ended"], row["failures"], row["runs"]
    total = found.totals["named_cost_usd"]
    share = _share_cell(row["cost_usd"], total, most)
    rate = failures / ended if ended else None
    is_small = ended < SMALL
    failed = None if rate is None else cell(
        format_rate(rate),
        share=min(1.0, rate / FULL_BAR),
        order=rate,
        is_quiet=is_small,
        tone="error" if rate and not is_small else "agent",
        title=f"{failures} of {ended}: {format_interval(failures, ended)} with 95 % certainty",
    )  # fmt: skip
    tokens = None if row["input_tokens"] is None else row["input_tokens"] + (row["output_tokens"] or 0)
    return Line(
        key=row["user_id"],
        cells=[
            cell(row["user_id"], title=row["user_id"]),
            cell(
                format_usd(row["cost_usd"], at_least=row["unpriced_calls"] > 0),
                order=None if row["cost_usd"] is None else float(row["cost_usd"]),
                is_quiet=row["cost_usd"] is None,
            ),
            share,
            count_cell(runs),
            count_cell(row["sessions"]),
            failed,
            count_cell(row["escalations"]),
            count_cell(tokens),
            None if not row["rated"] else cell(f"{row['liked']} of {row['rated']}", order=row["liked"] / row["rated"]),
            cell(format_instant(row["last_at"])),
        ],
        link=link_traces(found.window.name, view.filters, q=row["user_id"]),
    )  # fmt: skip


def _share_cell(cost: Decimal | None, total: Decimal | None, most: float) -> dict[str, object] | None:
    if cost is None or not total or not most:
        return None
    share = float(cost / total)
    return cell(format_rate(share), share=float(cost) / most, order=share, tone="volume")


def _show_budgets(found: Users, view: View) -> None:
    """Say who is over budget, and how full the fullest budgets are; only budgets of groups are of users."""
    per_user = found.budgets.filter(pl.col("labels").list.len() > 0)
    if per_user.is_empty():
        return
    _show_exceeded(per_user, view)
    rows = per_user.head(BUDGETS_SHOWN).iter_rows(named=True)
    lines = [
        Line(line.key, line.cells, _link_budget(row, view)) for row in rows for line in [budget_line(row)]
    ]
    with card("Budgets by user and group", "user_budgets", note="The fullest first."):
        show_table(COLUMNS, lines, key="user_budgets", caption="Budgets", nothing="", is_bare=True)


def _show_exceeded(per_user: pl.DataFrame, view: View) -> None:
    exceeded = per_user.filter(pl.col("used_value") >= pl.col("limit_value")).rows(named=True)
    if not exceeded:
        return
    worst = exceeded[0]
    who, used = _say_group(worst), say_budget(worst, float(worst["used_value"]))
    more = f", and {len(exceeded) - 1} more" if len(exceeded) > 1 else ""
    show_notice(
        f"{who} used {used} of {say_budget(worst, float(worst['limit_value']))} ({worst['budget']}){more}.",
        title="Over budget.",
        tone="error",
        link=_link_budget(worst, view),
        link_text="Show the runs",
        key="over_budget",
    )


def _say_group(row: dict[str, Any]) -> str:
    return ", ".join(str(entry["value"])[:80] for entry in row["labels"] or ())


def _link_budget(row: dict[str, Any], view: View) -> Link | None:
    """Return the link to the dearest runs of a budget's user in the longest range; None for other groups."""
    users = [str(entry["value"]) for entry in row["labels"] if entry["key"] == "user_id"]
    return link_traces("30d", view.filters, sort="dearest", q=users[0]) if users else None
