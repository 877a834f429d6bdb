"""The same trees of routes in ours and in the real Alertmanager's `amtool`: every alert goes to the same receivers."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from alerts.routing.routes import read_routes

CHANNELS = ("ops", "team", "mail", "page")
LABELS = {
    "severity": ("critical", "warning", "info"),
    "agent": ("support", "sales", "support-eu", "Support", ""),
    "tenant": ("a.b", "axb", 'quo"te', "back\\slash", "zwei Wörter"),
}
PATTERNS = (
    "support",
    "sup.*",
    "support|sales",
    "s.*t",
    "",
    ".*",
    ".+",
    "a.b",
    "a\\.b",
    "[a-z]+",
    "(?i)support",
)


def draw_tree(dice: random.Random, depth: int = 0) -> dict[str, Any]:
    """Return a tree as [route] writes it."""
    route: dict[str, Any] = {}
    if depth == 0 or dice.random() < 0.7:
        route["channels"] = [dice.choice(CHANNELS)]
    if depth:
        route["matchers"] = [draw_matcher(dice) for _ in range(dice.choice((0, 1, 1, 1, 2)))]
        route["continue"] = dice.random() < 0.35
    if depth < 4:
        route["routes"] = [
            draw_tree(dice, depth + 1) for _ in range(dice.choice((0, 1, 2, 3)) if depth else 3)
        ]
    return route


def draw_matcher(dice: random.Random) -> str:
    name, values = dice.choice(list(LABELS.items()))
    operator = dice.choice(("=", "!=", "=~", "!~"))
    value = dice.choice(PATTERNS if "~" in operator else values)
    return f"{name}{operator}{quote(value)}"


def quote(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def translate(route: dict[str, Any]) -> dict[str, Any]:
    """Return the tree as Alertmanager writes it; YAML reads JSON."""
    found = {key: value for key, value in route.items() if key in ("matchers", "continue")}
    if "channels" in route:
        found["receiver"] = route["channels"][0]
    return {**found, "routes": [translate(child) for child in route.get("routes", [])]}


@pytest.mark.parametrize("seed", range(12))
def test_alerts_go_where_alertmanager_would_send_them(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    tree = draw_tree(dice)
    theirs = {"route": translate(tree), "receivers": [{"name": name} for name in CHANNELS]}
    file = tmp_path / "alertmanager.yml"
    file.write_text(json.dumps(theirs))
    ours = read_routes(tree, CHANNELS)
    for _ in range(8):
        labels = {name: dice.choice(values) for name, values in LABELS.items() if dice.random() < 0.8}
        given = [f"{name}={quote(value)}" for name, value in labels.items() if value]
        command = ["amtool", "config", "routes", "test", f"--config.file={file}", *(given or ["other=x"])]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        assert [route.channels[0] for route in ours.match(labels)] == said.split(","), (tree, labels)
