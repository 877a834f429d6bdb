"""Whether runs succeed, and why they do not."""

from __future__ import annotations

from typing import Final

from analytics.metrics.catalogue.shapes import count, keyed, proportion, ratio
from analytics.metrics.definitions import RUN_OUTCOMES, Metric, part
from store.terms import FAILURE_CLASSES

_ENDED: Final = "runs with an outcome, by their start; runs whose root is missing have none yet"
_NONE_ENDED: Final = "no run of the window has an outcome"
_RATED: Final = "runs with feedback, by their start; feedback on a whole session decides its case alone"
_MEANINGS: Final = {
    "rate_limit": "a provider limited the rate of calls",
    "timeout": "something took too long",
    "network": "a connection failed",
    "auth": "a key or permission was refused",
    "invalid_request": "a request was malformed",
    "content_filter": "the model or a filter refused",
    "context_length": "the input did not fit into the model's context",
    "upstream": "a provider failed",
    "tool_error": "a tool failed",
    "loop": "the agent ran in circles or reached its limit of iterations",
    "budget": "a budget was used up",
    "cancelled": "somebody or something cancelled them",
    "unknown": "nothing tells why",
}


def _outcome_rate(name: str, title: str, outcome: str, text: str, *, is_rise_bad: bool) -> Metric:
    return proportion(
        name, title, text, part("run", outcome=outcome), part("run", outcome=RUN_OUTCOMES),
        population=_ENDED, null_means=_NONE_ENDED, is_rise_bad=is_rise_bad,
    )  # fmt: skip


def _class_rate(name: str) -> Metric:
    words = name.replace("_", " ")
    return proportion(
        f"failure_rate_{name}", f"Failure rate: {words}",
        f"Runs that failed because {_MEANINGS[name]} ÷ runs with an outcome.",
        part("run", outcome="failure", failure_class=name), part("run", outcome=RUN_OUTCOMES),
        population=_ENDED, null_means=_NONE_ENDED, is_rise_bad=True,
    )  # fmt: skip


RUNS: Final = (
    count("run_count", "Runs", "Invocations of an agent from outside.", part("run"), unit="runs"),
    _outcome_rate("success_rate", "Success rate", "success",
                  "Runs that succeeded ÷ runs with an outcome; escalated runs are not successful.",
                  is_rise_bad=False),
    _outcome_rate("failure_rate", "Failure rate", "failure",
                  "Runs that failed ÷ runs with an outcome; a failure the agent recovered from is none.",
                  is_rise_bad=True),
    _outcome_rate("escalation_rate", "Escalation rate", "escalated",
                  "Runs that were handed to a human ÷ runs with an outcome; outcome_reason says why.",
                  is_rise_bad=True),
    keyed("run_failures_in_a_row", "Failed runs in a row",
          "Failed runs of an agent since its last run that did not fail, at the end of the window; of several agents "
          "the most.", "run", "streak", "agent", unit="runs", population="runs of named agents, by their start",
          null_means="no run of the window names an agent"),
    proportion("completion_rate", "Task completion",
               "Runs that ended with a substantive answer ÷ runs that ended and of which it can be told.",
               part("run", "answered"), part("run", "answerable"),
               population="runs that ended and whose answer is known to be there or not, by their start",
               is_rise_bad=False),
    proportion("satisfaction", "Satisfaction", "Runs with positive feedback ÷ runs with any feedback.",
               part("run", "liked"), part("run", "rated"), population=_RATED,
               null_means="no run of the window has feedback", is_rise_bad=False),
    ratio("mean_rating", "Mean rating", "Sum of feedback, each from -1 to 1 ÷ runs with feedback.",
          part("run", "rating"), part("run", "rated"), unit="rating",
          population=_RATED, null_means="no run of the window has feedback",
          is_rise_bad=False),
    *(_class_rate(name) for name in FAILURE_CLASSES),
)  # fmt: skip
