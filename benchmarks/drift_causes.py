"""How often the scan of segments names the planted cause first."""

from __future__ import annotations

import numpy as np
import polars as pl

from analytics.drift.segments import list_members, scan_segments

BEFORE = 20_000
CAUSES: dict[str, tuple[str, dict[str, str]]] = {
    "tool crm fails +20 pp": ("rate", {"tool": "crm"}),
    "model m-b +10 pp": ("rate", {"model": "m-b"}),
    "prompt v8 +10 pp": ("rate", {"prompt_version": "v8"}),
    "tenant t3 +40 pp": ("rate", {"tenant": "t3"}),
    "prompt v8 on tool sql +30 pp": ("rate", {"prompt_version": "v8", "tool": "sql"}),
    "40 % of traffic moves to weak model m-c": ("mix", {"model": "m-c"}),
    "everything +6 pp": ("rate", {}),
}
SINGLE = tuple(CAUSES)[:4]


def measure_causes(after_runs: int, seeds: int) -> dict[str, float]:
    """Return by planted cause how often it came first."""
    right = dict.fromkeys(CAUSES, 0)
    for cause, (kind, labels) in CAUSES.items():
        for seed in range(seeds):
            hit, after, frame = _plant(np.random.default_rng((seed, len(cause))), cause, after_runs)
            members = {
                (name, value): member
                for name in frame.columns
                for value, member in list_members(frame[name]).items()
            }
            first = scan_segments(hit, after, members)[0]
            right[cause] += first.kind == kind and first.labels == labels
    return {cause: count / seeds for cause, count in right.items()}


def _plant(
    dice: np.random.Generator, cause: str, after_runs: int
) -> tuple[np.ndarray, np.ndarray, pl.DataFrame]:
    size = BEFORE + after_runs
    after = np.arange(size) >= BEFORE
    model = dice.choice(["m-a", "m-b", "m-c"], size, p=[0.55, 0.35, 0.10])
    tool = dice.choice(["search", "crm", "sql", "mail", "calendar"], size, p=[0.35, 0.25, 0.15, 0.15, 0.10])
    version = dice.choice(["v7", "v8"], size, p=[0.5, 0.5])
    tenant = dice.choice([f"t{number}" for number in range(10)], size)
    user = dice.choice([f"u{number}" for number in range(30)], size)
    if "moves" in cause:
        model = np.where(after & (dice.random(size) < 0.4), "m-c", model)
    base = 0.04 + 0.11 * (model == "m-c")
    added = {
        "tool crm fails +20 pp": 0.20 * (tool == "crm"),
        "model m-b +10 pp": 0.10 * (model == "m-b"),
        "prompt v8 +10 pp": 0.10 * (version == "v8"),
        "tenant t3 +40 pp": 0.40 * (tenant == "t3"),
        "prompt v8 on tool sql +30 pp": 0.30 * ((version == "v8") & (tool == "sql")),
        "everything +6 pp": np.full(size, 0.06),
    }.get(cause, np.zeros(size))
    hit = dice.random(size) < base + after * added
    frame = pl.DataFrame(
        {"model": model, "tool": tool, "prompt_version": version, "tenant": tenant, "user_id": user}
    )
    return hit, after, frame
