"""What runs were asked and answered where only their model calls say it, whichever load brings them."""

from __future__ import annotations

from typing import Any

from tests.analytics.facts.building import Ledger, Sent, agent, call


def asking(span: int, question: str, answer: str | None, **facts: Any) -> Sent:
    said = {"gen_ai.input.messages": question} | ({"gen_ai.output.messages": answer} if answer else {})
    return call(span, parent=1, also=said, used=(5, 5) if answer else None, **facts)


def texts(ledger: Ledger) -> list[tuple[Any, ...]]:
    return ledger.rows("runs").select("input", "output").rows()


def test_a_run_whose_agent_says_nothing_was_asked_by_its_first_call_and_answered_by_its_last(
    ledger: Ledger,
) -> None:
    ledger.receive(agent(1, lasts=9.0), asking(2, "who?", None, status=2), asking(3, "and?", "me", at=2.0))
    assert texts(ledger) == [("who?", "me")]
    ledger.receive(asking(4, "more?", "you", at=4.0))
    assert texts(ledger) == [("who?", "you")]


def test_what_an_agents_span_says_itself_comes_first(ledger: Ledger) -> None:
    said = {"gen_ai.input.messages": "its own"}
    ledger.receive(agent(1, lasts=9.0, also=said), asking(2, "who?", "me"))
    assert texts(ledger) == [("its own", "me")]


def test_the_fuller_version_of_a_call_tells(ledger: Ledger) -> None:
    ledger.receive(agent(1, lasts=9.0), asking(2, "half", None, lasts=None))
    ledger.receive(asking(2, "whole", "me"))
    assert texts(ledger) == [("whole", "me")]
