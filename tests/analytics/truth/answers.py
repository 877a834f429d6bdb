"""What every metric must say of a history: computed from its objects, in plain Python, by the words of the contract."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from analytics.metrics.catalogue.latency import LIMITS_S
from store.terms import FAILURE_CLASSES
from tests.analytics.truth.history import DAY, ERRORS, Call, Run, Tool

QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "max": 1.0}
RESOLVED = ("resolved_confirmed", "resolved_assumed")


@dataclass
class Session:
    """Runs of a conversation without a long silence or a final word between them."""

    runs: list[Run]

    @property
    def last_at(self) -> float:
        return max(run.end for run in self.runs)

    @property
    def is_final(self) -> bool:
        return any(
            run.feedback is not None or run.is_abandoned or (run.says_outcome and run.outcome == "escalated")
            for run in self.runs
        )

    @property
    def closes_at(self) -> float:
        if self.is_final:
            return self.last_at
        return self.last_at + (300.0 if self.runs[0].session is None else 3 * DAY)

    @property
    def outcome(self) -> str:
        told = [run.feedback for run in self.runs if run.feedback is not None]
        feedback = told[-1] if told else 0.0
        if any(run.outcome == "escalated" for run in self.runs):
            return "escalated"
        last = self.runs[-1]
        if (last.outcome == "failure" and not last.is_abandoned) or feedback < 0:
            return "failed"
        if feedback > 0:
            return "resolved_confirmed"
        return "abandoned" if last.is_abandoned else "resolved_assumed"


@dataclass
class Case:
    """Sessions of one user that follow within a week."""

    sessions: list[Session]

    @property
    def runs(self) -> list[Run]:
        return [run for session in self.sessions for run in session.runs]


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


def answer(
    history: Sequence[Run], first: float, until: float, keep: Callable[[Run], bool], stretch: float = 1.0
) -> dict[str, float | None]:
    """Return every metric over [first, until) of the runs that `keep` lets through; limits of time times `stretch`."""
    found = find_sessions(history)
    runs = [run for run in history if first <= run.at < until and keep(run)]
    calls = [(run, call) for run in history if keep(run) for call in run.calls if first <= call.at < until]
    tools = [tool for run in history if keep(run) for tool in run.tools if first <= tool.at < until]
    sessions = [it for it in found[0] if first <= it.runs[0].at < until and keep(it.runs[0])]
    cases = [
        it for it in found[1] if first <= it.sessions[-1].closes_at < until and keep(it.sessions[0].runs[0])
    ]
    return (
        of_runs(runs)
        | of_calls([call for _, call in calls], tools)
        | of_tools(tools)
        | of_latency(runs, [call for _, call in calls], tools, stretch)
        | of_money(runs, [call for _, call in calls], tools, sessions, cases)
        | of_cases(cases)
        | of_sessions(runs, sessions)
        | of_keys(runs, [call for _, call in calls], tools, until)
        | {"score_count": float(sum(run.feedback is not None for run in runs)), **_scores(runs)}
    )


def _scores(runs: list[Run]) -> dict[str, float | None]:
    told = [run.feedback for run in runs if run.feedback is not None]
    return {"mean_score": per(sum(told), len(told))}


def per(above: float | None, below: float) -> float | None:
    return above / below if above is not None and below else None


def share(chosen: Iterable[bool]) -> float | None:
    hits = list(chosen)
    return per(sum(hits), len(hits))


def add(known: Iterable[float | None]) -> float | None:
    values = [value for value in known if value is not None]
    return math.fsum(values) if values else None


def of_runs(runs: list[Run]) -> dict[str, float | None]:
    rated = [run.feedback for run in runs if run.feedback is not None]
    sure = [run.confidence for run in runs if run.confidence is not None]
    count = len(runs)
    return {
        "run_count": float(count),
        "success_rate": share(run.outcome == "success" for run in runs),
        "failure_rate": share(run.outcome == "failure" for run in runs),
        "escalation_rate": share(run.outcome == "escalated" for run in runs),
        "completion_rate": share(run.outcome != "failure" or run.is_abandoned for run in runs),
        "satisfaction": share(value > 0 for value in rated),
        "mean_rating": per(math.fsum(rated), len(rated)),
        **{
            f"failure_rate_{name}": share(run.failure_class == name for run in runs)
            for name in FAILURE_CLASSES
        },
        "steps_per_run": per(sum(len(run.calls) + len(run.tools) for run in runs), count),
        "llm_calls_per_run": per(sum(len(run.calls) for run in runs), count),
        "tool_calls_per_run": per(sum(len(run.tools) for run in runs), count),
        "retries_per_run": per(sum(it.is_retry for run in runs for it in [*run.calls, *run.tools]), count),
        "loops_per_run": per(sum(run.loops for run in runs), count),
        "loop_rate": share(run.loops > 0 for run in runs),
        "plan_length": per(sum(run.plan or 0 for run in runs), sum(run.plan is not None for run in runs)),
        "mean_confidence": per(math.fsum(sure), len(sure)),
        "active_users": float(len({run.user for run in runs if run.user})),
        "failing_user_share": per(
            len({run.user for run in runs if run.user and run.outcome == "failure"}),
            len({run.user for run in runs if run.user}),
        ),
        "runs_per_user": per(
            sum(run.user is not None for run in runs), len({run.user for run in runs if run.user})
        ),
    }


def of_calls(calls: list[Call], tools: list[Tool]) -> dict[str, float | None]:
    read = add(call.used[0] for call in calls if call.used)
    cached = add(call.used[1] for call in calls if call.used)
    written = add(call.used[2] for call in calls if call.used)
    stored, reasoned = add(call.stored for call in calls), add(call.reasoned for call in calls)
    spoken = [call for call in calls if call.used and not call.error]
    nothing = 0.0 if not calls else None
    return {
        "llm_call_count": float(len(calls)),
        "llm_error_rate": share(call.error is not None for call in calls),
        "rate_limit_rate": share(call.error == "RateLimitError" for call in calls),
        "llm_timeout_rate": share(call.error == "TimeoutError" for call in calls),
        "context_length_rate": share(call.error == ERRORS["context_length"] for call in calls),
        "length_stop_rate": share(call.finish == "length" for call in calls),
        "refusal_rate": share(call.error == ERRORS["content_filter"] for call in calls),
        "fallback_rate": share(call.is_fallback for call in calls),
        "llm_retry_rate": share(call.is_retry for call in calls),
        "output_tokens_per_call": per(written, sum(call.used is not None for call in calls)),
        "tokens": nothing if read is None or written is None else read + written,
        "input_tokens": nothing if read is None else read,
        "uncached_input_tokens": nothing if read is None else read - (cached or 0.0) - (stored or 0.0),
        "cache_read_tokens": nothing if cached is None else cached,
        "cache_write_tokens": nothing if stored is None else stored,
        "output_tokens": nothing if written is None else written,
        "reasoning_tokens": nothing if reasoned is None else reasoned,
        "cache_hit_share": per(cached, read or 0.0),
        "unpriced_calls": float(sum(is_unpriced(call) for call in calls)),
        "unpriced_share": share(is_unpriced(call) for call in calls),
        "tokens_per_second": per(
            add(call.used[2] for call in spoken if call.used), math.fsum(call.lasts for call in spoken)
        ),
        "cost_per_call_usd": per(add(call.cost for call in calls), len(calls)),
        "cost_per_tool_call_usd": None,
    }


def is_unpriced(call: Call) -> bool:
    return call.cost is None


def of_tools(tools: list[Tool]) -> dict[str, float | None]:
    return {
        "tool_call_count": float(len(tools)),
        "tool_failure_count": float(sum(tool.error is not None for tool in tools)),
        "tool_failure_rate": share(tool.error is not None for tool in tools),
        "tool_timeout_rate": share(tool.error == "TimeoutError" for tool in tools),
        "tool_rate_limit_rate": share(tool.error == "RateLimitError" for tool in tools),
        "tool_retry_rate": share(tool.is_retry for tool in tools),
    }


def of_latency(
    runs: list[Run], calls: list[Call], tools: list[Tool], stretch: float
) -> dict[str, float | None]:
    timed = {
        "run": [run.lasts * 1e3 for run in runs],
        "llm": [call.lasts * 1e3 for call in calls],
        "ttft": [call.ttft * 1e3 for call in calls if call.ttft is not None],
        "tool": [tool.lasts * 1e3 for tool in tools],
    }
    timed["step"] = timed["llm"] + timed["tool"]
    values = {
        f"{name}_{q}_ms": nearest(times, level)
        for name, times in timed.items()
        for q, level in QUANTILES.items()
    }
    for name in ("run", "llm", "ttft", "tool"):
        values |= {
            f"{name}_within_{limit}s": share(t <= limit * 1e3 * stretch for t in timed[name])
            for limit in LIMITS_S
        }
    written = [float(call.used[2]) for call in calls if call.used]
    whole = math.fsum(run.lasts for run in runs)
    model = math.fsum(call.lasts for run in runs for call in run.calls)
    tool = math.fsum(tool.lasts for run in runs for tool in run.tools)
    waiting = math.fsum(run.waited for run in runs)
    return values | {
        "run_mean_ms": per(whole * 1e3, len(runs)),
        "model_time_share": per(model, whole),
        "tool_time_share": per(tool, whole),
        "waiting_time_share": per(waiting, whole),
        "own_time_share": per(whole - model - tool - waiting, whole),
        "output_p50_tokens": nearest(written, 0.5),
        "output_p95_tokens": nearest(written, 0.95),
    }


def nearest(values: list[float], level: float) -> float | None:
    """The nearest-rank percentile."""
    return sorted(values)[max(1, math.ceil(level * len(values))) - 1] if values else None


def of_money(
    runs: list[Run], calls: list[Call], tools: list[Tool], sessions: list[Session], cases: list[Case]
) -> dict[str, float | None]:
    spent = add(call.cost for call in calls)
    known = [run for run in runs if run.user]
    resolved = [case for case in cases if case.sessions[-1].outcome in RESOLVED]
    confirmed = [case for case in cases if case.sessions[-1].outcome == "resolved_confirmed"]
    of_all, of_resolved = (
        add(map(cost_of_run, (r for it in some for r in it.runs))) for some in (cases, resolved)
    )
    return {
        "cost_usd": 0.0 if not calls and not tools else spent,
        "cost_per_run_usd": per(add(map(cost_of_run, runs)), len(runs)),
        "cost_per_session_usd": per(
            add(map(cost_of_run, (r for it in sessions for r in it.runs))), len(sessions)
        ),
        "cost_per_user_usd": per(add(map(cost_of_run, known)), len({run.user for run in known})),
        "cost_per_resolution_usd": per(of_all, len(resolved)),
        "cost_per_confirmed_resolution_usd": per(of_all, len(confirmed)),
        "direct_cost_per_resolution_usd": per(of_resolved, len(resolved)),
        "failure_overhead_usd": None if of_all is None else per(of_all - (of_resolved or 0.0), len(resolved)),
    }


def cost_of_run(run: Run) -> float | None:
    return add(call.cost for call in run.calls)


def of_cases(cases: list[Case]) -> dict[str, float | None]:
    outcomes = [case.sessions[-1].outcome for case in cases]
    return {
        "case_count": float(len(cases)),
        "resolution_rate": share(it in RESOLVED for it in outcomes),
        "confirmed_resolution_rate": share(it == "resolved_confirmed" for it in outcomes),
        "abandonment_rate": share(it == "abandoned" for it in outcomes),
        "case_failure_rate": share(it == "failed" for it in outcomes),
        "case_escalation_rate": share(it == "escalated" for it in outcomes),
        "reopen_rate": share(len(case.sessions) > 1 for case in cases),
    }


def of_sessions(runs: list[Run], sessions: list[Session]) -> dict[str, float | None]:
    return {
        "session_count": float(len(sessions)),
        "turns_per_session": per(sum(len(it.runs) for it in sessions), len(sessions)),
    }


def of_keys(runs: list[Run], calls: list[Call], tools: list[Tool], until: float) -> dict[str, float | None]:
    of_agents = [(run.agent, run.at, run.outcome == "failure") for run in runs]
    of_users = [(run.user, run.at, run.outcome == "failure") for run in runs if run.user]
    of_tools = [(tool.name, tool.at, tool.error is not None) for tool in tools]
    failed = [user for user, _, is_failure in of_users if is_failure]
    users = {user for user, _, _ in of_users}
    return {
        "run_failures_in_a_row": longest_streak(of_agents),
        "user_failures_in_a_row": longest_streak(of_users),
        "tool_failures_in_a_row": longest_streak(of_tools),
        "llm_failures_in_a_row": longest_streak(
            (call.model, call.at, call.error is not None) for call in calls
        ),
        "repeated_failure_share": per(sum(failed.count(user) >= 2 for user in users), len(users)),
        # Nothing in this history fails often enough; test_keyed has a tool that does.
        "tool_breaker_state": 0.0 if any(until - 600.0 <= at for _, at, _ in of_tools) else None,
    }


def longest_streak(events: Iterable[tuple[str | None, float, bool]]) -> float | None:
    streaks: dict[str | None, int] = {}
    for key, _, is_failure in sorted(events, key=lambda event: event[1]):
        streaks[key] = streaks.get(key, 0) + 1 if is_failure else 0
    return float(max(streaks.values())) if streaks else None
