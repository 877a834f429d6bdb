"""What every metric must say of a history: computed from its objects, in plain Python, by the words of the contract."""

from __future__ import annotations

import math
from collections.abc import Iterable

from analytics.metrics.catalogue.latency import LIMITS_S
from store.terms import FAILURE_CLASSES
from tests.analytics.truth.choosing import RESOLVED, Case, Chosen, Session
from tests.analytics.truth.history import ERRORS, Call, Run, Step, Tool

QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "max": 1.0}


class Share(float):
    """A share that knows how many it is of."""

    hits: int
    n: int

    def __new__(cls, hits: int, n: int) -> Share:
        """Return hits ÷ n."""
        self = super().__new__(cls, hits / n)
        self.hits, self.n = hits, n
        return self


def answer(chosen: Chosen, stretch: float = 1.0) -> dict[str, float | None]:
    """Return every metric of what was chosen; limits of time times `stretch`."""
    runs, calls, tools = chosen.runs, chosen.calls, chosen.tools
    scores = [value for _, value in chosen.scores]
    numbers = [value for value in scores if value is not None]
    return (
        of_runs(runs)
        | of_calls(calls)
        | of_tools(tools)
        | of_latency(chosen, stretch)
        | of_money(chosen)
        | of_cases(chosen.cases)
        | of_sessions(chosen.sessions)
        | of_keys(chosen)
        | {"score_count": float(len(scores)), "mean_score": per(math.fsum(numbers), len(numbers))}
    )


def count_unpriced(chosen: Chosen) -> dict[str, int]:
    """Return the calls without a price, or with a part of it, that stand beside every metric of money."""
    of_calls = sum(call.is_unpriced for call in chosen.calls)
    of_cases = sum(unpriced_of_run(run) for case in chosen.cases for run in case.runs)
    return {
        "cost_usd": of_calls,
        "cost_per_call_usd": of_calls,
        "cost_per_run_usd": sum(map(unpriced_of_run, chosen.runs)),
        "cost_per_session_usd": sum(unpriced_of_run(run) for it in chosen.sessions for run in it.runs),
        "cost_per_resolution_usd": of_cases,
        "cost_per_confirmed_resolution_usd": of_cases,
    }


def unpriced_of_run(run: Run) -> int:
    return sum(call.is_unpriced for call in run.calls)


def per(above: float | None, below: float) -> float | None:
    return above / below if above is not None and below else None


def share(chosen: Iterable[bool]) -> Share | None:
    hits = list(chosen)
    return Share(sum(hits), len(hits)) if hits else None


def add(known: Iterable[float | None]) -> float | None:
    values = [value for value in known if value is not None]
    return math.fsum(values) if values else None


def of_runs(runs: list[Run]) -> dict[str, float | None]:
    rated = [run.feedback for run in runs if run.feedback is not None]
    sure = [run.confidence for run in runs if run.confidence is not None]
    told = [run for run in runs if run.outcome is not None]
    answers = [run.is_answered for run in runs if run.is_answered is not None]
    users = {run.user for run in runs if run.user}
    count = len(runs)
    return {
        "run_count": float(count),
        "success_rate": share(run.outcome == "success" for run in told),
        "failure_rate": share(run.outcome == "failure" for run in told),
        "escalation_rate": share(run.outcome == "escalated" for run in told),
        "completion_rate": share(answers),
        "satisfaction": share(value > 0 for value in rated),
        "mean_rating": per(math.fsum(rated), len(rated)),
        **{
            f"failure_rate_{name}": share(run.failure_class == name for run in told)
            for name in FAILURE_CLASSES
        },
        "steps_per_run": per(sum(count_steps(run) for run in runs), count),
        "llm_calls_per_run": per(sum(len(run.calls) for run in runs), count),
        "tool_calls_per_run": per(sum(len(run.tools) for run in runs), count),
        "retries_per_run": per(sum(map(retries_of, (step for run in runs for step in run.steps))), count),
        "loops_per_run": per(sum(run.loops for run in runs), count),
        "loop_rate": share(run.loops > 0 for run in runs),
        "plan_length": per(sum(run.plan or 0 for run in runs), sum(run.plan is not None for run in runs)),
        "mean_confidence": per(math.fsum(sure), len(sure)),
        "active_users": float(len(users)),
        "failing_user_share": share(
            any(run.user == user and run.outcome == "failure" for run in runs) for user in users
        ),
        "runs_per_user": per(sum(run.user is not None for run in runs), len(users)),
    }


def count_steps(run: Run) -> int:
    return len(run.steps) + sum(call.is_by_helper for call in run.calls)


def retries_of(step: Step) -> int:
    return step.is_retry + (step.hidden_retries if isinstance(step, Call) else 0)


def of_calls(calls: list[Call]) -> dict[str, float | None]:
    read = add(call.used[0] for call in calls if call.used)
    cached = add(call.used[1] for call in calls if call.used)
    written = add(call.used[2] for call in calls if call.used)
    stored, reasoned = add(call.stored for call in calls), add(call.reasoned for call in calls)
    spoken = [call for call in calls if call.used and call.used[2] and not call.error]
    nothing = 0.0 if not calls else None
    refused = (call.error == ERRORS["content_filter"] or call.finish == "content_filter" for call in calls)
    return {
        "llm_call_count": float(len(calls)),
        "llm_error_rate": share(call.error is not None for call in calls),
        "rate_limit_rate": share(call.error == "RateLimitError" for call in calls),
        "llm_timeout_rate": share(call.error == "TimeoutError" for call in calls),
        "context_length_rate": share(call.error == ERRORS["context_length"] for call in calls),
        "length_stop_rate": share(call.finish == "length" for call in calls),
        "refusal_rate": share(refused),
        "fallback_rate": share(call.is_fallback for call in calls),
        "llm_retry_rate": per(sum(map(retries_of, calls)), len(calls)),
        "output_tokens_per_call": per(written, sum(call.used is not None for call in calls)),
        "tokens": nothing if read is None or written is None else read + written,
        "input_tokens": nothing if read is None else read,
        "uncached_input_tokens": nothing if read is None else read - (cached or 0.0) - (stored or 0.0),
        "cache_read_tokens": nothing if cached is None else cached,
        "cache_write_tokens": nothing if stored is None else stored,
        "output_tokens": nothing if written is None else written,
        "reasoning_tokens": nothing if reasoned is None else reasoned,
        "cache_hit_share": per(cached, read or 0.0),
        "unpriced_calls": float(sum(call.is_unpriced for call in calls)),
        "unpriced_share": share(call.is_unpriced for call in calls),
        "tokens_per_second": per(
            add(call.used[2] for call in spoken if call.used), math.fsum(call.lasts for call in spoken)
        ),
        "cost_per_call_usd": per(add(call.cost for call in calls), len(calls)),
    }


def of_tools(tools: list[Tool]) -> dict[str, float | None]:
    return {
        "tool_call_count": float(len(tools)),
        "tool_failure_count": float(sum(tool.error is not None for tool in tools)),
        "tool_failure_rate": share(tool.error is not None for tool in tools),
        "tool_timeout_rate": share(tool.error == "TimeoutError" for tool in tools),
        "tool_rate_limit_rate": share(tool.error == "RateLimitError" for tool in tools),
        "tool_retry_rate": share(tool.is_retry for tool in tools),
        "cost_per_tool_call_usd": per(add(tool.cost for tool in tools), len(tools)),
    }


def of_latency(chosen: Chosen, stretch: float) -> dict[str, float | None]:
    timed = {
        "run": [run.lasts * 1e3 for run in chosen.runs if run.is_complete],
        "llm": [call.lasts * 1e3 for call in chosen.calls],
        "ttft": [call.ttft * 1e3 for call in chosen.calls if call.ttft is not None],
        "tool": [tool.lasts * 1e3 for tool in chosen.tools],
        "step": [step.lasts * 1e3 for step in [*chosen.calls, *chosen.tools_beside]],
    }
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
    written = [float(call.used[2]) for call in chosen.calls if call.used]
    ended = [run for run in chosen.runs if run.is_complete]
    whole = math.fsum(run.lasts for run in ended)
    model, tool, waiting = (math.fsum(run.spent()[part] for run in ended) for part in range(3))
    return values | {
        "run_mean_ms": per(whole * 1e3, len(ended)),
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


def of_money(chosen: Chosen) -> dict[str, float | None]:
    runs, sessions, cases = chosen.runs, chosen.sessions, chosen.cases
    beside: list[Call | Tool] = [*chosen.calls, *chosen.tools_beside]
    known = [run for run in runs if run.user]
    resolved = [case for case in cases if case.sessions[-1].outcome in RESOLVED]
    confirmed = [case for case in cases if case.sessions[-1].outcome == "resolved_confirmed"]
    of_all, of_resolved = (
        add(map(cost_of_run, (r for it in some for r in it.runs))) for some in (cases, resolved)
    )
    return {
        "cost_usd": add(it.cost for it in beside) if beside else 0.0,
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
    return add(it.cost for it in [*run.calls, *run.tools])


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


def of_sessions(sessions: list[Session]) -> dict[str, float | None]:
    return {
        "session_count": float(len(sessions)),
        "turns_per_session": per(sum(len(it.runs) for it in sessions), len(sessions)),
    }


def of_keys(chosen: Chosen) -> dict[str, float | None]:
    runs = chosen.runs
    of_agents = [(run.agent, run.at, has_failed(run)) for run in runs if run.agent]
    of_users = [(run.user, run.at, has_failed(run)) for run in runs if run.user]
    of_tools = [(tool.name, tool.at, tool.error is not None) for tool in chosen.tools]
    failed = [user for user, _, is_failure in of_users if is_failure]
    users = {run.user for run in runs if run.user}
    return {
        "run_failures_in_a_row": longest_streak(of_agents),
        "user_failures_in_a_row": longest_streak(of_users),
        "tool_failures_in_a_row": longest_streak(of_tools),
        "llm_failures_in_a_row": longest_streak(
            (call.model, call.at, call.error is not None) for call in chosen.tried
        ),
        "repeated_failure_share": share(failed.count(user) >= 2 for user in users),
        "tool_breaker_state": worst_breaker(of_tools, chosen.until),
    }


def has_failed(run: Run) -> bool | None:
    return None if run.outcome is None else run.outcome == "failure"


def longest_streak(events: Iterable[tuple[str | None, float, bool | None]]) -> float | None:
    """Failures of a key since it went well, of several keys the most; an unknown end is neither."""
    streaks: dict[str | None, int] = {}
    for key, _, is_failure in sorted(events, key=lambda event: event[1]):
        before = streaks.get(key, 0)
        streaks[key] = before if is_failure is None else before + 1 if is_failure else 0
    return float(max(streaks.values())) if streaks else None


def worst_breaker(calls: Iterable[tuple[str, float, bool]], until: float) -> float | None:
    """0 closed, 1 half open, 2 open: as `[guards]` says as shipped, of the last ten minutes."""
    tools: dict[str, list[tuple[float, bool]]] = {}
    for name, at, is_failure in sorted(calls, key=lambda call: call[1]):
        if at >= until - 600.0:
            tools.setdefault(name, []).append((at, is_failure))
    return max((judge_breaker(events, until) for events in tools.values()), default=None)


def judge_breaker(events: list[tuple[float, bool]], until: float) -> float:
    failed = [at for at, is_failure in events if is_failure]
    is_row = len(events) >= 5 and all(is_failure for _, is_failure in events[-5:])
    is_share = len(events) >= 20 and len(failed) * 2 >= len(events) and events[-1][1]
    if not (is_row or is_share):
        return 0.0
    return 2.0 if until - failed[-1] < 60.0 else 1.0
