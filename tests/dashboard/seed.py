"""A month of four agents at work, written straight into the derived tables: what pages show, without the jobs.

Faults that a person can find: `web_search` is rate limited for the last six hours; on the day before yesterday
`research-brief` used the expensive model for everything; one run took hours; `qwen3-235b` has no price.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from store import Store
from store.schema.catalogue import read_tables

Row = dict[str, Any]
MODELS = {
    "claude-sonnet-4-5": ("anthropic", 3e-6, 3e-7, 15e-6, 9.5),
    "claude-haiku-4-5": ("anthropic", 1e-6, 1e-7, 5e-6, 2.4),
    "gpt-5-mini": ("openai", 0.25e-6, 0.025e-6, 2e-6, 3.1),
    "qwen3-235b": ("alibaba_cloud", None, None, None, 4.0),
}
TOOLS = {
    "web_search": (0.03, "RateLimited", 0.7),
    "parse_pdf": (0.07, "UnsupportedFormat", 2.6),
    "search_kb": (0.015, "Timeout", 0.3),
    "sql_query": (0.04, "SyntaxError", 0.2),
    "run_tests": (0.12, "ExitCode1", 9.0),
    "send_email": (0.006, "SMTPError", 0.5),
    "fetch_ticket": (0.0, "NotFound", 0.15),
}
AGENTS = {
    "support-triage": ("support", "claude-haiku-4-5", ("fetch_ticket", "search_kb", "send_email"), 5, 0.45),
    "invoice-extractor": ("billing", "gpt-5-mini", ("parse_pdf", "sql_query"), 4, 0.25),
    "code-reviewer": ("devtools", "claude-sonnet-4-5", ("run_tests", "search_kb"), 5, 0.18),
    "research-brief": ("research", "claude-sonnet-4-5", ("web_search", "parse_pdf", "search_kb"), 8, 0.12),
}
QUESTIONS = (
    "Where is my refund? I was told three days.",
    "Extract the line items and check the VAT of the attached invoice.",
    "Review the change to the retry policy and say what could break.",
    "Summarise the Q3 supplier risk report and flag anything new since Q2.",
)


FOLLOW_UPS = (
    "It still has not arrived. Can you check again?",
    "Thanks. And who do I talk to if it is late?",
    "Please do that, and send me a mail when it is done.",
)


@dataclass
class Facts:
    """Rows of the tables, as they are made."""

    spans: list[Row] = field(default_factory=list[Row])
    llm_calls: list[Row] = field(default_factory=list[Row])
    tool_calls: list[Row] = field(default_factory=list[Row])
    runs: list[Row] = field(default_factory=list[Row])
    sessions: list[Row] = field(default_factory=list[Row])
    cases: list[Row] = field(default_factory=list[Row])
    scores: list[Row] = field(default_factory=list[Row])


class Simulation:
    """Makes runs one after another, reproducibly."""

    def __init__(self, now: datetime, seed: int = 7) -> None:
        self.now = now
        self.random = random.Random(seed)
        self.facts = Facts()
        self.sessions: dict[str, Row] = {}

    def hex(self, digits: int) -> str:
        return f"{self.random.getrandbits(digits * 4):0{digits}x}"

    def spread(self, median: float, sigma: float = 0.5) -> float:
        return median * math.exp(self.random.gauss(0, sigma))

    def span(self, common: Row, at: datetime, ms: float | None, **given: Any) -> Row:
        row: Row = {
            **{
                key: common[key]
                for key in ("trace_id", "service", "environment", "agent", "agent_version", "user_id")
            },
            "load_seq": 1,
            "received_at": at,
            "span_id": self.hex(16),
            "parent_span_id": common.get("root_span_id"),
            "otel_kind": "internal",
            "dialect": "otel",
            "scope_name": "opentelemetry.instrumentation.genai",
            "started_at": at,
            "ended_at": None if ms is None else at + timedelta(milliseconds=ms),
            "duration_ms": ms,
            "status": "ok",
            "is_pending": False,
            "content_hash": self.random.getrandbits(32),
            "attribute_count": 4,
            "resource_id": 1,
            **given,
        }
        row["attributes"] = pairs(row.get("attributes") or {"gen_ai.agent.name": row["agent"]})
        self.facts.spans.append(row)
        return row

    def call_model(
        self, common: Row, at: datetime, model: str, question: str, tool: str | None
    ) -> tuple[Row, float]:
        provider, price_in, price_cached, price_out, seconds = MODELS[model]
        ms = self.spread(seconds * 400, 0.45)
        tokens = int(self.spread(3200, 0.6))
        cached = int(tokens * self.random.choice((0.0, 0.35, 0.6)))
        answer = int(self.spread(240, 0.6))
        priced = price_in is not None
        cost = (tokens - cached) * (price_in or 0) + cached * (price_cached or 0) + answer * (price_out or 0)
        parts: list[Row] = [
            {"type": "text", "content": "I'll look that up first." if tool else "Here is what I found."}
        ]
        if tool:
            parts.append(
                {"type": "tool_call", "id": "call_1", "name": tool, "arguments": {"query": question[:40]}}
            )
        asked = [
            {
                "role": "system",
                "parts": [{"type": "text", "content": "You are a careful assistant. Cite every claim."}],
            },
            {"role": "user", "parts": [{"type": "text", "content": question}]},
        ]
        span = self.span(
            common, at, ms, name=f"chat {model}", kind="llm", operation="chat", provider=provider,
            request_model=model, response_model=model, input_tokens=tokens, cache_read_tokens=cached,
            output_tokens=answer, ttft_ms=ms * 0.2, finish_reason="tool_call" if tool else "stop",
            input_key="gen_ai.input.messages", output_key="gen_ai.output.messages",
            attributes={
                "gen_ai.operation.name": "chat",
                "gen_ai.request.model": model,
                "gen_ai.usage.input_tokens": str(tokens),
                "gen_ai.input.messages": json.dumps(asked),
                "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": parts}]),
            },
        )  # fmt: skip
        self.facts.llm_calls.append(
            {
                **common, "span_id": span["span_id"], "operation": "chat", "provider": provider,
                "request_model": model, "response_model": model,
                "price_model": f"{provider}/{model}" if priced else None,
                "started_at": at, "duration_ms": ms, "ttft_ms": ms * 0.2, "input_tokens": tokens,
                "cache_read_tokens": cached, "output_tokens": answer, "usage_source": "reported", "status": "ok",
                "finish_reason": span["finish_reason"],
                "cost_usd": Decimal(f"{cost:.12f}") if priced else None,
                "cost_status": "priced" if priced else "unpriced_model", "failure_class": None,
            }
        )  # fmt: skip
        return self.facts.llm_calls[-1], ms

    def call_tool(self, common: Row, at: datetime, tool: str) -> tuple[Row, float]:
        failure, error_type, seconds = TOOLS[tool]
        if tool == "web_search" and self.now - at < timedelta(hours=9):
            failure = 0.34
        failed = self.random.random() < failure
        ms = self.spread(seconds * 1000, 0.6)
        span = self.span(
            common, at, ms, name=f"execute_tool {tool}", kind="tool", operation="execute_tool", tool=tool,
            status="error" if failed else "ok", error_type=error_type if failed else None,
            status_message=f"{error_type}: upstream said no" if failed else None,
            input_key="gen_ai.tool.call.arguments", output_key="gen_ai.tool.call.result",
            attributes={
                "gen_ai.tool.name": tool,
                "gen_ai.tool.call.arguments": json.dumps({"query": "refund policy", "limit": 5}),
                "gen_ai.tool.call.result": json.dumps({"hits": [{"title": "Refunds within 14 days", "score": 0.91}]}),
            },
            events=json.dumps([{"name": "exception", "time": at.isoformat() + "Z", "attributes": {
                "exception.type": error_type, "exception.message": "upstream said no"}}]) if failed else None,
        )  # fmt: skip
        self.facts.tool_calls.append(
            {
                **common, "span_id": span["span_id"], "tool": tool, "call_id": "call_1", "started_at": at,
                "duration_ms": ms, "status": "error" if failed else "ok", "error_type": error_type if failed else None,
                "failure_class": "tool_error" if failed else None, "arguments": "{}",
                "result": None if failed else "{}",
                "cost_usd": Decimal(0), "cost_status": "free",
            }
        )  # fmt: skip
        return self.facts.tool_calls[-1], ms

    def run(self, agent: str, at: datetime) -> Row:
        service, model, tools, steps, _ = AGENTS[agent]
        trace_id, root = self.hex(32), self.hex(16)
        common: Row = {
            "load_seq": 1, "trace_id": trace_id, "run_id": f"{trace_id}-{root}", "root_span_id": root,
            "service": service, "environment": "production" if self.random.random() < 0.9 else "staging",
            "agent": agent, "agent_version": "2.4.0" if self.now - at < timedelta(days=9) else "2.3.1",
            "purpose": "production", "session_id": self.hex(12), "user_id": f"user-{self.random.randrange(240):03d}",
        }  # fmt: skip
        question = QUESTIONS[list(AGENTS).index(agent)]
        earlier = self.sessions.get(agent)
        if earlier and timedelta(0) < at - earlier["last_at"] < timedelta(minutes=50) and earlier["runs"] < 6:
            common |= {key: earlier[key] for key in ("session_id", "user_id", "environment")}
            question = FOLLOW_UPS[earlier["runs"] % len(FOLLOW_UPS)]
        clock = at
        calls: list[Row] = []
        uses: list[Row] = []
        costly = agent == "research-brief" and (self.now - at).days == 2
        for step in range(max(2, int(self.spread(steps, 0.3)))):
            tool = self.random.choice(tools)
            other = self.random.random()
            chosen = "qwen3-235b" if other < 0.04 else "gpt-5-mini" if other < 0.3 and not costly else model
            call, ms = self.call_model(common, clock, chosen, question, tool)
            clock += timedelta(milliseconds=ms * (3.5 if costly else 1))
            calls.append(call)
            used, ms = self.call_tool(common, clock, tool)
            clock += timedelta(milliseconds=ms * (400 if step == 1 and self.random.random() < 0.0004 else 1))
            uses.append(used)
        call, ms = self.call_model(common, clock, model, question, None)
        calls.append(call)
        clock += timedelta(milliseconds=ms)
        self.finish(common, at, clock, calls, uses, question)
        return common

    def finish(
        self, common: Row, at: datetime, until: datetime, calls: list[Row], uses: list[Row], question: str
    ) -> None:
        failures = sum(use["status"] == "error" for use in uses)
        chance = 0.025 + 0.22 * failures / len(uses)
        failed = self.random.random() < chance
        outcome = "failure" if failed else "escalated" if self.random.random() < 0.035 else "success"
        ms = (until - at).total_seconds() * 1e3
        self.span(
            {**common, "root_span_id": None}, at, ms, span_id=common["root_span_id"],
            name=f"invoke_agent {common['agent']}",
            kind="agent", operation="invoke_agent", status="error" if failed else "ok",
            error_type="AgentGaveUp" if failed else None,
            status_message="no answer after the last tool" if failed else None,
        )  # fmt: skip
        priced = [call["cost_usd"] for call in calls if call["cost_usd"] is not None]
        unpriced = len(calls) - len(priced)
        cost = sum(priced, Decimal(0)) if priced else None
        self.facts.runs.append(
            {
                **common, "is_sole": True, "started_at": at, "ended_at": until, "duration_ms": ms, "outcome": outcome,
                "outcome_reason": "run span says so", "failure_class": "tool_error" if failed else None,
                "complete": True, "has_answer": not failed, "prompt_name": agent_prompt(common["agent"]),
                "prompt_version": "7" if self.random.random() < 0.4 else "6",
                **self.judge(common, until, failed, outcome), "steps": len(calls) + len(uses), "llm_calls": len(calls),
                "tool_calls": len(uses), "tool_failures": failures, "retries": 0, "loops": 0,
                "input_tokens": sum(call["input_tokens"] for call in calls),
                "output_tokens": sum(call["output_tokens"] for call in calls),
                "cost_usd": cost, "unpriced_calls": unpriced, "input": question,
                "output": None if failed else "Here is what I found: the refund was approved and is on its way.",
            }
        )  # fmt: skip
        earlier = self.sessions.get(common["agent"])
        if earlier and earlier["session_id"] == common["session_id"]:
            self.continue_session(earlier, until, cost, unpriced)
            return
        ending = {"failure": "failed", "escalated": "escalated", "success": "resolved_assumed"}[outcome]
        closed = until + timedelta(minutes=5)
        shared = {
            **{key: common[key] for key in ("user_id", "service", "environment", "agent", "agent_version", "purpose")},
            "case_id": common["session_id"], "closed_at": closed, "outcome": ending, "runs": 1,
            "cost_usd": cost, "unpriced_calls": unpriced,
        }  # fmt: skip
        self.facts.sessions.append(
            {
                **shared,
                "session_id": common["session_id"],
                "conversation_id": common["session_id"],
                "started_at": at,
                "last_at": until,
                "closes_at": closed,
                "reopened": False,
                "is_conversation": False,
            }
        )
        self.facts.cases.append({**shared, "opened_at": at, "sessions": 1})
        if common["agent"] == "support-triage" and len(common["session_id"]) == 12:
            self.sessions[common["agent"]] = self.facts.sessions[-1]
            self.facts.sessions[-1]["case"] = self.facts.cases[-1]

    def judge(self, common: Row, until: datetime, failed: bool, outcome: str) -> Row:
        """Return feedback and confidence of a run, some runs have none, and keep the scores behind them."""
        confidence = round(min(1.0, max(0.05, self.random.gauss(0.5 if failed else 0.86, 0.12))), 2)
        if self.random.random() > 0.18:
            return {"confidence": confidence, "feedback": None}
        liked = self.random.random() < (0.15 if failed else 0.5 if outcome == "escalated" else 0.92)
        score: Row = {
            "load_seq": 1, "target": "run", "target_id": common["run_id"], "trace_id": common["trace_id"],
            "run_id": common["run_id"], "name": "feedback", "value": 1.0 if liked else -1.0, "source": "user",
            "explanation": None if liked else "It did not answer what I asked.", "scored_at": until,
        }  # fmt: skip
        grade = round(min(1.0, max(0.0, self.random.gauss(0.4 if failed else 0.83, 0.13))), 2)
        graded = {**score, "name": "helpfulness", "value": grade, "source": "evaluator", "explanation": None}
        self.facts.scores += [score, graded]
        return {"confidence": confidence, "feedback": score["value"]}

    def continue_session(self, session: Row, until: datetime, cost: Decimal | None, unpriced: int) -> None:
        """Add a run to a session and its case."""
        for row in (session, session["case"]):
            row["runs"] += 1
            row["unpriced_calls"] += unpriced
            row["closed_at"] = until + timedelta(minutes=5)
            if cost is not None:
                row["cost_usd"] = (row["cost_usd"] or Decimal(0)) + cost
        session |= {"last_at": until, "closes_at": session["closed_at"], "is_conversation": True}


def agent_prompt(agent: str) -> str:
    return f"{agent} system prompt"


def big_trace(facts: Facts, now: datetime, spans: int) -> str:
    """Add one trace of about `spans` spans, an agent with sub-agents; return its id."""
    simulation = Simulation(now, seed=spans)
    simulation.facts = facts
    at = now - timedelta(days=12, hours=3)
    trace_id, root = f"{spans:032x}", simulation.hex(16)
    common: Row = {
        "load_seq": 1, "trace_id": trace_id, "run_id": f"{trace_id}-{root}", "root_span_id": root,
        "service": "research",
        "environment": "production", "agent": "research-brief", "agent_version": "2.4.0", "purpose": "production",
        "session_id": "long-session", "user_id": "user-001",
    }  # fmt: skip
    clock, calls, uses = at, list[Row](), list[Row]()
    while len(calls) + len(uses) < spans - 1 - (len(calls) + len(uses)) // 40:
        sub = simulation.span(
            common, clock, None, name="invoke_agent section-writer", kind="agent", operation="invoke_agent"
        )
        inner = {**common, "root_span_id": sub["span_id"], "agent": "section-writer"}
        for _ in range(20):
            call, ms = simulation.call_model(inner, clock, "gpt-5-mini", QUESTIONS[3], "web_search")
            clock += timedelta(milliseconds=ms)
            used, ms = simulation.call_tool(
                inner, clock, simulation.random.choice(("web_search", "parse_pdf", "search_kb"))
            )
            clock += timedelta(milliseconds=ms / 4)
            calls.append(call)
            uses.append(used)
        sub["ended_at"] = clock
        sub["duration_ms"] = (clock - sub["started_at"]).total_seconds() * 1e3
    simulation.finish(common, at, clock, calls, uses, QUESTIONS[3])
    return trace_id


HOSTILE = (
    "<script>window.hacked=1</script><img src=x onerror=window.hacked=1> ![beacon](http://example.com/x.png) "
    "[link](javascript:alert(1)) **bold** $x^2$ :material/home: \u202eright-to-left\u202c \U0001f9a0"
)


def odd_traces(facts: Facts, now: datetime, *, days_ago: float = 0) -> dict[str, str]:
    """Add a run in progress, a trace without its root, one with a circle, and hostile text; return their ids."""
    simulation = Simulation(now, seed=99)
    simulation.facts = facts
    names = {"running": "a" * 32, "rootless": "b" * 32, "circle": "c" * 32, "hostile": "d" * 32}
    at = now - timedelta(days=days_ago, minutes=4)
    for name, trace_id in names.items():
        root = simulation.hex(16)
        agent = HOSTILE[:60] if name == "hostile" else "support-triage"
        common: Row = {
            "load_seq": 1, "trace_id": trace_id, "run_id": f"{trace_id}-{root}", "root_span_id": root,
            "service": "support", "environment": "production", "agent": agent, "agent_version": "2.4.0",
            "purpose": "production", "session_id": name, "user_id": "user-007",
        }  # fmt: skip
        question = HOSTILE if name == "hostile" else QUESTIONS[0]
        call, ms = simulation.call_model(common, at, "qwen3-235b", question, "search_kb")
        use, ms = simulation.call_tool(common, at + timedelta(milliseconds=ms), "search_kb")
        if name == "hostile":
            facts.spans[-1].update(name=HOSTILE, status="error", status_message=HOSTILE, tool=HOSTILE)
            facts.tool_calls[-1].update(tool=HOSTILE, error_type=HOSTILE, status="error")
            facts.llm_calls[-1].update(response_model=HOSTILE)
        simulation.finish(common, at, at + timedelta(seconds=5), [call], [use], question)
        top = facts.spans[-1]
        if name == "circle":
            top["parent_span_id"] = call["span_id"]
        if name in ("running", "rootless"):
            facts.runs[-1].update(duration_ms=None, ended_at=None, outcome=None, complete=False)
            top.update(duration_ms=None, ended_at=None, status="unset")
        if name == "rootless":
            facts.spans.pop()
    return names


def pairs(attributes: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in attributes.items()]


def starts(simulation: Simulation, days: float, runs_per_hour: float) -> Iterator[datetime]:
    """Yield the starts of runs, more by day than by night and fewer at weekends."""
    at = simulation.now - timedelta(days=days)
    while True:
        busy = 0.55 + 0.45 * math.sin((at.hour - 8) / 24 * 2 * math.pi)
        busy *= 0.5 if at.weekday() >= 5 else 1.0
        at += timedelta(hours=simulation.random.expovariate(runs_per_hour * max(busy, 0.05)))
        if at >= simulation.now - timedelta(minutes=1):
            return
        yield at


def simulate(now: datetime, *, days: float = 30, runs_per_hour: float = 20, seed: int = 7) -> Facts:
    """Return the facts of `days` until `now` (naive UTC)."""
    simulation = Simulation(now, seed)
    names = list(AGENTS)
    weights = [AGENTS[name][4] for name in names]
    for at in starts(simulation, days, runs_per_hour):
        simulation.run(simulation.random.choices(names, weights)[0], at)
    return simulation.facts


def name_series(metric: str, service: str, environment: str, agent: str, *, tool: str = "") -> str:
    """Return the name that the watch gives a series."""
    labels = {
        "service": service,
        "environment": environment,
        "agent": agent,
        **({"tool": tool} if tool else {}),
    }
    return metric + "{" + ", ".join(f'{name}="{value}"' for name, value in labels.items()) + "}"


def make_history(now: datetime) -> dict[str, pl.DataFrame]:
    """Return what jobs and detectors leave behind: drift alarms, markers, job runs, dead letters, scores' kin."""
    began = (now - timedelta(hours=9)).replace(minute=0)
    alarm: Row = {
        "alarm_id": "a1b2c3d4e5f60718",
        "series": name_series("tool_failure_rate", "research", "production", "research-brief", tool="web_search"),
        "metric": "tool_failure_rate", "service": "research", "environment": "production", "agent": "research-brief",
        "tool": "web_search", "raised_at": began + timedelta(hours=3), "last_raised_at": began + timedelta(hours=8),
        "changed_at": began, "direction": "up", "before_value": 0.03, "after_value": 0.34, "evidence": 4.2,
        "is_historic": False, "is_hint": False, "kind": "rate", "type": "drift", "events": 71,
    }  # fmt: skip
    older = {
        **alarm, "alarm_id": "0f1e2d3c4b5a6978", "metric": "success_rate", "tool": None, "agent": "code-reviewer",
        "service": "devtools", "series": name_series("success_rate", "devtools", "production", "code-reviewer"),
        "direction": "down",
        "raised_at": now - timedelta(days=12), "last_raised_at": now - timedelta(days=11, hours=20),
        "changed_at": now - timedelta(days=12, hours=7), "before_value": 0.94, "after_value": 0.88, "evidence": 1.3,
    }  # fmt: skip
    whole = {
        **older, "alarm_id": "77aa88bb99cc00dd", "metric": "agent_behaviour", "kind": "multivariate", "direction": "up",
        "series": name_series("agent_behaviour", "devtools", "production", "code-reviewer"),
        "raised_at": now - timedelta(days=20),
        "last_raised_at": now - timedelta(days=20), "changed_at": now - timedelta(days=20, hours=5),
        "before_value": None, "after_value": 1.06, "evidence": 1.06,
        "explanation": "several series together, none alone: Run latency up from 4.20 s to 5.10 s (38 % of it); "
        "Steps per run up from 3.00 to 4.00 (33 % of it)",
    }  # fmt: skip
    markers: list[Row] = [
        {"marked_at": began - timedelta(hours=1, minutes=20), "kind": "deploy", "service": "research",
         "label": "search-proxy 1.8"},
        {"marked_at": now - timedelta(days=9), "kind": "agent_version", "agent": "research-brief", "label": "2.4.0"},
        {"marked_at": now - timedelta(hours=15), "kind": "model", "agent": "support-triage", "label": "qwen3-235b"},
    ]  # fmt: skip
    jobs: list[Row] = [
        {"job": job, "started_at": now - timedelta(minutes=3 * i + 1), "duration_ms": 38.0 + 12 * i, "status": "ok",
         "changed": 120 * i, "load_seq": 1}
        for i, job in enumerate(("facts", "sessions", "rollups", "drift", "alerts"))
    ]  # fmt: skip
    jobs.append(
        {"job": "reprice", "started_at": now - timedelta(hours=5), "duration_ms": 812.0, "status": "error",
         "changed": 0,
         "error": "the catalogue could not be read: https://prices.example did not answer within 10 s"}
    )  # fmt: skip
    letters: list[Row] = [
        {"received_at": now - timedelta(hours=2, minutes=i), "signal": "traces", "reason": "bad_trace_id",
         "detail": "the trace id has 8 bytes instead of 16", "trace_id": "deadbeefdeadbeef", "span_id": None,
         "record": HOSTILE}
        for i in range(3)
    ]  # fmt: skip
    states: list[Row] = [
        {"hour_at": now.replace(minute=0), "series": series, "kind": "rate", "metric": series.partition("{")[0],
         "closeness": closeness or 0.0, "is_learning": closeness is None, "statistics": "", "doubtful": "[]"}
        for series, closeness in (
            (name_series("tool_failure_rate", "research", "production", "research-brief", tool="web_search"), 4.2),
            (name_series("success_rate", "devtools", "production", "code-reviewer"), 0.61),
            (name_series("success_rate", "support", "production", "support-triage"), 0.12),
            (name_series("tool_failure_rate", "billing", "staging", "invoice-extractor", tool="parse_pdf"), None),
        )
    ]  # fmt: skip
    budgets: list[Row] = [
        {"fingerprint": "b1", "budget": "research a month", "labels": [], "unit": "usd", "period": "month",
         "limit_value": Decimal(120), "used_value": Decimal("97.4"), "forecast_value": Decimal("139.2"),
         "state": "warning", "evaluated_at": now},
        {"fingerprint": "b2", "budget": "each user a day", "labels": pairs({"user_id": "user-150"}), "unit": "usd",
         "period": "day", "limit_value": Decimal("0.5"), "used_value": Decimal("0.51"), "state": "exceeded",
         "evaluated_at": now},
        {"fingerprint": "b3", "budget": "each user a day", "labels": pairs({"user_id": "user-004"}), "unit": "usd",
         "period": "day", "limit_value": Decimal("0.5"), "used_value": Decimal("0.31"), "state": "ok",
         "evaluated_at": now},
    ]  # fmt: skip
    return {
        "budgets": pl.DataFrame(budgets, infer_schema_length=None).with_columns(
            pl.col("^.*_value$").cast(pl.Decimal(38, 12))
        ),
        "drift_states": pl.DataFrame(states, infer_schema_length=None),
        "drift_alarms": pl.DataFrame([alarm, older, whole], infer_schema_length=None),
        "markers": pl.DataFrame(markers, infer_schema_length=None),
        "job_runs": pl.DataFrame(jobs, infer_schema_length=None),
        "dead_letters": pl.DataFrame(letters, infer_schema_length=None),
    }


def fill(store: Store, facts: Facts, batch: str = "seed", now: datetime | None = None) -> None:
    """Write the facts and their rollups; with `now` also what detectors and jobs leave behind."""
    for session in facts.sessions:
        session.pop("case", None)
    frames = {
        name: pl.DataFrame(rows, infer_schema_length=None) for name, rows in vars(facts).items() if rows
    }
    extra = {
        "resources": pl.DataFrame(
            {"resource_id": pl.Series([1], dtype=pl.UInt64), "attributes": [pairs({"service.name": "demo"})]}
        ),
        "ingest_stats": make_loads(facts),
    }
    rolled = roll_up(frames)
    # Nobody adds days up here, so that readers take their hours.
    days = rolled["hourly"].select("subject", day_at=pl.col("hour_at").dt.truncate("1d")).unique()
    tables = {**frames, **rolled, "touched_days": days, **extra, **(make_history(now) if now else {})}
    store.append(batch, {name: only_columns(name, frame) for name, frame in tables.items()})


def make_loads(facts: Facts) -> pl.DataFrame:
    """Return a load for every hour in which spans arrived; each waited a second or two."""
    spans = pl.DataFrame({"at": [row["started_at"] for row in facts.spans]})
    loads = spans.group_by(hour=pl.col("at").dt.truncate("1h")).agg(
        loaded_at=pl.col("at").max(), records=pl.len()
    )
    return loads.sort("hour").select(
        "loaded_at",
        pl.col("records").cast(pl.Int64),
        load_seq=pl.lit(1, pl.Int64),
        signal=pl.lit("traces"),
        bodies=(pl.col("records").cast(pl.Int64) + 40) // 50,
        bytes=pl.col("records").cast(pl.Int64) * 900,
        duplicates=pl.lit(0, pl.Int64),
        rejected=pl.lit(0, pl.Int64),
        is_import=pl.lit(False),
        oldest_received_at=pl.col("loaded_at") - pl.duration(milliseconds=600 + pl.col("records") % 1_400),
    )


ZEROES: dict[str, object] = {"BIGINT": 0, "BOOLEAN": False, "VARCHAR": "", "TIMESTAMP": datetime(2026, 1, 1)}  # noqa: DTZ001


def only_columns(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Keep the columns that the table has; counts nobody cares about here are 0."""
    columns = read_tables()[table].columns
    zero = [
        pl.lit(ZEROES[column.type]).alias(column.name)
        for column in columns
        if column.not_null and column.type in ZEROES and column.name not in frame.columns
    ]
    known = [column.name for column in columns]
    return frame.with_columns(zero).select(
        [name for name in known if name in [*frame.columns, *(e.meta.output_name() for e in zero)]]
    )


TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
DIMENSIONS = ["service", "environment", "agent", "agent_version", "purpose"]


def roll_up(frames: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Return `hourly` and `hourly_buckets`, as the job makes them."""
    parts: list[pl.DataFrame] = []
    buckets: list[pl.DataFrame] = []
    for subject, table, at in (
        ("run", "runs", "started_at"),
        ("llm_call", "llm_calls", "started_at"),
        ("tool_call", "tool_calls", "started_at"),
        ("case", "cases", "closed_at"),
    ):
        if table not in frames:
            continue
        facts = frames[table].with_columns(
            hour_at=pl.col(at).dt.truncate("1h"),
            subject=pl.lit(subject),
            model=pl.col("response_model") if subject == "llm_call" else pl.lit(None, dtype=pl.String),
            tool=pl.col("tool") if subject == "tool_call" else pl.lit(None, dtype=pl.String),
            outcome=pl.col("status") if subject.endswith("_call") else pl.col("outcome"),
            failure_class=pl.lit(None, dtype=pl.String)
            if subject == "case"
            else pl.col("failure_class").cast(pl.String),
        )
        prompt = [name for name in ("prompt_name", "prompt_version") if name in facts.columns]
        keys = ["hour_at", "subject", *DIMENSIONS, *prompt, "model", "tool", "outcome"]
        unpriced = (
            pl.col("cost_status").is_in(["unpriced_model", "no_usage", "inconsistent"]).cast(pl.Int64)
            if "cost_status" in facts.columns
            else pl.col("unpriced_calls")
        )
        sums = [
            pl.len().cast(pl.Int64).alias("events"),
            pl.when(pl.col("cost_usd").count() > 0)
            .then(pl.col("cost_usd").cast(pl.Decimal(38, 12)).sum())
            .alias("cost_usd"),
            unpriced.sum().alias("unpriced_calls"),
            *[pl.col(name).sum() for name in TOKENS if name in facts.columns],
        ]
        if "feedback" in facts.columns:
            sums += [
                pl.col("feedback").count().cast(pl.Int64).alias("rated"),
                (pl.col("feedback") > 0).sum().cast(pl.Int64).alias("liked"),
            ]
        if "duration_ms" in facts.columns:
            sums += [
                pl.col("duration_ms").count().cast(pl.Int64).alias("timed_events"),
                pl.col("duration_ms").sum(),
            ]
            bucket = (pl.col("duration_ms").log() / math.log(1.02)).ceil().cast(pl.Int64).alias("bucket")
            buckets.append(
                facts.drop_nulls("duration_ms")
                .with_columns(bucket, measure=pl.lit("duration_ms"))
                .group_by([*keys, "measure", "bucket"])
                .agg(pl.len().cast(pl.Int64).alias("events"))
            )
        else:
            sums.append(pl.lit(0, dtype=pl.Int64).alias("timed_events"))
        parts.append(facts.group_by([*keys, "failure_class"]).agg(sums))
    return {
        "hourly": pl.concat(parts, how="diagonal_relaxed"),
        "hourly_buckets": pl.concat(buckets, how="diagonal_relaxed"),
    }
