"""What commands ask of an installation: done by the core process, or on the file when none runs.

Operations are imported on first use: a command pays for its own only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, Final

from store.errors import NotFound

if TYPE_CHECKING:
    import pyarrow as pa

    from spanledger.services import Services

    Operation = Callable[["Services", Mapping[str, Any], "Progress"], Mapping[str, Any] | pa.Table]

Progress = Callable[[Mapping[str, Any]], None]

OPERATIONS: Final[Mapping[str, str]] = {
    "alert-backtest": "alerting:backtest_alert",
    "alert-change": "alerting:change_rule",
    "alert-incidents": "alerting:list_incidents",
    "alert-preview": "alerting:preview_alert",
    "alert-remark": "alerting:remark_on_alert",
    "alert-replay": "alerting:replay_notifications",
    "alert-rules": "alerting:list_rules",
    "alert-show": "alerting:show_alert",
    "alert-silence": "alerting:silence_alerts",
    "alert-silences": "alerting:list_silences",
    "alert-test": "alerting:test_alerting",
    "alert-unsilence": "alerting:unsilence_alerts",
    "alerts": "questions:list_alerts",
    "compact": "maintenance:compact_store",
    "compare": "analysis:compare_sides",
    "compare-mix": "analysis:compare_mix",
    "cost-versions": "money:list_cost_versions",
    "dialects": "coverage:read_coverage",
    "digest": "analysis:report_digest",
    "drift": "drifting:list_drift",
    "drift_backtest": "drifting:backtest_drift",
    "drift_decide": "drifting:decide_drift",
    "drift_explain": "drifting:explain_drift",
    "drift_mark": "drifting:mark_drift",
    "explain": "explanation:explain",
    "explain-cost": "money:explain_cost_of_call",
    "feedback": "money:import_feedback",
    "golden-export": "analysis:export_golden",
    "golden-import": "analysis:import_golden",
    "golden-regressions": "analysis:golden_regressions",
    "import": "imports:import_bodies",
    "prices": "money:list_prices",
    "prices-check": "money:check_prices",
    "prices-close": "money:close_month_of_calls",
    "prices-closed": "money:list_closed_months",
    "prices-update": "money:take_prices",
    "readiness": "analysis:report_readiness",
    "renormalise": "rereading:renormalise_spans",
    "report-bill": "economics:report_bill",
    "report-economics": "economics:report_economics",
    "report-forecast": "economics:report_forecast",
    "report-instead": "economics:report_instead",
    "report-resolutions": "economics:report_resolutions",
    "report-waste": "economics:report_waste",
    "reprice": "money:reprice_calls",
    "review-label": "analysis:label_review",
    "review-sample": "analysis:sample_review",
    "search": "analysis:search",
    "shadows": "analysis:compare_shadow_runs",
    "sql": "questions:run_query",
    "status": "questions:read_status",
    "try-mapping": "rereading:try_mapping",
}
"""By name, the module and function that does it."""


def load_operations() -> None:
    """Import all operations: a server must not take one from files that an upgrade has changed since it began."""
    for name in OPERATIONS:
        find_operation(name)


def find_operation(name: str) -> Operation:
    """Return what does an operation.

    Raises:
        NotFound: There is no such operation here.
    """
    if name not in OPERATIONS:
        raise NotFound(f"the running server does not know {name!r}; restart it after an upgrade")
    return resolve_name(f"{__name__}.{OPERATIONS[name]}")
