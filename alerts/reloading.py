"""Takes up a changed configuration while running, and keeps the last good one when the change is wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from alerts.rules import AlertingConfig
from store import Control
from store.control import alert_rules
from store.errors import ConfigError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ConfigSource:
    """Where the alerting configuration is read from."""

    read: Callable[[Sequence[Mapping[str, object]]], AlertingConfig]
    """Reads it, with the rules that were made by command or on the page."""
    stamp: Callable[[], object]
    """Something that is another thing once the file changed."""


class ConfigWatch:
    """Notices that the file or the rules made elsewhere changed."""

    def __init__(self, source: ConfigSource, control: Control) -> None:
        self._source = source
        self._control = control
        self._seen: object = None
        self.problem: str | None = None
        """Why the changed configuration is not used; None while what is written is what holds."""

    def take_change(self) -> AlertingConfig | None:
        """Return the configuration when it changed and is right, else None; looks at the file's date only."""
        with self._control.read() as connection:
            seen = (self._source.stamp(), alert_rules.find_version(connection))
            if seen == self._seen:
                return None
            tables = alert_rules.list_rules(connection)
        self._seen = seen
        try:
            config = self._source.read([row.definition for row in tables])
        except ConfigError as error:
            self.problem = str(error)
            _log.error("the changed configuration is not used, the last good one holds: %s", error)
            return None
        if self.problem is not None:
            _log.info("the configuration is right again and is used")
        self.problem = None
        return config
