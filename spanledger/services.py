"""Everything a running installation is made of, opened once and handed to whoever needs it.

What loads telemetry is imported when it is first asked for: most commands load none.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING

from alerts.engine import AlertEngine, alerts_job
from alerts.guards import GuardPublisher, guards_job
from alerts.reloading import ConfigSource
from alerts.reports import reports_job
from alerts.rules import AlertingConfig
from analytics.budgets import BudgetBoard, measure_budgets
from analytics.metrics.breakers import use_breaker
from analytics.pipeline import data_jobs
from analytics.pricing import PriceKeeper, PriceSource
from analytics.scheduler import Scheduler
from spanledger.config import Config, load_config, stamp_config
from spanledger.health import HealthProbe
from spanledger.housekeeping import housekeeping_jobs
from spanledger.layout import guards_file, log_dir, prices_dir
from spanledger.reloading import MoneyConfigWatch, money_config_job
from store import Control, Store, open_control, open_store
from store.clock import Clock, utc_now
from store.control import alert_rules, mirror_control

if TYPE_CHECKING:
    from collector.loader import Loader
    from collector.loading.intake import Intake


@dataclass(frozen=True)
class Services:
    """The open parts; `engine` is None where alerts are not evaluated, `loader` where no log is loaded."""

    config: Config
    store: Store
    control: Control
    make_intake: Callable[[], Intake]
    scheduler: Scheduler
    engine: AlertEngine | None
    loader: Loader | None
    started_at: datetime
    prices: PriceKeeper
    budgets: BudgetBoard

    @property
    def intake(self) -> Intake:
        """Return what reads bodies and writes their rows, always the same."""
        return self.make_intake()


def find_alerting(config: Config) -> ConfigSource:
    """Return where the rules, channels and routes of an installation are read from, again and again."""

    def read(made_rules: Sequence[Mapping[str, object]]) -> AlertingConfig:
        return load_config(config.data_dir, config.file, made_rules=made_rules).alerting

    return ConfigSource(read, lambda: stamp_config(config))


def read_alerting(services: Services) -> AlertingConfig:
    """Return the rules, channels and routes in force, with the rules that were made by command."""
    with services.control.read() as connection:
        made = [row.definition for row in alert_rules.list_rules(connection)]
    if services.engine is not None and services.engine.config_problem is not None:
        return services.engine.config
    return find_alerting(services.config).read(made)


def check_alerting(config: Config) -> AlertingConfig:
    """Return the rules, channels and routes that a configuration and the rules made by command would be in force as.

    Only the control state is opened, and only where there is one: it can be checked beside a running server.
    """
    if not (config.data_dir / "control.db").exists():
        return config.alerting
    control = open_control(config.data_dir)
    try:
        with control.read() as connection:
            made = [row.definition for row in alert_rules.list_rules(connection)]
    finally:
        control.close()
    return find_alerting(config).read(made)


@contextmanager
def open_services(
    config: Config, *, alerting: bool = False, loading: bool = False, clock: Clock = utc_now
) -> Generator[Services]:
    """Open the store, the control state and the jobs over them; close them in reverse order.

    Raises:
        StoreUnavailable: another process has the database, or the directory cannot be written.
        SchemaMismatch: a newer version wrote it.
    """
    store = open_store(config.data_dir, config.store, clock=clock)
    use_breaker(config.guards)
    try:
        control = open_control(config.data_dir)
        try:
            probe = HealthProbe(config, store, clock)
            engine = (
                AlertEngine(
                    store,
                    control,
                    config.alerting,
                    clock=clock,
                    dashboard_url=config.dashboard_url,
                    source=find_alerting(config),
                    probe=probe.read,
                )
                if alerting
                else None
            )
            prices = PriceKeeper(PriceSource(config.pricing, prices_dir(config.data_dir)))
            budgets = BudgetBoard(config.budgets, clock, partial(measure_budgets, store))
            jobs = [*data_jobs(config.analytics, control, prices, budgets), *housekeeping_jobs(config.store)]
            jobs.append(money_config_job(MoneyConfigWatch(config, prices, budgets)))
            if engine:
                jobs.append(alerts_job(engine))
                jobs.append(reports_job(control, config.reports, config.dashboard_url, engine.outbox.wake))
            if loading:
                path = guards_file(config.data_dir)
                jobs.append(guards_job(GuardPublisher(store, control, path, config.guards, clock=clock)))
            scheduler = Scheduler(store, jobs, clock, config.analytics)
            make_intake = cache(partial(_make_intake, config, store, clock))
            loader = _make_loader(config, make_intake(), clock) if loading else None
            probe.loader, probe.scheduler = loader, scheduler
            # What was changed by whoever was here last may not be in the views: it may have been killed.
            mirror_control(control, store)
            yield Services(
                config, store, control, make_intake, scheduler, engine, loader, clock(), prices, budgets
            )
        finally:
            control.close()
    finally:
        store.close()


def _make_intake(config: Config, store: Store, clock: Clock) -> Intake:
    from collector.loading.intake import Intake
    from collector.mapping.compilation import registry_with

    return Intake(store, clock, registry=registry_with(config.mappings))


def _make_loader(config: Config, intake: Intake, clock: Clock) -> Loader:
    from collector.loader import Loader
    from collector.log import LogReader

    return Loader(intake, LogReader(log_dir(config.data_dir)), config.collector, clock)
