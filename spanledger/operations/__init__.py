"""What commands ask of an installation: done by the core process, or on the file when none runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

from spanledger.operations.alerting import ALERTING_OPERATIONS
from spanledger.operations.analysis import (
    compare_shadow_runs,
    compare_sides,
    export_golden,
    golden_regressions,
    import_golden,
    label_review,
    report_digest,
    report_readiness,
    sample_review,
    search,
)
from spanledger.operations.coverage import read_coverage
from spanledger.operations.drifting import backtest_drift, decide_drift, explain_drift, list_drift, mark_drift
from spanledger.operations.economics import (
    report_bill,
    report_economics,
    report_forecast,
    report_instead,
    report_resolutions,
    report_waste,
)
from spanledger.operations.explanation import explain
from spanledger.operations.imports import import_bodies
from spanledger.operations.maintenance import compact_store
from spanledger.operations.money import (
    check_prices,
    close_month_of_calls,
    explain_cost_of_call,
    import_feedback,
    list_closed_months,
    list_cost_versions,
    list_prices,
    reprice_calls,
    take_prices,
)
from spanledger.operations.questions import list_alerts, read_status, run_query
from spanledger.operations.rereading import renormalise_spans, try_mapping
from spanledger.services import Services

Progress = Callable[[Mapping[str, Any]], None]
Operation = Callable[[Services, Mapping[str, Any], Progress], Mapping[str, Any] | pa.Table]

OPERATIONS: dict[str, Operation] = {
    **ALERTING_OPERATIONS,
    "alerts": list_alerts,
    "compact": compact_store,
    "compare": compare_sides,
    "cost-versions": list_cost_versions,
    "digest": report_digest,
    "explain-cost": explain_cost_of_call,
    "feedback": import_feedback,
    "golden-export": export_golden,
    "golden-import": import_golden,
    "golden-regressions": golden_regressions,
    "drift": list_drift,
    "drift_backtest": backtest_drift,
    "drift_decide": decide_drift,
    "drift_explain": explain_drift,
    "drift_mark": mark_drift,
    "dialects": read_coverage,
    "explain": explain,
    "import": import_bodies,
    "prices": list_prices,
    "prices-check": check_prices,
    "prices-close": close_month_of_calls,
    "prices-closed": list_closed_months,
    "prices-update": take_prices,
    "readiness": report_readiness,
    "report-bill": report_bill,
    "report-economics": report_economics,
    "report-forecast": report_forecast,
    "report-instead": report_instead,
    "report-resolutions": report_resolutions,
    "report-waste": report_waste,
    "renormalise": renormalise_spans,
    "reprice": reprice_calls,
    "review-label": label_review,
    "review-sample": sample_review,
    "search": search,
    "shadows": compare_shadow_runs,
    "sql": run_query,
    "status": read_status,
    "try-mapping": try_mapping,
}
