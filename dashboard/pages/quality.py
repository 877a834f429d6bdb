"""Quality: outcomes, feedback, judgements of evaluators, and the runs that a person should look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from analytics.golden import Regressions
from dashboard.answers.quality import Quality, read_quality
from dashboard.bins import spread_by
from dashboard.charts.outcomes import WORDS
from dashboard.charts.stacked import draw_stacked
from dashboard.charts.template import show
from dashboard.components import Column, Line, cell, show_notice, show_table, show_tiles
from dashboard.filters import Link, link_page, link_traces
from dashboard.formats import format_count, format_instant, format_number, format_rate, format_window
from dashboard.metric_tiles import count_cell, metric_tile, rate_cell, show_partial, value_cell
from dashboard.navigation import click_key, leave
from dashboard.pages.traces import TONES
from dashboard.reviewing import show_labelling
from dashboard.view import Screen, View, card, show_screen, two_cards

REASONS: Final = {"disliked": "error", "escalated": "warning", "unsure": "agent"}


CASES_SHOWN: Final = 8
"""Broken cases that are named; `spanledger golden regressions` names all."""


def render() -> None:
    """Draw the page."""
    show_screen(
        Screen(
            "Quality",
            "quality",
            read_quality,
            _draw,
            is_empty=lambda found: not found.agents,
            qualify=lambda found: show_partial(found.totals, found.success),
        )
    )


def _draw(found: Quality, view: View) -> None:
    window, totals = found.window, found.totals
    show_notice(format_window(window.start, window.until), is_plain=True, key="window")
    sessions = link_page("sessions", window.name, view.filters)
    tiles = [
        metric_tile(
            totals["success_rate"],
            window,
            spark=found.success.values[None],
            link=link_traces(window.name, view.filters, outcome="failure"),
        ),
        metric_tile(
            totals["satisfaction"], window, beside=[f"{format_count(totals['satisfaction'].n)} rated runs"]
        ),
        metric_tile(totals["resolution_rate"], window, link=sessions),
        metric_tile(totals["confirmed_resolution_rate"], window, link=sessions, title="Confirmed"),
        metric_tile(
            totals["abandonment_rate"],
            window,
            link=link_page("sessions", window.name, view.filters, outcome="abandoned"),
        ),
        metric_tile(
            totals["escalation_rate"],
            window,
            link=link_traces(window.name, view.filters, outcome="escalated"),
        ),
    ]
    show_tiles(tiles, key="tiles")
    with card(
        "To be looked at",
        "review",
        note="Disliked runs first, then escalated ones, then those whose agent was unsure.",
    ):
        _show_review(found)
        show_labelling(found.review)
    left, right = two_cards()
    with left, card("By agent", "agents"):
        _show_agents(found, view)
    with right, card("Feedback", "feedback", note="Runs with feedback of users, by when they ran."):
        _show_feedback(found, view)
    with card(
        "Judgements", "scores", note="By evaluators, people and users; a number above zero is positive."
    ):
        _show_scores(found)
    if found.suites:
        with card("Evaluation suites", "suites", note="The version that ran last, beside the one before it."):
            _show_suites(found.suites)


def _show_suites(suites: Mapping[str, Regressions]) -> None:
    columns = [
        Column("Suite"), Column("Versions"), Column("Passed before", "number", "end"),
        Column("Passed now", "number", "end"), Column("Of cases", "number", "end"), Column("Mended", "number", "end"),
        Column("Broken", "badge"), Column("Which"),
    ]  # fmt: skip
    lines = [
        Line(
            suite,
            [
                cell(suite),
                cell(" → ".join(it.versions)),
                *(cell(format_count(number)) for number in (*it.passed, it.cases, it.mended)),
                cell(format_count(it.broken.height), tone="error" if it.broken.height else "good"),
                cell(", ".join(map(str, it.broken["case_id"].head(CASES_SHOWN)))),
            ],
        )
        for suite, it in suites.items()
    ]
    show_table(
        columns, lines, key="suites", caption="Evaluation suites", nothing="No suite ran.", is_bare=True
    )


def _show_review(found: Quality) -> None:
    columns = [
        Column("Started", "time"),
        Column("Why", "badge"),
        Column("Agent"),
        Column("Question"),
        Column("Outcome", "badge"),
        Column("Said about it"),
        Column("User"),
    ]
    lines = [_review_line(row) for row in found.review.head(12).iter_rows(named=True)]
    show_table(
        columns,
        lines,
        key="review",
        caption="Runs to be looked at",
        nothing="No run needs a look.",
        is_bare=True,
    )


def _review_line(row: dict[str, Any]) -> Line:
    unsure = "" if row["confidence"] is None else f"confidence {row['confidence']:.2f}"
    words = row["outcome_reason"] or unsure
    return Line(
        row["run_id"],
        [
            cell(format_instant(row["started_at"])),
            cell(row["why"], tone=REASONS[row["why"]]),
            cell(row["agent"] or "unnamed", title=row["agent"] or ""),
            None if not row["input"] else cell(row["input"], title=row["input"]),
            cell(WORDS[row["outcome"] or "unfinished"], tone=TONES.get(row["outcome"], "agent")),
            None if not words else cell(words, title=words),
            None if not row["user_id"] else cell(row["user_id"], title=row["user_id"]),
        ],
        Link("trace", {"id": [row["trace_id"]], "span": [row["root_span_id"]]}),
    )


def _show_agents(found: Quality, view: View) -> None:
    columns = [
        Column("Agent"),
        Column("Succeeded", "bar"),
        Column("Satisfied", "number", "end", "runs with positive feedback, of those with any"),
        Column("Resolved", "number", "end", "closed cases that were resolved"),
        Column("Escalated", "number", "end"),
        Column("Runs", "number", "end"),
    ]
    ranked = sorted(found.agents.items(), key=lambda item: -item[1]["run_count"].n)
    lines = [
        Line(
            agent or "",
            [
                cell(agent or "unnamed agent", title=agent or ""),
                rate_cell(figures["success_rate"], 1.0, tone="volume"),
                value_cell(figures["satisfaction"]),
                value_cell(figures["resolution_rate"]),
                value_cell(figures["escalation_rate"]),
                value_cell(figures["run_count"]),
            ],
            link_traces(found.window.name, view.filters.only(agent=agent), outcome="failure")
            if agent
            else None,
        )
        for agent, figures in ranked[:15]
    ]
    show_table(columns, lines, key="agents", caption="Agents", nothing="No agent ran.", is_bare=True)


def _show_feedback(found: Quality, view: View) -> None:
    if found.feedback.is_empty():
        show_notice(
            "Nobody gave feedback in this window. Set spanledger.feedback (up, down, or -1 to 1) on any span of a run.",
            is_plain=True,
            key="no_feedback",
        )
        return
    parts = spread_by(found.feedback, "feeling", "runs", found.window.bins)
    tones = {"liked": view.colours.volume, "disliked": view.colours.error, "neither": view.colours.unknown}
    figure = draw_stacked(parts, found.window, view.colours, say=format_count, tones=tones)
    point = show(figure, key=click_key("feedback"), alt="Bars of liked and disliked runs", is_clickable=True)
    if point:
        leave(link_traces(str(point["customdata"][0]), view.filters))


def _show_scores(found: Quality) -> None:
    columns = [
        Column("What was judged"),
        Column("By"),
        Column("Positive", "bar"),
        Column("Mean", "number", "end"),
        Column("Least", "number", "end"),
        Column("Most", "number", "end"),
        Column("Judgements", "number", "end"),
        Column("Last", "time"),
    ]
    lines = [_score_line(row) for row in found.scores.iter_rows(named=True)]
    show_table(
        columns,
        lines,
        key="scores",
        caption="Judgements",
        nothing="Nothing was judged in this window.",
        is_bare=True,
    )


def _score_line(row: dict[str, Any]) -> Line:
    share = row["positive"] / row["numbers"] if row["numbers"] else None
    is_small = row["scores"] < 30
    return Line(
        row["name"] + row["source"],
        [
            cell(row["name"], title=row["name"]),
            cell(row["source"]),
            cell(f"{row['labels']} labels", is_quiet=True, share=0.0)
            if share is None
            else cell(format_rate(share), share=share, order=share, tone="volume", is_quiet=is_small),
            *(
                None
                if row[name] is None
                else cell(format_number(row[name]), order=row[name], is_quiet=is_small)
                for name in ("mean_value", "least_value", "most_value")
            ),
            count_cell(row["scores"]),
            cell(format_instant(row["last_at"])),
        ],
    )
