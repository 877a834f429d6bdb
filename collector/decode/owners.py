"""Resource and scope of every record, spread over the records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

import polars as pl
import pyarrow as pa

from collector.decode.nesting import Items, as_series, list_items
from collector.decode.resources import read_resources

_SERVICE: Final = "service.name"
_ENVIRONMENTS: Final = ("deployment.environment.name", "deployment.environment")


@dataclass(frozen=True, slots=True)
class Owners:
    """The records of a request, and what they belong to."""

    records: Items
    columns: pl.DataFrame
    """Per record: body, resource_id, scope_name, scope_version."""
    resources: pl.DataFrame
    """resource_id, key, value: the distinct resources."""


def read_owners(requests: pa.RecordBatch, signal_names: tuple[str, str, str]) -> Owners:
    """Return the records three lists deep; `signal_names` are the names of the lists."""
    by_resource, by_scope, records_name = signal_names
    resource_items = list_items(cast("pa.ListArray", requests.column(by_resource)))
    scope_items = resource_items.items(by_scope)
    records = scope_items.items(records_name)
    resource_ids, resources = read_resources(resource_items)
    scope = scope_items.struct("scope")
    per_scope = pl.DataFrame(
        {
            "body": resource_items.parents[scope_items.parents],
            "resource_id": resource_ids[scope_items.parents],
            "scope_name": as_series(scope.field("name")),
            "scope_version": as_series(scope.field("version")),
        }
    ).with_columns(text_or_null("scope_name"), text_or_null("scope_version"))
    return Owners(records, per_scope[records.parents], resources)


def text_or_null(column: str) -> pl.Expr:
    """Return the text of a column; null where it is empty, as proto3 cannot tell empty from absent."""
    return pl.when(pl.col(column) != "").then(pl.col(column))


def resource_facts(resources: pl.DataFrame) -> pl.DataFrame:
    """Return resource_id, service and environment of the distinct resources."""
    environments = [_value_of(key) for key in _ENVIRONMENTS]
    return resources.group_by("resource_id").agg(
        _value_of(_SERVICE).alias("service"), pl.coalesce(environments).alias("environment")
    )


def _value_of(key: str) -> pl.Expr:
    return pl.col("value").filter(pl.col("key") == key, pl.col("value") != "").first()
