from __future__ import annotations

import itertools

import pytest

from dashboard.theme import DARK, LIGHT, SETTINGS, Palette

PALETTES = pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])


def channels(colour: str) -> list[float]:
    values = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in values]


def luminance(colour: str) -> float:
    red, green, blue = channels(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def as_deuteranope(colour: str) -> tuple[float, ...]:
    """Return linear channels as people without green cones see them (Viénot, Brettel and Mollon 1999)."""
    red, green, blue = channels(colour)
    mixed = 0.29275 * red + 0.70725 * green
    return (mixed, mixed, -0.02234 * red + 0.02234 * green + blue)


def mixed(colour: str, ground: str, share: float) -> str:
    pairs = [(int(colour[i : i + 2], 16), int(ground[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(one * share + other * (1 - share)):02x}" for one, other in pairs)


@PALETTES
@pytest.mark.parametrize("name", ["text", "muted", "accent", "error", "warning", "good"])
def test_text_meets_aa_on_the_ground_and_on_raised_parts(colours: Palette, name: str) -> None:
    assert contrast(getattr(colours, name), colours.ground) >= 4.5
    assert contrast(getattr(colours, name), colours.raised) >= 4.5


@PALETTES
def test_muted_text_of_components_meets_aa(colours: Palette) -> None:
    muted = mixed(colours.text, colours.ground, 0.72)
    assert contrast(muted, colours.ground) >= 4.5
    assert contrast(muted, colours.raised) >= 4.5


@PALETTES
@pytest.mark.parametrize("name", ["volume", "agent", "model", "tool", "retrieval"])
def test_marks_meet_three_to_one_on_the_ground(colours: Palette, name: str) -> None:
    assert contrast(getattr(colours, name), colours.ground) >= 3.0


@PALETTES
def test_outcomes_stay_apart_without_green_cones(colours: Palette) -> None:
    shown = [colours.volume, colours.escalated, colours.error, colours.unknown]
    for one, other in itertools.combinations(shown, 2):
        distance = (
            sum((a - b) ** 2 for a, b in zip(as_deuteranope(one), as_deuteranope(other), strict=True)) ** 0.5
        )
        assert distance > 0.12, (one, other)


def test_nothing_is_sent_to_third_parties_and_no_traceback_to_browsers() -> None:
    assert SETTINGS["browser.gatherUsageStats"] is False
    assert SETTINGS["client.showErrorDetails"] == "none"
    assert SETTINGS["server.enableAgentApi"] is False
