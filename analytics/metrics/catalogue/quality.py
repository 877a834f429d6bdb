"""What users, evaluators and reviewers say; split by `score` to tell one question from another."""

from __future__ import annotations

from typing import Final

from analytics.metrics.catalogue.shapes import count, ratio
from analytics.metrics.definitions import part

QUALITY: Final = (
    count("score_count", "Judgements", "Scores and labels given to runs, spans and sessions.", part("score"),
          unit="scores"),
    ratio("mean_score", "Mean score",
          "Sum of scores ÷ scores with a number; where scales differ it says something of one `score` only.",
          part("score", "score_value"), part("score", "scored"), unit="score",
          population="judgements with a number, by when they were made",
          null_means="nothing was scored in the window", is_rise_bad=False),
)  # fmt: skip
