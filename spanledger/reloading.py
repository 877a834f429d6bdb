"""Takes up changed prices and budgets while the server runs, and keeps the last good ones when the change is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from analytics.budgets import BudgetBoard
from analytics.jobs import NOTHING_TO_DO, Job, JobContext, JobReport
from analytics.pricing import PriceKeeper
from spanledger.config import Config, load_config, stamp_config
from store.errors import ConfigError

_log = structlog.stdlib.get_logger(__name__)
_EVERY: Final = timedelta(seconds=5)


@dataclass
class MoneyConfigWatch:
    """Looks at the date of the configuration file, and reads it when that is another one."""

    config: Config
    prices: PriceKeeper
    budgets: BudgetBoard
    problem: str | None = None
    """Why the changed configuration is not used; None while what is written is what holds."""

    def __post_init__(self) -> None:
        self._seen = stamp_config(self.config)

    def take_change(self, context: JobContext) -> JobReport:
        """Adopt the prices and budgets of a changed file that is right."""
        stamp = stamp_config(self.config)
        if stamp == self._seen:
            return NOTHING_TO_DO
        self._seen = stamp
        try:
            config = load_config(self.config.data_dir, self.config.file)
        except ConfigError as error:
            self.problem = str(error)
            _log.error(
                "the changed configuration is not used, the last good prices and budgets hold: %s", error
            )
            return NOTHING_TO_DO
        self.problem = None
        self.prices.adopt(config.pricing)
        self.budgets.adopt(config.budgets)
        self.prices.book(context.store, reason="the configuration changed")
        _log.info("took up the prices and budgets of the changed configuration")
        return JobReport(changed=1)


def money_config_job(watch: MoneyConfigWatch) -> Job:
    """Return the job that watches the configuration by the clock."""
    return Job("configuration", watch.take_change, every=_EVERY)
