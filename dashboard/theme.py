"""Colours and Streamlit's settings. Every pair of text and ground below meets WCAG AA (tests/dashboard).

Red means an error or a firing alert and nothing else; blue is volume, amber a warning. Categories follow
Okabe and Ito, so that they stay apart for colour-blind people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from streamlit import config

Mode = Literal["light", "dark"]


@dataclass(frozen=True)
class Palette:
    """Colours of one mode, by what they mean."""

    ground: str
    raised: str
    text: str
    muted: str
    line: str
    accent: str
    volume: str
    error: str
    warning: str
    good: str
    escalated: str
    unknown: str
    agent: str
    model: str
    tool: str
    retrieval: str
    categories: tuple[str, ...]


LIGHT: Final = Palette(
    ground="#ffffff",
    raised="#f6f7fa",
    text="#1a2130",
    muted="#5a6474",
    line="#e2e6ed",
    accent="#2b54c8",
    volume="#4a74e0",
    error="#c92a2a",
    warning="#8f5a00",
    good="#0a7a5c",
    escalated="#e3a21a",
    unknown="#9aa3b2",
    agent="#6b7687",
    model="#7352d6",
    tool="#0f8a6d",
    retrieval="#1f7fb8",
    categories=("#2f62d9", "#e08a00", "#0f9a78", "#9b59d0", "#3aa8dd", "#c2608f", "#8a8f2a", "#6f7b8f"),
)

DARK: Final = Palette(
    ground="#0f131a",
    raised="#171c25",
    text="#e7eaf0",
    muted="#9ea8b8",
    line="#2a3240",
    accent="#8fabff",
    volume="#6f93f5",
    error="#ff7b72",
    warning="#f0b655",
    good="#45c9a5",
    escalated="#f0b655",
    unknown="#727d8e",
    agent="#98a3b4",
    model="#a88bfa",
    tool="#3fbf9b",
    retrieval="#5bb5e8",
    categories=("#6f93f5", "#f0a03c", "#3fc49e", "#bd8cf0", "#6cc5f0", "#e38ab5", "#c3c764", "#98a3b4"),
)


def palette(mode: str | None) -> Palette:
    """Return the palette of a mode; light where the browser has not said yet."""
    return DARK if mode == "dark" else LIGHT


def _theme_options(mode: Mode, colours: Palette) -> dict[str, object]:
    section = f"theme.{mode}"
    sidebar = {"light": "#f6f7fa", "dark": "#0b0e14"}[mode]
    return {
        f"{section}.primaryColor": colours.accent,
        f"{section}.backgroundColor": colours.ground,
        f"{section}.secondaryBackgroundColor": colours.raised,
        f"{section}.textColor": colours.text,
        f"{section}.linkColor": colours.accent,
        f"{section}.borderColor": colours.line,
        f"{section}.redColor": colours.error,
        f"{section}.orangeColor": colours.warning,
        f"{section}.greenColor": colours.good,
        f"{section}.blueColor": colours.volume,
        f"{section}.violetColor": colours.model,
        f"{section}.grayColor": colours.agent,
        f"{section}.codeTextColor": colours.text,
        f"{section}.codeBackgroundColor": colours.raised,
        f"{section}.chartCategoricalColors": list(colours.categories),
        f"{section}.sidebar.backgroundColor": sidebar,
        f"{section}.sidebar.secondaryBackgroundColor": colours.raised if mode == "dark" else "#ffffff",
        f"{section}.sidebar.borderColor": colours.line,
    }


SETTINGS: Final[dict[str, object]] = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "minimal",
    "client.showSidebarNavigation": True,
    "client.allowedOrigins": [],
    "global.disableWidgetStateDuplicationWarning": True,
    "logger.hideWelcomeMessage": True,
    "runner.magicEnabled": False,
    "runner.postScriptGC": False,
    "server.fileWatcherType": "none",
    "server.folderWatchList": [],
    "server.headless": True,
    "server.runOnSave": False,
    "server.enableStaticServing": False,
    "server.enableAgentApi": False,
    "server.maxUploadSize": 1,
    "server.maxMessageSize": 64,
    "theme.baseRadius": "8px",
    "theme.baseFontSize": 15,
    "theme.baseFontWeight": 400,
    "theme.showWidgetBorder": True,
    "theme.showSidebarBorder": True,
    "theme.headingFontWeights": [650, 600, 600, 600, 600, 600],
    "theme.headingFontSizes": ["1.6rem", "1.2rem", "1rem", "0.95rem", "0.9rem", "0.85rem"],
    **_theme_options("light", LIGHT),
    **_theme_options("dark", DARK),
}


def apply_settings() -> None:
    """Set Streamlit's options for this process; nobody's `config.toml` can turn them back."""
    for name, value in SETTINGS.items():
        config.set_option(name, value, "dashboard/theme.py")
