"""What a person says of a run in the queue of reviews: written where metrics read it, and the run leaves the queue."""

from __future__ import annotations

from typing import Any, Final

import polars as pl
import streamlit as st

from analytics.golden.labels import label_run
from dashboard.acting import change, choose_author, may_change, record
from dashboard.formats import format_instant, shorten
from dashboard.services import current

VERDICTS: Final = {"Good": 1.0, "Neither": 0.0, "Bad": -1.0}


def show_labelling(review: pl.DataFrame) -> None:
    """Draw a form that judges one of the runs in the queue."""
    if review.is_empty():
        return
    rows: dict[str, dict[str, Any]] = {row["run_id"]: row for row in review.head(12).iter_rows(named=True)}

    def say(run_id: str) -> str:
        # The id makes labels unique: a choice comes back from the browser as its label.
        row, question = rows[run_id], shorten(rows[run_id]["input"] or "", 60)
        return f"{format_instant(row['started_at'])} {row['agent'] or 'unnamed'}: {question} ({run_id[:8]})"

    with st.popover("Judge a run…", disabled=not may_change()), st.form("review_form", border=False):
        run_id = st.selectbox("Run", list(rows), format_func=say, key="review_run")
        verdict = st.radio("How was it?", list(VERDICTS), horizontal=True, key="review_verdict")
        words = st.text_input("Why?", max_chars=500, key="review_words") or ""
        author = choose_author("reviewer")
        is_sent = st.form_submit_button("Keep", type="primary")

    def judge(actor: str) -> None:
        said = f"{actor}: {words}" if words else actor
        if (operate := current().operate) is not None:
            operate(
                "review-label",
                {
                    "run_id": run_id,
                    "name": "review",
                    "value": VERDICTS[verdict],
                    "explanation": said,
                    "author": actor,
                },
            )
        else:
            label_run(current().store, run_id, current().clock(), value=VERDICTS[verdict], explanation=said)
            record("review.label", run_id, actor, value=VERDICTS[verdict], explanation=words)

    if is_sent and change(judge, key="review", author=author):
        st.rerun()
