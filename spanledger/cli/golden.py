"""Commands on runs worth keeping: `golden export|import|regressions` and `review sample|label`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from spanledger.cli.analysis import Agents, Form, Last, seconds, show
from spanledger.cli.options import ConfigFile, Data, perform, who_asks
from store.errors import ConfigError

app = typer.Typer(help="Evaluation datasets out of real runs.", no_args_is_help=True, rich_markup_mode=None)
review = typer.Typer(help="Runs for people to judge.", no_args_is_help=True, rich_markup_mode=None)

Kind = Annotated[
    str,
    typer.Option("--kind", help="random, failed, worst, low (scores), new, drifted or picked (by --run)."),
]
Count = Annotated[int, typer.Option("--count", "-n", help="At most so many runs.", min=1, max=20_000)]
Runs = Annotated[list[str] | None, typer.Option("--run", help="Id of a run to pick; may be repeated.")]
Seed = Annotated[int, typer.Option(help="Another seed chooses other runs at random.")]


@app.command("export")
def export_cases(
    out: Annotated[Path, typer.Argument(help="File to write: .jsonl or .parquet.")],
    kind: Kind = "worst",
    count: Count = 100,
    run: Runs = None,
    agent: Agents = None,
    last: Last = "30d",
    redact: Annotated[
        list[str] | None, typer.Option(help="One more regular expression to redact; may be repeated.")
    ] = None,
    seed: Seed = 0,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Write runs as cases of a dataset; e-mail addresses, numbers of cards and phones, and keys are left out."""
    if out.suffix not in (".jsonl", ".parquet"):
        raise ConfigError(f"{out.name} is no dataset; name a file that ends with .jsonl or .parquet")
    arguments = _selection(kind, count, run, agent, last, seed) | {"redact": redact}
    report = perform("golden-export", arguments, data=data, config=config)
    assert isinstance(report, Mapping)
    cases: list[dict[str, Any]] = report["cases"]
    try:
        _write_cases(out, cases)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror}; name another file") from error
    typer.echo(f"{len(cases):,} cases in {out}", err=True)


def _write_cases(out: Path, cases: list[dict[str, Any]]) -> None:
    if out.suffix == ".jsonl":
        out.write_text("".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases), "utf-8")
        return
    import polars as pl

    from analytics.golden import CASE

    pl.DataFrame(cases, schema=CASE).write_parquet(out)


@app.command("import")
def import_results(
    file: Annotated[Path, typer.Argument(help="JSON lines with case_id, passed or score, explanation.")],
    suite: Annotated[str, typer.Option(help="Name of the suite.")],
    version: Annotated[str, typer.Option(help="What was tested: a version of agent, prompt or model.")],
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Keep the results of an evaluation suite."""
    rows = list(_read_lines(file))
    arguments = {"suite": suite, "version": version, "rows": rows, "author": who_asks()}
    report = perform("golden-import", arguments, data=data, config=config)
    assert isinstance(report, Mapping)
    typer.echo(f"{report['kept']:,} results of {suite} {version}")


@app.command()
def regressions(
    suite: Annotated[str, typer.Argument(help="Name of the suite.")],
    before: Annotated[str, typer.Argument(help="Version that was.")],
    after: Annotated[str, typer.Argument(help="Version that is.")],
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Say which cases passed in one version and fail in the other; exits with 1 when there are some."""
    arguments = {"suite": suite, "before": before, "after": after}
    report = perform("golden-regressions", arguments, data=data, config=config)
    assert isinstance(report, Mapping)
    passed = report["passed"]
    typer.echo(
        f"{report['cases']:,} cases: {passed[0]:,} passed in {before}, {passed[1]:,} in {after}; "
        f"{len(report['broken']):,} broken, {report['mended']:,} mended, {report['missing']:,} not judged"
    )
    if report["scored"]:
        means = " and ".join(
            f"{mean:.3g} in {it}" for mean, it in zip(report["scores"], (before, after), strict=True)
        )
        typer.echo(f"{report['scored']:,} have scores: {means} in the mean")
    for row in report["broken"]:
        flaky = f"passed {row['passes']} of {row['tries']} times; " if row["passes"] else ""
        typer.echo(f"{row['case_id']}: {flaky}{row['explanation'] or 'no explanation'}")
    if report["broken"]:
        raise typer.Exit(1)


@review.command()
def sample(
    kind: Kind = "random",
    count: Count = 20,
    agent: Agents = None,
    last: Last = "7d",
    seed: Seed = 0,
    form: Form = "table",
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """List runs to look at."""
    show("review-sample", _selection(kind, count, None, agent, last, seed), form, data=data, config=config)


@review.command("label")
def label_run(
    run_id: Annotated[str, typer.Argument(help="Run that was looked at.")],
    value: Annotated[float | None, typer.Option(help="A number.")] = None,
    label: Annotated[str | None, typer.Option(help="Or a word.")] = None,
    name: Annotated[str, typer.Option(help="What was judged.")] = "review",
    explanation: Annotated[str | None, typer.Option(help="Why.")] = None,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Write a judgement on a run."""
    arguments = {"run_id": run_id, "value": value, "label": label, "name": name, "explanation": explanation}
    perform("review-label", {**arguments, "author": who_asks()}, data=data, config=config)
    typer.echo(f"{run_id}: {name} is {label if value is None else value}")


def _selection(
    kind: str, count: int, runs: list[str] | None, agents: list[str] | None, last: str, seed: int
) -> dict[str, Any]:
    kind = "picked" if runs else kind
    return {
        "kind": kind,
        "count": count,
        "run_ids": runs,
        "agents": agents,
        "last_s": seconds(last),
        "seed": seed,
    }


def _read_lines(file: Path) -> Iterator[Mapping[str, Any]]:
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{file} cannot be read: {error}; name a text file with a JSON object a line"
        ) from error
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise ConfigError(
                f"{file.name}, line {number} is no JSON: {error}; write one object a line"
            ) from error
        if not isinstance(row, dict):
            raise ConfigError(f"{file.name}, line {number} is no JSON object; write one object a line")
        yield row
