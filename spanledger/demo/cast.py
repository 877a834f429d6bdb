"""Who takes part in the simulation: agents, models, tools, users, and what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Protocol = Literal["http", "grpc"]
Naming = Literal["gen_ai", "openinference"]


@dataclass(frozen=True)
class Model:
    """A model, its provider and how it behaves; times in seconds, tokens a call."""

    name: str
    provider: str
    first_token_s: float
    tokens_per_s: float
    error_rate: float = 0.008


@dataclass(frozen=True)
class Tool:
    """A tool and how it behaves."""

    name: str
    median_s: float
    failure_rate: float
    errors: tuple[str, ...]


@dataclass(frozen=True)
class Failure:
    """What an error says."""

    error_type: str
    message: str


@dataclass(frozen=True)
class Agent:
    """An agent of a service, with the work it gets."""

    name: str
    service: str
    version: str
    protocol: Protocol
    naming: Naming
    models: tuple[tuple[Model, float], ...]
    """Models with their share of the calls."""
    tools: tuple[tuple[Tool, float], ...]
    """Tools with their share of the calls."""
    runs_share: float
    tool_rounds: float
    """Mean number of tool calls in a run."""
    context_tokens: int
    success_rate: float
    escalation_rate: float
    instructions: str
    tasks: tuple[str, ...]
    answers: tuple[str, ...]


SONNET = Model("claude-sonnet-4-5", "anthropic", 0.9, 78)
OPUS = Model("claude-opus-4-1", "anthropic", 1.6, 45)
HAIKU = Model("claude-haiku-4-5", "anthropic", 0.4, 150)
GPT_MINI = Model("gpt-5-mini", "openai", 0.5, 120)
GPT = Model("gpt-5", "openai", 1.4, 62)
FLASH = Model("gemini-2.5-flash", "gcp.gemini", 0.35, 180)
HOUSE = Model("acme-qwen3-32b", "vllm", 0.25, 95)

SEARCH_KB = Tool("search_kb", 0.18, 0.008, ("TimeoutError",))
FETCH_TICKET = Tool("fetch_ticket", 0.09, 0.003, ("TicketNotFound",))
SEND_EMAIL = Tool("send_email", 0.35, 0.006, ("SMTPError",))
WEB_SEARCH = Tool("web_search", 0.7, 0.022, ("RateLimited", "TimeoutError"))
SQL_QUERY = Tool("sql_query", 0.25, 0.03, ("SyntaxError", "TimeoutError"))
PARSE_PDF = Tool("parse_pdf", 1.6, 0.035, ("UnsupportedFormat",))
RUN_TESTS = Tool("run_tests", 9.0, 0.09, ("ExitCode1",))
READ_FILE = Tool("read_file", 0.02, 0.004, ("FileNotFoundError",))

RATE_LIMITED = Failure("RateLimitError", "429 rate limit reached")
GAVE_UP = Failure("AgentGaveUp", "the agent gave up")
FAILURES = (
    (Failure("MaxTurnsExceeded", "no answer within 16 turns"), 0.35),
    (Failure("TimeoutError", "no answer within 120 s"), 0.2),
    (Failure("APIError", "529 overloaded"), 0.15),
    (Failure("ContentFilterError", "the model refused to answer"), 0.15),
    (Failure("BadRequestError", "prompt is too long: 204811 tokens > 200000 maximum"), 0.05),
    (GAVE_UP, 0.1),
)
"""Why runs fail in which nothing else did, with their share."""

AGENTS = (
    Agent(
        "support-assistant",
        "helpdesk",
        "2.7.1",
        "http",
        "gen_ai",
        ((SONNET, 0.55), (HAIKU, 0.45)),
        ((SEARCH_KB, 0.6), (FETCH_TICKET, 0.3), (SEND_EMAIL, 0.1)),
        0.46,
        2.2,
        2_600,
        0.972,
        0.06,
        "You help customers of Orbit Outdoor. Answer from the knowledge base; hand over when asked.",
        (
            "Where is my order 48213?",
            "The zip of my tent broke after two weeks, can I return it?",
            "I was charged twice for one pair of boots.",
            "Can I change the delivery address?",
            "How do I wash a down jacket?",
        ),
        (
            "Your order left our warehouse this morning and arrives on Thursday.",
            "I have opened a return for you; the label is in your inbox.",
            "You are right, one of the two charges was refunded a moment ago.",
            "The address is changed; you get a confirmation by mail.",
        ),
    ),
    Agent(
        "research-analyst",
        "insights",
        "1.12.0",
        "grpc",
        "gen_ai",
        ((GPT, 0.35), (GPT_MINI, 0.65)),
        ((WEB_SEARCH, 0.65), (SQL_QUERY, 0.35)),
        0.2,
        4.5,
        6_200,
        0.965,
        0.01,
        "You are a research analyst. Cite every claim; prefer primary sources.",
        (
            "Summarise the Q3 supplier risk report and flag anything new since Q2.",
            "Which competitors lowered prices this month?",
            "How did the return rate of tents develop since spring?",
        ),
        (
            "Two suppliers are new on the watch list; both missed a delivery in September [1][2].",
            "Three of eleven competitors lowered prices, by 4 % in the median [1].",
            "It fell from 6.1 % to 4.8 %, most of it since the new zips [1].",
        ),
    ),
    Agent(
        "invoice-extractor",
        "backoffice",
        "0.9.4",
        "http",
        "openinference",
        ((FLASH, 0.7), (HOUSE, 0.3)),
        ((PARSE_PDF, 0.7), (SQL_QUERY, 0.3)),
        0.24,
        1.6,
        3_400,
        0.981,
        0.004,
        "Extract number, date, supplier, currency and total of the invoice as JSON.",
        ("invoice-2026-1187.pdf", "invoice-2026-1192.pdf", "scan_0047.pdf"),
        (
            '{"number": "2026-1187", "supplier": "Nordlicht GmbH", "currency": "EUR", "total": 1249.00}',
            '{"number": "2026-1192", "supplier": "Cirrus Ltd", "currency": "GBP", "total": 310.50}',
        ),
    ),
    Agent(
        "code-reviewer",
        "devtools",
        "3.1.0",
        "grpc",
        "gen_ai",
        ((SONNET, 0.8), (GPT_MINI, 0.2)),
        ((READ_FILE, 0.7), (RUN_TESTS, 0.3)),
        0.1,
        6.0,
        9_800,
        0.955,
        0.02,
        "Review the change. Report defects only, each with file, line and a failing example.",
        (
            "Review pull request 1204: retry the payment webhook.",
            "Review pull request 1211: cache the price lookup.",
        ),
        (
            "One defect: payments/webhook.py:88 retries a 409, which charges twice.",
            "No defects found; 214 tests pass.",
        ),
    ),
)

USERS = tuple(f"user-{number:03d}" for number in range(1, 241))
TENANTS = ("orbit-de", "orbit-uk", "orbit-us")
