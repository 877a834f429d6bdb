"""Reports on money: `report resolutions|waste|instead|forecast|economics|bill`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from analytics.figures import format_share
from spanledger.cli.options import ConfigFile, Data, perform
from store.errors import ConfigError

Since = Annotated[
    str | None, typer.Option("--from", help="First date or instant, UTC; default 30 days before the last.")
]
Until = Annotated[str | None, typer.Option("--to", help="First date or instant after, UTC; default now.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")]


def register(report: typer.Typer) -> None:
    """Add the reports on money to the reports."""
    report.command("resolutions")(resolutions)
    report.command("waste")(waste)
    report.command("instead")(instead)
    report.command("forecast")(forecast)
    report.command("economics")(economics)
    report.command("bill")(bill)


def resolutions(
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            help="agent, agent_version, prompt_version, service, tenant, user_id, model, attributes.KEY …",
        ),
    ] = None,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """What a resolved case costs: fully loaded, strict, direct, with numbers and intervals."""
    found = _ask("report-resolutions", {"by": by, "first": since, "until": until}, data, config)
    usd = _shown_in(found)
    if as_json:
        return _print_json(found)
    typer.echo(f"cases closed from {found['first']} to {found['until']}; {found['open_cases']} are open")
    for group in found["groups"]:
        _print_group(group, by, usd)
    if found["fees_usd"]:
        typer.echo(f"fees of the time, on top: {usd(found['fees_usd'])}")
        whole = None if by else next(iter(found["groups"]), None)
        if whole and whole["resolved"] and whole["cost_usd"] is not None:
            total = float(whole["cost_usd"]) + float(found["fees_usd"])
            least = "at least " if whole["unpriced_calls"] else ""
            typer.echo(f"  fully loaded, fees too  {least}{usd(total / whole['resolved'])}")
    return None


def waste(
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """What bought nothing (kinds overlap), what caching and batches save, and what idle machines cost."""
    found = _ask("report-waste", {"first": since, "until": until}, data, config)
    usd = _shown_in(found)
    if as_json:
        return _print_json(found)
    for title, key in (("waste, by kind; kinds overlap", "waste"), ("savings", "savings")):
        typer.echo(title)
        for one in found[key]:
            note = f"  ({one['note']})" if one["note"] else ""
            least = "at least " if one["unpriced"] and one["usd"] is not None else ""
            typer.echo(f"  {one['kind']:<34} {least + usd(one['usd']):>23}  {one['events']:>8} events{note}")
    if found["hosted"]:
        typer.echo("machines of your own")
    for one in found["hosted"]:
        share = "" if one["busy_share"] is None else f", {format_share(one['busy_share'])} of it"
        typer.echo(
            f"  {one['model']:<34} paid {usd(one['paid_usd'])} for {one['hours']:,.1f} h; {one['calls']} calls used "
            f"{usd(one['allocated_usd'])}{share}; idle {usd(one['idle_usd'])}"
        )
    return None


def instead(
    model: Annotated[str, typer.Argument(help="Model as the calls name it.")],
    by_model: Annotated[str, typer.Argument(help="The other one, as PROVIDER/MODEL.")],
    since: Since = None,
    until: Until = None,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """What the calls of one model would have cost on another, token for token."""
    arguments = {"model": model, "by_model": by_model, "first": since, "until": until}
    found = _ask("report-instead", arguments, data, config)
    usd = _shown_in(found)
    old, new = found["old"], found["new"]
    typer.echo(
        f"{old['events']} calls of {old['kind']}: {usd(old['usd'])}; on {new['kind']}: {usd(new['usd'])}"
    )
    if old["note"]:
        typer.echo(old["note"])


def forecast(
    limit: Annotated[
        float | None, typer.Option("--limit", help="USD; says on which day it is reached.")
    ] = None,
    as_json: AsJson = False,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """What the present month will have cost at its end."""
    found = _ask("report-forecast", {"limit": limit}, data, config)
    usd = _shown_in(found)
    if as_json:
        return _print_json(found)
    least = "at least " if found["unpriced_calls"] else ""
    typer.echo(f"{found['month']}: {least}{usd(found['spent_usd'])} spent so far")
    if found["expected_usd"] is None:
        typer.echo(f"no forecast: {found['method']}")
        return None
    typer.echo(
        f"expected {usd(found['expected_usd'])}, between {usd(found['low_usd'])} and {usd(found['high_usd'])} "
        f"(80 %), from {found['method']}"
    )
    if limit is not None:
        day = found["exceeds_on"]
        typer.echo(f"{usd(limit)} is reached on {day}" if day else f"{usd(limit)} is not reached this month")
    return None


def economics(
    users: Annotated[
        str, typer.Option("--users", help="Numbers of monthly users, by commas.")
    ] = "100,10000,100000",
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """What so many monthly users would cost, from how measured users differ."""
    arguments = {"users": _read_numbers(users), "first": since, "until": until}
    found = _ask("report-economics", arguments, data, config)
    usd = _shown_in(found)
    if as_json:
        return _print_json(found)
    seen = found["population"]
    least = "at least " if seen["unpriced_calls"] else ""
    typer.echo(
        f"{seen['users']} users in {seen['days']:.1f} days; a user's month costs {least}{usd(seen['mean_usd'])} on "
        f"average (p50 {usd(seen['p50_usd'])}, p90 {usd(seen['p90_usd'])}, p99 {usd(seen['p99_usd'])}), "
        f"{seen['runs_per_user']:.1f} runs, {seen['sessions_per_user']:.1f} sessions; the dearest hundredth makes "
        f"{format_share(seen['top_share'])} of it"
    )
    for one in found["projections"]:
        typer.echo(
            f"{one['users']:>12,} users  {usd(one['expected_usd']):>16} a month  "
            f"(95 %: {usd(one['low_usd'])} to {usd(one['high_usd'])})  fees {usd(one['fees_usd'])}  "
            f"{usd(one['per_user_usd'])} a user"
        )
    return None


def bill(
    file: Annotated[
        Path, typer.Argument(help="Cost or usage export of OpenAI or Anthropic, or date,model,cost_usd.")
    ],
    provider: Annotated[
        list[str] | None,
        typer.Option("--provider", help="Whose calls are compared; default whose export it is, else all."),
    ] = None,
    project_is: Annotated[
        str | None,
        typer.Option(
            "--project-is", help="service, environment, tenant or agent: what the bill calls a project."
        ),
    ] = None,
    as_json: AsJson = False,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """A provider's bill beside what was observed: what is missing on which side, and why."""
    arguments = {"file": str(file.absolute()), "providers": provider or [], "project_is": project_is}
    found = _ask("report-bill", arguments, data, config)
    usd = _in_usd
    if as_json:
        return _print_json(found)
    for row in found["rows"]:
        if row["why"] != "equal":
            typer.echo(
                f"{row['day']}  {row['model']:<32}  {row['project'] or '':<16}  {_billed(row, usd)}  {row['why']}"
            )
    equal = sum(row["why"] == "equal" for row in found["rows"])
    typer.echo(
        f"billed {usd(found['billed_usd'])} for models and {usd(found['other_usd'])} for other things, observed "
        f"{usd(found['observed_usd'])} of {', '.join(found['providers']) or 'all providers'}; difference "
        f"{usd(found['difference_usd'])}; {equal} of {len(found['rows'])} days and models are equal"
    )
    for why, meaning in found["reasons"].items():
        if why != "equal":
            typer.echo(f"  {why}: {meaning}")
    return None


def _billed(row: Mapping[str, Any], usd: Callable[[object], str]) -> str:
    if row["billed_usd"] is None and row["billed_tokens"] is not None:
        return f"billed {row['billed_tokens']:>12,} tokens  observed {row['observed_tokens']:>12,} tokens"
    billed = "nothing" if row["billed_usd"] is None else usd(row["billed_usd"])
    observed = usd(row["observed_usd"]) if row["calls"] else "nothing"
    return f"billed {billed:>12}  observed {observed:>12}"


def _print_group(group: Mapping[str, Any], by: str | None, usd: Callable[[object], str]) -> None:
    name = f"{by} {group['group'] or '(unknown)'}: " if by else ""
    least = "at least " if group["unpriced_calls"] else ""
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(group["by_outcome"].items()))
    cases = f"{group['cases']:,} case{'' if group['cases'] == 1 else 's'}"
    typer.echo(f"{name}{cases} ({outcomes or 'none'}; {group['reopened']} reopened)")
    rate = group["resolution_rate"]
    if rate is not None:
        low, high = group["resolution_rate_low"], group["resolution_rate_high"]
        typer.echo(
            f"  resolution rate     {format_share(rate)}  (95 %: {format_share(low)} to {format_share(high)}, "
            f"{group['resolved']} resolved)"
        )
    interval = ""
    if group["fully_loaded_low"] is not None:
        interval = f"  (95 %: {usd(group['fully_loaded_low'])} to {usd(group['fully_loaded_high'])})"
    at_least = least if group["fully_loaded_usd"] is not None else ""
    typer.echo(f"  fully loaded        {at_least}{usd(group['fully_loaded_usd'])}{interval}")
    for title, key in (
        ("strict (confirmed)", "strict_usd"),
        ("direct", "direct_usd"),
        ("failure overhead", "overhead_usd"),
        ("per escalation", "per_escalation_usd"),
    ):
        typer.echo(f"  {title:<20}{least if group[key] is not None else ''}{usd(group[key])}")


def _read_numbers(text: str) -> Sequence[int]:
    try:
        numbers = [int(part.strip().replace("_", "")) for part in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or min(numbers) < 1:
        raise ConfigError(f"--users {text!r} are no numbers of users; write 100,10000")
    return numbers


def _shown_in(found: Mapping[str, Any]) -> Callable[[object], str]:
    """Return what writes amounts in the currency of the configuration."""
    from analytics.pricing.currency import Display

    return Display(found["currency"], found["per_usd"]).show


def _in_usd(amount: object) -> str:
    """Write an amount as bills do, whatever currency other reports are shown in."""
    from analytics.pricing.currency import Display

    return Display().show(amount)


def _print_json(found: Mapping[str, Any]) -> None:
    typer.echo(json.dumps(found, ensure_ascii=False, indent=1))


def _ask(
    operation: str, arguments: Mapping[str, Any], data: Path | None, config: Path | None
) -> Mapping[str, Any]:
    found = perform(operation, arguments, data=data, config=config)
    assert isinstance(found, Mapping)
    return found
