"""What a question about a history is about: what lies in its window and is not filtered out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.analytics.truth.history import (
    AGENTS,
    CLASSES,
    DAY,
    HELPER,
    HELPER_VERSION,
    PROVIDERS,
    Call,
    Run,
    Tool,
)

RESOLVED = ("resolved_confirmed", "resolved_assumed")
FINAL = ("resolved", "escalated", "abandoned")
Facts = Mapping[str, str | None]
Where = Mapping[str, str | Sequence[str | None] | None]


@dataclass
class Session:
    """Runs of a conversation without a long silence or a final word between them."""

    runs: list[Run]

    @property
    def last_at(self) -> float:
        return max(run.end for run in self.runs)

    @property
    def is_final(self) -> bool:
        return any(run.feedback is not None or run.said in FINAL for run in self.runs)

    @property
    def closes_at(self) -> float:
        if self.is_final:
            return self.last_at
        is_alone = self.runs[0].session is None and self.runs[0].is_complete
        return self.last_at + (300.0 if is_alone else 3 * DAY)

    @property
    def outcome(self) -> str:
        told = [run.feedback for run in self.runs if run.feedback is not None]
        feedback = told[-1] if told else 0.0
        if any(run.outcome == "escalated" for run in self.runs):
            return "escalated"
        last = self.runs[-1]
        if (last.outcome == "failure" and not last.is_abandoned) or feedback < 0:
            return "failed"
        if feedback > 0 or last.said == "resolved":
            return "resolved_confirmed"
        return "abandoned" if last.is_abandoned else "resolved_assumed"

    @property
    def facts(self) -> Facts:
        first, last = facts_of_run(self.runs[0]), facts_of_run(self.runs[-1])
        of_last = {name: last[name] for name in ("agent_version", "prompt_name", "prompt_version")}
        return {name: first[name] for name in SHARED} | of_last | {"outcome": self.outcome}


@dataclass
class Case:
    """Sessions of one user that follow within a week."""

    sessions: list[Session]

    @property
    def runs(self) -> list[Run]:
        return [run for session in self.sessions for run in session.runs]

    @property
    def facts(self) -> Facts:
        first, last = self.sessions[0].facts, self.sessions[-1].facts
        of_last = {name: last[name] for name in ("agent_version", "prompt_name", "prompt_version", "outcome")}
        return {**first, **of_last}


def find_sessions(history: Iterable[Run]) -> tuple[list[Session], list[Case]]:
    """Return the sessions and cases of a history."""
    conversations: dict[str, list[Run]] = {}
    for run in history:
        conversations.setdefault(run.session or f"alone {run.number}", []).append(run)
    sessions: list[Session] = []
    cases: list[Case] = []
    for runs in conversations.values():
        own: list[Session] = []
        for run in sorted(runs, key=lambda run: run.at):
            if own and not own[-1].is_final and run.at - own[-1].last_at <= 3 * DAY:
                own[-1].runs.append(run)
            else:
                own.append(Session([run]))
        for position, session in enumerate(own):
            if position and session.runs[0].at - own[position - 1].last_at <= 7 * DAY:
                cases[-1].sessions.append(session)
            else:
                cases.append(Case([session]))
        sessions += own
    return sessions, cases


SHARED = ("service", "environment", "tenant", "agent", "agent_version", "prompt_name", "prompt_version", "user_id",
          "purpose")  # fmt: skip


def facts_of_run(run: Run) -> Facts:
    return {
        "service": run.service,
        "environment": None,
        "tenant": run.tenant,
        "agent": run.agent,
        "agent_version": AGENTS[run.agent],
        "prompt_name": "desk" if run.calls or run.form != "cut" else None,
        "prompt_version": run.prompt_version if run.calls or run.form != "cut" else None,
        "user_id": run.user,
        "purpose": run.purpose,
        "outcome": run.outcome,
        "outcome_reason": run.why,
        "failure_class": run.failure_class,
    }


def facts_of_step(run: Run, step: Call | Tool) -> Facts:
    of_run = facts_of_run(run)
    shared: dict[str, str | None] = {name: of_run[name] for name in SHARED} | {
        "outcome": "error" if step.error else "ok",
        "failure_class": None,
        "error_type": step.error,
    }
    if isinstance(step, Tool):
        kept = ("TimeoutError", "RateLimitError")
        error = None if step.error is None else CLASSES[step.error] if step.error in kept else "tool_error"
        return shared | {"tool": step.name, "failure_class": error}
    by_helper = {"agent": HELPER, "agent_version": HELPER_VERSION} if step.is_by_helper else {}
    return shared | by_helper | {
        "model": step.snapshot or step.model,
        "provider": PROVIDERS.get(step.model, "openai"),
        "finish_reason": step.finish,
        "failure_class": CLASSES[step.error] if step.error else None,
    }  # fmt: skip


@dataclass(frozen=True)
class Chosen:
    """What a question is about."""

    until: float
    runs: list[Run]
    calls: list[Call]
    tools: list[Tool]
    tried: list[Call]
    """Calls by the model that was asked for, not the one that answered."""
    tools_beside: list[Tool]
    """Tools of a metric that counts model calls, too: what only these have, tools lack."""
    sessions: list[Session]
    cases: list[Case]
    scores: list[tuple[Run, float | None]]


def choose(history: Sequence[Run], first: float, until: float, where: Where) -> Chosen:
    """Return what lies in [first, until) and is not filtered out; production alone without a word on purpose."""
    asked = {name: values_of(value) for name, value in {"purpose": "production", **where}.items()}
    filters = {name: values for name, values in asked.items() if "*" not in values}

    def keeps(at: float, facts: Facts, run: Run | None = None) -> bool:
        if not first <= at < until:
            return False
        inside = {name: values for name, values in filters.items() if name not in facts}
        if not all(facts[name] in values for name, values in filters.items() if name in facts):
            return False
        if run is None or not set(inside) <= {"model", "provider"}:
            return all(None in values for values in inside.values())
        return not inside or any(
            first <= call.at < until + DAY
            and all(facts_of_step(run, call)[name] in values for name, values in inside.items())
            for call in run.calls
        )

    sessions, cases = find_sessions(history)
    calls = [(run, call) for run in history for call in run.calls]
    tools = [(run, tool) for run in history for tool in run.tools]
    return Chosen(
        until,
        [run for run in history if keeps(run.at, facts_of_run(run), run)],
        [call for run, call in calls if keeps(call.at, facts_of_step(run, call))],
        [tool for run, tool in tools if keeps(tool.at, facts_of_step(run, tool), run)],
        [call for run, call in calls if keeps(call.at, {**facts_of_step(run, call), "model": call.model})],
        [tool for run, tool in tools if keeps(tool.at, facts_of_step(run, tool))],
        [it for it in sessions if keeps(it.runs[0].at, it.facts)],
        [it for it in cases if keeps(it.sessions[-1].closes_at, it.facts)],
        list(_choose_scores(history, keeps)),
    )


def _choose_scores(
    history: Iterable[Run], keeps: Callable[[float, Facts], bool]
) -> Iterable[tuple[Run, float | None]]:
    for run in history:
        of_run = facts_of_run(run)
        shared = {name: of_run[name] for name in SHARED}
        told = {"feedback": ("user", run.feedback), "accuracy": ("evaluator", run.accuracy)}
        for name, (judge, value) in told.items():
            if value is not None and keeps(run.end, shared | {"score": name, "judge": judge}):
                yield run, None if name == "accuracy" and value < 0 else value
        if run.said_late and keeps(run.end, shared | {"score": "outcome", "judge": "user"}):
            yield run, None


def values_of(asked: str | Sequence[str | None] | None) -> tuple[str | None, ...]:
    return (asked,) if asked is None or isinstance(asked, str) else tuple(asked)
