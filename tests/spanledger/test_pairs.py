"""What people write at a shell becomes the table they mean."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from spanledger.cli.pairs import read_pairs
from store.errors import ConfigError


@pytest.mark.parametrize(
    ("line", "table"),
    [
        ("above=20000", {"above": 20_000}),
        ("above=1e9 full_window=true", {"above": 1e9, "full_window": True}),
        ("for=5m", {"for": "5m"}),
        ("""'group_by=["agent"]'""", {"group_by": ["agent"]}),
        ('group_by=["agent"]', {"group_by": ["agent"]}),
        ('group_by=["agent","tool"]', {"group_by": ["agent", "tool"]}),
        ("group_by=[]", {"group_by": []}),
        ("group_by=agent", {"group_by": ["agent"]}),
        ("group_by=agent,tool", {"group_by": ["agent", "tool"]}),
        ("'group_by=agent, tool'", {"group_by": ["agent", "tool"]}),
        ('burn_windows="1h 5m 14.4,6h 30m 6"', {"burn_windows": ["1h 5m 14.4", "6h 30m 6"]}),
        ("where.environment=prod where.service=shop,desk",
         {"where": {"environment": "prod", "service": ["shop", "desk"]}}),
        ("""'where={environment = "prod"}'""", {"where": {"environment": "prod"}}),
        ("where.user_id=137 labels.is_vip=true", {"where": {"user_id": "137"}, "labels": {"is_vip": "true"}}),
        ("labels.team=ops 'annotations.summary=too slow, again: {{ value }}'",
         {"labels": {"team": "ops"}, "annotations": {"summary": "too slow, again: {{ value }}"}}),
        ("annotations.runbook=https://wiki.example.com/a?b=c",
         {"annotations": {"runbook": "https://wiki.example.com/a?b=c"}}),
        ("'name=slow agents'", {"name": "slow agents"}),
        ('name="slow agents"', {"name": "slow agents"}),
        ("'query=SELECT 1 AS value'", {"query": "SELECT 1 AS value"}),
        ("severity=", {"severity": None}),
    ],
)  # fmt: skip
def test_arguments_of_a_shell_are_read_as_they_are_meant(line: str, table: dict[str, Any]) -> None:
    assert read_pairs(shlex.split(line)) == table


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("name=slow agents", "'agents' is not KEY=VALUE; write for example above=20000"),
        ("above", "'above' is not KEY=VALUE"),
        ("=3", "'=3' is not KEY=VALUE"),
        ("above=1 above=2", "above is given twice"),
        (
            "where={environment = prod}",
            "'prod}' is not KEY=VALUE|where=.* is no table; write for example where.name=value",
        ),
        ("where=prod", "where='prod' is no table; write for example where.name=value"),
        ("where=prod where.a=b", "where='prod' is no table"),
        ("""'where={a = "b"}' where.c=d where={}""", "where is given twice"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_remedy(line: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_pairs(shlex.split(line))
