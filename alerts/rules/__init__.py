"""What to watch: the schema of [[alert]], and the alerting configuration as a whole."""

from alerts.rules.alerting import AlertingConfig, parse_alerting
from alerts.rules.rule import CONDITIONS, SEVERITIES, AlertRule

__all__ = ["CONDITIONS", "SEVERITIES", "AlertRule", "AlertingConfig", "parse_alerting"]
