"""What a benchmark found: a figure, the yardstick measured beside it, and the target their ratio has to meet."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Figure:
    """One row of the table. Targets are about the ratio where there is a yardstick, else about the value."""

    name: str
    value: float
    unit: str
    yardstick: str = ""
    yardstick_value: float | None = None
    at_most: float | None = None
    at_least: float | None = None

    @property
    def ratio(self) -> float | None:
        """Value over yardstick; None without a yardstick."""
        return self.value / self.yardstick_value if self.yardstick_value else None

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None when there is none."""
        judged = self.value if self.yardstick_value is None else self.ratio
        if judged is None or (self.at_most is None and self.at_least is None):
            return None
        return (self.at_most is None or judged <= self.at_most) and (
            self.at_least is None or judged >= self.at_least
        )

    @property
    def target(self) -> str:
        """The target in words."""
        unit = "" if self.yardstick_value is not None else f" {self.unit}"
        if self.at_most is not None:
            return f"≤ {self.at_most:g}{unit}"
        return f"≥ {self.at_least:g}{unit}" if self.at_least is not None else ""


def take_medians(runs: Sequence[Sequence[Figure]]) -> list[Figure]:
    """Return each figure of several runs once: the run with the median ratio, or value without a yardstick."""
    by_name: dict[tuple[str, str], list[Figure]] = {}
    for run in runs:
        for figure in run:
            by_name.setdefault((figure.name, figure.yardstick), []).append(figure)
    return [_take_median(figures) for figures in by_name.values()]


def _take_median(figures: Sequence[Figure]) -> Figure:
    ordered = sorted(figures, key=lambda figure: figure.ratio or figure.value)
    middle = ordered[(len(ordered) - 1) // 2]
    if middle.yardstick_value is None:
        return replace(middle, value=statistics.median(figure.value for figure in figures))
    return middle


def write_table(figures: Sequence[Figure]) -> str:
    """Return the rows as aligned text."""
    rows = [["figure", "ours", "yardstick", "", "ratio", "target", ""]]
    for figure in figures:
        ratio = figure.ratio
        rows.append(
            [
                figure.name,
                f"{_number(figure.value)} {figure.unit}",
                figure.yardstick,
                "" if figure.yardstick_value is None else f"{_number(figure.yardstick_value)} {figure.unit}",
                "" if ratio is None else _number(ratio),
                figure.target,
                {None: "", True: "met", False: "ABOVE" if figure.at_most is not None else "BELOW"}[
                    figure.is_met
                ],
            ]
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
