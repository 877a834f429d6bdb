"""A process that evaluates one alert and delivers it, to be killed.

`python -m tests.alerts.victim DIRECTORY URL RATE`
"""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import cast

from alerts.engine import AlertEngine
from alerts.outbox import Patience
from alerts.rules import parse_alerting
from alerts.rules.starter import STARTERS
from store import Store, open_control
from store.clock import utc_now
from tests.alerts.building import ScriptedEvidence


class NoStore:
    """Stands where figures come from elsewhere."""

    def subscribe(self, _: object) -> None:
        """Never call back."""


def main(directory: str, url: str, rate: str) -> None:
    off = [{"name": name, "enabled": False} for name in (starter["name"] for starter in STARTERS)]
    tables = {
        "alert": [*off, {"name": "rate", "metric": "success_rate", "below": 0.9}],
        "channel": [{"name": "hook", "type": "webhook", "url": url}],
        "route": {"group_wait": "0s", "group_interval": "1s"},
    }
    evidence = ScriptedEvidence()
    evidence.show("success_rate", ({}, float(rate), 40))
    engine = AlertEngine(
        cast("Store", NoStore()),
        open_control(Path(directory)),
        parse_alerting(tables, environ={}),
        clock=utc_now,
        evidence=evidence,
        patience=Patience(lease=timedelta(milliseconds=300)),
    )
    engine.start_delivery()
    while True:
        engine.evaluate()
        time.sleep(0.05)


if __name__ == "__main__":
    main(*sys.argv[1:])
