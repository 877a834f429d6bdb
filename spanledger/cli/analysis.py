"""Commands that compare and search: `compare`, `shadows`, `search`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analytics.figures import format_amount, format_share
from spanledger.cli.options import ConfigFile, Data, perform
from store.configuration.durations import parse_duration
from store.errors import ConfigError

if TYPE_CHECKING:
    import pyarrow as pa

Last = Annotated[str, typer.Option("--last", help='How far back to look, as "24h" or "7d".')]
Agents = Annotated[list[str] | None, typer.Option("--agent", help="Only this agent; may be repeated.")]
Form = Annotated[str, typer.Option("--format", help="table, csv, json, arrow or parquet.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(compare)
    app.command()(shadows)
    app.command()(search)


def compare(
    a: Annotated[
        str, typer.Argument(help='One side: "prompt_version=7,agent=support" or "2026-11-01/2026-11-08".')
    ],
    b: Annotated[str, typer.Argument(help="The other side.")],
    metric: Annotated[list[str] | None, typer.Option("--metric", help="A metric; may be repeated.")] = None,
    where: Annotated[
        list[str] | None, typer.Option("--where", help="dimension=value, on both sides.")
    ] = None,
    last: Last = "14d",
    form: Form = "table",
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Compare two versions or periods: effect, interval, p-value, and what could have been seen."""
    pairs = [text.partition("=") for text in where or ()]
    for text, (name, sign, _) in zip(where or (), pairs, strict=True):
        if not name or not sign:
            raise ConfigError(f'--where {text!r} is no condition; write "agent=support"')
    arguments = {
        "a": a,
        "b": b,
        "metrics": metric,
        "where": {name.strip(): value.strip() or None for name, _, value in pairs},
        "last_s": seconds(last),
    }
    show("compare", arguments, form, _say_compared, data=data, config=config)
    if form == "table":
        report = perform("compare-mix", arguments, data=data, config=config)
        assert isinstance(report, Mapping)
        for hint in report["hints"]:
            typer.echo(f"the sides differ in this, too: {hint}", err=True)


def _say_compared(table: pa.Table) -> pa.Table:
    """Return the table with values in the units of their metrics, for people; of shares in percent and points."""
    import pyarrow as pa

    from analytics.metrics import METRICS, say_difference, say_value

    says = dict.fromkeys(("a", "b"), say_value) | dict.fromkeys(
        ("difference", "low", "high", "detectable"), say_difference
    )
    rows = [
        {
            name: says[name](METRICS[row["metric"]], value) if name in says and value is not None else value
            for name, value in row.items()
        }
        for row in table.to_pylist()
    ]
    for row in rows:
        row["detectable"] = row["detectable"] and row["detectable"].removeprefix("+")
    return _shorten(pa.Table.from_pylist(rows, schema=pa.schema(_as_text(table.schema, says))))


def _as_text(schema: pa.Schema, names: Collection[str]) -> list[pa.Field]:
    import pyarrow as pa

    return [pa.field(field.name, pa.string()) if field.name in names else field for field in schema]


def shadows(last: Last = "7d", agent: Agents = None, data: Data = None, config: ConfigFile = None) -> None:
    """Compare shadow runs with the runs they repeat, action by action."""
    report = perform("shadows", {"last_s": seconds(last), "agents": agent}, data=data, config=config)
    assert isinstance(report, Mapping)
    by_id = report["paired_by_id"]
    typer.echo(
        f"{report['pairs']:,} pairs ({by_id:,} by the id they name, {report['pairs'] - by_id:,} by equal input), "
        f"{report['unpaired']:,} shadow runs without a partner"
    )
    if report["is_partial"]:
        typer.echo(
            "retention has deleted facts of this time or the week around it; these figures speak of the rest"
        )
    for name, words in (("same_tools", "used the same tools"), ("same_outcome", "had the same outcome")):
        if report[name] is not None:
            share, low, high = report[name]
            typer.echo(
                f"{format_share(share)} {words} (95 % interval {format_share(low)} to {format_share(high)})"
            )
    if report["outcome_p"] is not None:
        typer.echo(
            f"chance alone would make one side succeed that much oftener with p = {report['outcome_p']:.3g}"
        )
    for name, words, metric in (
        ("cost_usd", "cost", "cost_per_run_usd"),
        ("duration_ms", "time", "run_mean_ms"),
    ):
        _tell_effect(words, metric, report[name])
    if report["total_usd"] is not None:
        did, would = (format_amount(usd, "USD") for usd in report["total_usd"])
        typer.echo(f"together they cost {did} in production, and would have cost {would}")
    for row in report["differing"]:
        typer.echo(f"{row['shadow_run_id']} differs from {row['run_id']} {_say_where(row)}")


def _tell_effect(words: str, metric: str, effect: Mapping[str, Any]) -> None:
    from analytics.metrics import METRICS, say_difference, say_value

    if effect["difference"] is None:
        return
    shown = METRICS[metric]
    low, high = (
        None if effect[name] is None else say_difference(shown, effect[name]) for name in ("low", "high")
    )
    between = "" if low is None else f" (95 % interval {low} to {high}, p = {effect['p']:.2g})"
    typer.echo(
        f"{words} of a run: {say_value(shown, effect['a'])} in production, {say_value(shown, effect['b'])} in the "
        f"shadow: {say_difference(shown, effect['difference'])}{between}"
    )


def _say_where(row: Mapping[str, Any]) -> str:
    """Return at which tool two runs part, and what each called there."""
    place = row["differs_at"] - 1
    mine, other = ((row[name][place : place + 1] or ["nothing"])[0] for name in ("shadow_tools", "tools"))
    return f"at tool {place + 1}: {mine} instead of {other}"


def search(
    text: Annotated[str, typer.Argument(help="What inputs or outputs contain, in any case of letters.")],
    last: Last = "24h",
    agent: Agents = None,
    max_rows: Annotated[int, typer.Option(help="At most so many, the newest.", min=1)] = 100,
    form: Form = "table",
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Search what users and models said."""
    arguments = {"text": text, "last_s": seconds(last), "agents": agent, "max_rows": max_rows}
    show("search", arguments, form, data=data, config=config)


def seconds(text: str) -> float:
    """Return a duration in seconds.

    Raises:
        ConfigError: It is none.
    """
    try:
        length = parse_duration(text).total_seconds()
    except ValueError as error:
        raise ConfigError(f'--last {text!r} is no duration; write for example "24h" or "7d"') from error
    if length <= 0:
        raise ConfigError(f'--last {text!r} is no time at all; write for example "24h" or "7d"')
    return length


def show(
    operation: str,
    arguments: Mapping[str, Any],
    form: str,
    say: Callable[[pa.Table], pa.Table] | None = None,
    **where: Any,
) -> None:
    """Perform an operation and print its table; `say` makes it what people read, programs get all digits."""
    import pyarrow as pa

    from spanledger.cli.tables import Format, print_table

    if form not in Format.__args__:
        raise ConfigError(f"--format {form!r} is not one of {', '.join(Format.__args__)}")
    table = perform(operation, arguments, **where)
    assert isinstance(table, pa.Table)
    print_table((say or _shorten)(table) if form == "table" else table, form)  # type: ignore[arg-type]


def _shorten(table: pa.Table) -> pa.Table:
    """Return the table with fractions as people read them."""
    import pyarrow as pa

    for position, field in enumerate(table.schema):
        if pa.types.is_floating(field.type):
            texts = [
                None if value is None else f"{value:.4g}" for value in table.column(position).to_pylist()
            ]
            table = table.set_column(position, field.name, pa.array(texts, pa.string()))
    return table
