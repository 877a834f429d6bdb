"""Draws docs/drift.svg: a success rate that falls by five points, its band, and when the detector says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from analytics.drift.panel import Panel
from analytics.drift.seasons import group_of
from benchmarks.drift_model import START, TRAINING, Stream, failing, sample

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 860, 300, 60, 250, 30
SHOWN = 96


def draw() -> str:
    """Return the picture as SVG."""
    stream = Stream("success", "rate", failing(0.04), failing(0.04, 0.05))
    drawn = sample(stream, 1, 14, 12)
    panel = Panel("rate")
    panel.resize(1)
    alarm = next(alarm for alarm in panel.replay(drawn.events, START, START + 14 * 24, learn_first=True))
    fault = int(drawn.faults[0])
    first = fault - SHOWN // 2
    hours = np.arange(first, first + SHOWN)
    place = drawn.events.hours - (START - TRAINING)
    seen = np.bincount(place, drawn.events.counts, TRAINING + 14 * 24)[hours - START + TRAINING]
    failed = np.bincount(place, drawn.events.counts * drawn.events.symbols, TRAINING + 14 * 24)
    rate = 1 - failed[hours - START + TRAINING] / np.maximum(seen, 1)
    normal = 1 - panel.bank.rates[0][group_of(hours)]  # type: ignore[attr-defined]
    half = 1.96 * np.sqrt(normal * (1 - normal) / np.maximum(seen, 1))
    upper, lower = (
        list(zip(hours, line, strict=True)) for line in (np.minimum(normal + half, 1), normal - half)
    )
    band = " ".join(_point(first, hour, value) for hour, value in (*upper, *lower[::-1]))
    line = " ".join(_point(first, hour, value) for hour, value in zip(hours, rate, strict=True))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<polygon points="{band}" fill="#dbe4f0"/>',
        f'<polyline points="{line}" fill="none" stroke="#28527a" stroke-width="1.6"/>',
        *(_level(value) for value in (0.80, 0.85, 0.90, 0.95, 1.0)),
        *_mark(first, fault, "the change", "#777777", TOP + 6),
        *_mark(first, alarm.since, "dated to", "#b07d2b", TOP + 24),
        *_mark(first, alarm.hour + 1, "the alarm", "#b3261e", TOP + 42),
        f'<text x="{LEFT}" y="{HEIGHT - 18}" fill="#333333">Success by hour, 60 runs an hour, and where 95 % of the '
        "hours lie when nothing changed. No single hour is far out; together they are.</text>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _x(first: int, hour: float) -> float:
    return LEFT + (hour - first) / SHOWN * (WIDTH - LEFT - 20)


def _y(value: float) -> float:
    return BOTTOM - (value - 0.78) / 0.22 * (BOTTOM - TOP)


def _point(first: int, hour: float, value: float) -> str:
    return f"{_x(first, hour):.1f},{_y(value):.1f}"


def _level(value: float) -> str:
    return f'<text x="{LEFT - 8}" y="{_y(value) + 4:.1f}" text-anchor="end" fill="#555555">{value:.0%}</text>'


def _mark(first: int, hour: int, text: str, colour: str, y: int) -> tuple[str, str]:
    x = _x(first, hour)
    return (
        f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{BOTTOM}" stroke="{colour}" stroke-dasharray="5 3"/>',
        f'<text x="{x + 5:.1f}" y="{y}" fill="{colour}">{text}</text>',
    )


if __name__ == "__main__":
    Path("docs/drift.svg").write_text(draw(), encoding="utf-8")
