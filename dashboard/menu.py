"""The pages of the dashboard: to add one, write its module in `dashboard/pages` and name it here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from dashboard.pages import (
    alerts,
    compare,
    cost,
    dashboards,
    drift,
    explore,
    models,
    overview,
    quality,
    sessions,
    system,
    tools,
    trace,
    traces,
    users,
)


@dataclass(frozen=True)
class Entry:
    """A page.

    Attributes:
        path: its address; empty for the first one.
        title: its name in the menu.
        render: draws it.
        section: where the menu has it; empty when it is reached by links alone.
        icon: name of a Material symbol.
        is_filtered: whether it looks at the filters beside it.
    """

    path: str
    title: str
    render: Callable[[], None]
    section: str = ""
    icon: str = ""
    is_filtered: bool = True


PAGES: Final = (
    Entry("", "Overview", overview.render, "Monitor", "space_dashboard"),
    Entry("traces", "Traces", traces.render, "Monitor", "account_tree"),
    Entry("sessions", "Sessions", sessions.render, "Monitor", "forum"),
    Entry("alerts", "Alerts", alerts.render, "Monitor", "notifications", is_filtered=False),
    Entry("cost", "Cost", cost.render, "Analyse", "payments"),
    Entry("tools", "Tools", tools.render, "Analyse", "build"),
    Entry("models", "Models", models.render, "Analyse", "neurology"),
    Entry("users", "Users", users.render, "Analyse", "group"),
    Entry("quality", "Quality", quality.render, "Analyse", "thumbs_up_down"),
    Entry("compare", "Compare", compare.render, "Analyse", "compare_arrows"),
    Entry("drift", "Drift", drift.render, "Analyse", "trending_down"),
    Entry("explore", "Explore", explore.render, "Explore", "terminal", is_filtered=False),
    Entry("dashboards", "Dashboards", dashboards.render, "Explore", "dashboard"),
    Entry("system", "System", system.render, "System", "dns", is_filtered=False),
    Entry("trace", "Trace", trace.render, is_filtered=False),
)
