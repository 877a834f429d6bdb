"""Makes three weeks of runs: by chance, at the edges of windows, and with a tool that breaks."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from tests.analytics.truth.history import (
    AGENTS,
    BEGIN_S,
    BROKEN,
    CLASSES,
    DAY,
    EDGES,
    END_S,
    ERRORS,
    HOUR,
    PRICES,
    SNAPSHOTS,
    TO_HUMAN,
    Call,
    Run,
    Tool,
    last_error,
)


def make_history(seed: int = 11, conversations: int = 180) -> list[Run]:
    """Return runs over three weeks, in order of time within each conversation."""
    dice = random.Random(seed)
    runs: list[Run] = []
    for number in range(conversations):
        _converse(dice, number, runs)
    for run in (*_failing_each_way(), *_at_edges(), *_with_broken_tools()):
        run.number = len(runs) + 1
        runs.append(run)
    return runs


def _converse(dice: random.Random, number: int, runs: list[Run]) -> None:
    agent, user = dice.choice(list(AGENTS)), dice.choice([None, *(f"u{n}" for n in range(25))])
    is_alone = dice.random() < 0.35
    form = dice.choices(["whole", "bare", "cut", "open"], [4, 2, 1, 1])[0] if is_alone else "whole"
    tenant = ["acme", "umbrella"][int((user or "u0")[1:]) % 2]
    purpose = dice.choices(["production", "evaluation", "shadow", "test"], [12, 2, 1, 1])[0]
    service = dice.choice(["shop", "desk"])
    at = BEGIN_S + dice.random() * (END_S - BEGIN_S - DAY)
    if dice.random() < 0.1:
        at = at // HOUR * HOUR
    for _ in range(1 if is_alone else dice.choice([1, 2, 2, 3, 4])):
        run = Run(
            number=len(runs) + 1,
            at=round(at, 3),
            agent=None if form in ("bare", "cut") else agent,
            user=None if form == "cut" else user,
            tenant=None if form == "cut" else tenant,
            session=None if is_alone else f"c{number}",
            purpose="production" if form == "cut" else purpose,
            service=service,
            prompt_version=dice.choice(["7", "8"]),
            form=form,
        )
        (_call_once if form == "bare" else _work)(dice, run)
        if run.at + run.lasts >= END_S:
            break
        runs.append(run)
        at = run.end + dice.choice(
            [40.0, 600.0, 5 * HOUR, 30 * HOUR, 55 * HOUR, 4 * DAY, 6.6 * DAY, 8 * DAY]
        ) * (0.9 + dice.random() / 5)


def _call_once(dice: random.Random, run: Run) -> None:
    fails, finish = dice.random() < 0.2, dice.choice(["stop", "stop", "content_filter", "length"])
    used = None if fails else (dice.randrange(200, 9000), None, dice.randrange(5, 900))
    run.lasts = round(0.2 + dice.random() * 3, 3)
    run.calls = [
        Call(at=run.at, lasts=run.lasts, model=_model(dice), used=used, finish=None if fails else finish,
             error="TimeoutError" if fails else None)
    ]  # fmt: skip
    if fails:
        run.outcome, run.failure_class = "failure", "timeout"


def _work(dice: random.Random, run: Run) -> None:
    now = run.at + 0.05
    fate = dice.choices(["success", "failure", "escalated", "abandoned"], [0.70, 0.18, 0.07, 0.05])[0]
    fate = fate if run.is_complete else "success"
    if dice.random() < 0.2:
        run.plan = dice.randrange(1, 7)
        for left in (run.plan, max(1, run.plan - 2)):
            todos = json.dumps({"todos": [{"content": f"step {n}", "left": left} for n in range(left)]})
            run.tools.append(Tool(at=round(now, 3), lasts=0.011, name="TodoWrite", arguments=todos))
            now += 0.1
    for _ in range(dice.choice([0, 1, 1, 2, 3])):
        now = _think(dice, run, now, "tool_call")
        now = _act(dice, run, now)
    if fate == "failure":
        _fail(dice, run, now)
    else:
        now = _hand_over(run, now) if fate == "escalated" and dice.random() < 0.5 else now
        finish = dice.choice(["stop", "stop", "stop", "length", "content_filter"])
        now = _think(dice, run, now, finish if run.is_complete else "stop")
        _end(dice, run, fate, now)
    if not run.is_complete:
        run.outcome = run.said = run.reason = None
        run.at = min(it.at for it in run.steps) if run.form == "cut" else run.at
        return
    if dice.random() < 0.3:
        run.feedback = dice.choice([1.0, 0.5, 0.0, -1.0])
    if dice.random() < 0.2:
        run.accuracy = dice.choice([-1.0, round(dice.random(), 3)])
    run.is_told_late = dice.random() < 0.3
    if dice.random() < 0.4:
        run.confidence = round(dice.random(), 3)


def _end(dice: random.Random, run: Run, fate: str, now: float) -> None:
    run.lasts = round(now + 0.02 - run.at, 3)
    run.outcome = "failure" if fate == "abandoned" else fate
    if fate == "abandoned" or (fate == "escalated" and not any(it.name == TO_HUMAN for it in run.tools)):
        run.said = fate
    elif fate == "success" and dice.random() < 0.15:
        run.said = dice.choice(["success", "resolved"])
    run.failure_class = CLASSES[last_error(run) or "KeyError"] if fate == "abandoned" else None
    run.reason = "asked for a person" if fate == "escalated" and dice.random() < 0.5 else None
    failed = last_error(run) is not None
    run.is_error_dealt_with = fate == "success" and failed and dice.random() < 0.5


def _hand_over(run: Run, now: float) -> float:
    run.tools.append(Tool(at=round(now, 3), lasts=0.02, name=TO_HUMAN, arguments="{}"))
    return now + 0.1


def _fail(dice: random.Random, run: Run, now: float) -> None:
    run.failure_class, error = dice.choice(list(ERRORS.items()))
    call = Call(at=round(now, 3), lasts=round(0.3 + dice.random(), 3), model=_model(dice), used=None, error=error,
                finish=None)  # fmt: skip
    _after_failure(run, call)
    run.calls.append(call)
    run.lasts = round(call.end + 0.02 - run.at, 3)
    run.outcome = "failure"


def _think(dice: random.Random, run: Run, now: float, finish: str) -> float:
    """A call that works, maybe after one that does not, or beside a tool; return when the run goes on."""
    if dice.random() < 0.12:
        # Of a stream that broke off the usage may be known.
        spent = (dice.randrange(200, 900), None, dice.randrange(1, 50)) if dice.random() < 0.3 else None
        failed = Call(at=round(now, 3), lasts=round(0.2 + dice.random(), 3), model=_model(dice), used=spent,
                      error="RateLimitError", finish=None)  # fmt: skip
        _after_failure(run, failed)
        run.calls.append(failed)
        now = failed.end + 0.5
    read, is_told = dice.randrange(200, 9000), dice.random() < 0.8
    used = (read, dice.choice([0, read // 2]) if is_told else None, dice.choice([0, *range(5, 900, 20)]))
    call = Call(
        at=round(now, 3),
        lasts=round(dice.lognormvariate(0.2, 0.8), 3),
        model=_model(dice),
        used=None if dice.random() < 0.05 else used,
        finish=finish,
        ttft=round(0.1 + dice.random() / 4, 3) if dice.random() < 0.5 else None,
        is_by_helper=finish == "tool_call"
        and run.form == "whole"
        and bool(run.agent)
        and dice.random() < 0.2,
    )
    _add_details(dice, call)
    if not call.is_by_helper:
        _after_failure(run, call)
    run.calls.append(call)
    if dice.random() < 0.15:
        run.tools.append(
            Tool(at=round(call.at + 0.1, 3), lasts=round(call.lasts + dice.random(), 3), name="watch",
                 arguments=f"{len(run.tools)}")
        )  # fmt: skip
    return call.end + 0.03


def _add_details(dice: random.Random, call: Call) -> None:
    if dice.random() < 0.7:
        call.snapshot = SNAPSHOTS.get(call.model)
    if call.model == "claude-sonnet-4-5":
        call.hidden_retries = dice.choice([0, 0, 0, 2])
    if call.used is None:
        return
    if call.model == "claude-sonnet-4-5":
        call.stored = dice.randrange(0, call.used[0] // 2)
    if call.model == "gpt-4o":
        call.reasoned = dice.randrange(0, call.used[2] + 1)
        call.pages = dice.choice([0, 0, 0, 2])


def _after_failure(run: Run, call: Call) -> None:
    """Say of a call what it is after a failed one: it repeats the last call of its model, or replaces another."""
    own = [earlier for earlier in run.calls if not earlier.is_by_helper]
    before = own[-1] if own else None
    same = next((earlier for earlier in reversed(own) if earlier.model == call.model), None)
    call.is_retry = same is not None and same.error is not None
    call.is_fallback = before is not None and before.error is not None and before.model != call.model
    if call.is_fallback and before:
        call.waited_from = before.end
    elif call.is_retry and same:
        call.waited_from = same.end


def _act(dice: random.Random, run: Run, now: float) -> float:
    """A tool, sometimes failing and tried again, sometimes called in circles; return when the run goes on."""
    name, arguments = dice.choice(["search", "refund", "lookup"]), dice.choice(["a", "b", "c"])
    fails = dice.random() < 0.2
    for _ in range(4 if dice.random() < 0.05 else 2 if fails else 1):
        error = dice.choice(["TimeoutError", "ValueError", "RateLimitError"]) if fails else None
        same = [it for it in run.tools if (it.name, it.arguments) == (name, arguments)]
        tool = Tool(at=round(now, 3), lasts=round(0.02 + dice.random(), 3), name=name, arguments=arguments,
                    error=error)  # fmt: skip
        if same and same[-1].error is not None:
            tool.is_retry, tool.waited_from = True, same[-1].end
        run.tools.append(tool)
        now, fails = tool.end + 0.2, fails and dice.random() < 0.4
    return now


def _model(dice: random.Random) -> str:
    return dice.choices(list(PRICES), [0.5, 0.25, 0.15, 0.1])[0]


def _alone(at: float, form: str = "whole", **facts: object) -> Run:
    return Run(0, at, None if form == "bare" else "sales", "u1", "acme", None, "production", "shop", "8", form,
               **facts)  # type: ignore[arg-type] # fmt: skip


def _failing_each_way() -> Iterator[Run]:
    for day, (name, error) in enumerate(ERRORS.items()):
        at = BEGIN_S + day * DAY + 7 * HOUR
        call = Call(at=at + 0.25, lasts=0.5, model="gpt-4o", used=None, error=error, finish=None)
        yield _alone(at, lasts=1.0, calls=[call], outcome="failure", failure_class=name)


def _at_edges() -> Iterator[Run]:
    """A run that begins, a tool that begins, and a case that closes at each of the edges."""
    for edge in EDGES:
        yield _alone(edge, "bare", lasts=0.5, calls=[_plain_call(edge, 0.5)])
        tools = [Tool(at=edge, lasts=0.25, name="lookup", arguments="e", error="ValueError")]
        yield _alone(edge - 8.0, lasts=16.0, tools=tools, calls=[_plain_call(edge + 1.0, 0.5)])
        yield _alone(edge - 4.0, lasts=4.0, feedback=1.0, calls=[_plain_call(edge - 3.0, 0.5)])


def _plain_call(at: float, lasts: float) -> Call:
    return Call(at=at, lasts=lasts, model="gpt-4o-mini", used=(1000, 0, 100))


def _with_broken_tools() -> Iterator[Run]:
    for agent, until, marks, ago in BROKEN.values():
        first = until - ago - (len(marks) - 1)
        tools = [
            Tool(
                at=first + n,
                lasts=0.25,
                name="crm",
                arguments=f"{n}",
                error="ValueError" if mark == "x" else None,
            )
            for n, mark in enumerate(marks)
        ]
        run = _alone(first - 1.0, lasts=len(marks) + 2.0, tools=tools, calls=[_plain_call(first - 0.75, 0.5)])
        run.agent = agent
        yield run
