"""Commands on a data directory without a server: they work on the file, and say what is wrong in one sentence."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from spanledger.cli import options
from spanledger.operations import OPERATIONS, find_operation
from store import open_store
from store.clock import utc_now
from store.errors import StoreInUse
from tests.analytics.building import a_run, a_tool_call, to_frame
from tests.analytics.drift.test_explanation import ALARM
from tests.commands import run, run_bytes

SPANLEDGER = Path(sys.executable).with_name("spanledger")
BODY = json.dumps(
    {
        "resourceSpans": [
            {
                "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
                "scopeSpans": [
                    {
                        "scope": {"name": "t"},
                        "spans": [
                            {
                                "traceId": "5b8efff798038103d269b633813fc60c",
                                "spanId": "eee19b7ec3c1b174",
                                "name": "chat gpt-5-mini",
                                "startTimeUnixNano": "1763700000000000000",
                                "endTimeUnixNano": "1763700001000000000",
                                "attributes": [
                                    {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
                                    {"key": "gen_ai.request.model", "value": {"stringValue": "gpt-5-mini"}},
                                    {"key": "gen_ai.provider.name", "value": {"stringValue": "openai"}},
                                    {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "1000000"}},
                                    {"key": "gen_ai.usage.output_tokens", "value": {"intValue": "0"}},
                                ],
                            }
                        ],
                    }
                ],
            }
        ]
    }
)


def run_script(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the installed script in a process of its own."""
    return subprocess.run(
        [SPANLEDGER, *arguments], capture_output=True, text=True, timeout=120, check=False, cwd=cwd
    )


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with one imported call."""
    directory = tmp_path_factory.mktemp("imported")
    (directory / "001-traces.json").write_text(BODY)
    assert "imported 1 spans from 1 bodies" in run(
        "import", directory / "001-traces.json", "--data", directory / "data"
    )
    return directory


def test_what_is_imported_is_in_every_view_when_the_command_returns(imported: Path) -> None:
    query = "SELECT (SELECT count(*) FROM runs) AS runs, cost_usd, cost_status, started_at FROM llm_calls"
    (row,) = json.loads(run("sql", query, "--format", "json", "--data", imported / "data"))
    assert row == {
        "runs": 1,
        "cost_usd": "0.250000000000",
        "cost_status": "priced",
        "started_at": "2025-11-21T04:40:00Z",
    }


def test_importing_the_same_again_adds_nothing(imported: Path) -> None:
    assert "imported nothing new" in run("import", imported / "001-traces.json", "--data", imported / "data")
    assert run(
        "sql", "SELECT count(*) AS n FROM spans", "--format", "csv", "--data", imported / "data"
    ).split() == ['"n"', "1"]


def test_a_path_that_does_not_exist_is_a_usage_error(tmp_path: Path) -> None:
    assert "there is no" in run("import", tmp_path / "missing.pb", "--data", tmp_path, code=2)


@pytest.mark.parametrize("form", ["table", "csv", "json", "arrow", "parquet"])
def test_every_format_carries_the_same_row(imported: Path, form: str) -> None:
    query = "SELECT span_id, input_tokens FROM llm_calls"
    output = run_bytes("sql", query, "--format", form, "--data", imported / "data")
    if form == "arrow":
        rows = pl.read_ipc_stream(io.BytesIO(output)).rows()
    elif form == "parquet":
        rows = pl.read_parquet(io.BytesIO(output)).rows()
    elif form == "csv":
        rows = pl.read_csv(io.BytesIO(output)).rows()
    elif form == "json":
        rows = [tuple(row.values()) for row in json.loads(output)]
    else:
        lines = output.decode().splitlines()
        assert lines[0].split() == ["span_id", "input_tokens"]
        rows = [(lines[1].split()[0], int(lines[1].split()[1]))]
    assert rows == [("eee19b7ec3c1b174", 1_000_000)]


def test_maps_are_objects_and_unknown_is_null_in_json(imported: Path) -> None:
    query = "SELECT attributes, ttft_ms FROM spans JOIN llm_calls USING (span_id)"
    (row,) = json.loads(run("sql", query, "--format", "json", "--data", imported / "data"))
    assert row["attributes"]["gen_ai.request.model"] == "gpt-5-mini"
    assert row["ttft_ms"] is None


def test_a_query_comes_from_standard_input_too(imported: Path) -> None:
    assert json.loads(
        run("sql", "--format", "json", "--data", imported / "data", stdin="SELECT 1 AS one")
    ) == [{"one": 1}]


@pytest.mark.parametrize(
    "query",
    [
        "DROP TABLE spans",
        "SELECT 1; SELECT 2",
        "COPY spans TO 'x.csv'",
        "SELECT * FROM ledger.spans",
        "SELECT getenv('HOME')",
    ],
)
def test_anything_but_one_select_over_the_views_is_refused(imported: Path, query: str) -> None:
    assert run("sql", query, "--data", imported / "data", code=1).startswith("spanledger: ")


def test_status_says_what_is_stored(imported: Path) -> None:
    found = json.loads(run("status", "--json", "--data", imported / "data"))
    assert found["rows"]["spans"] == 1
    assert found["is_served"] is False
    assert "spans 1" in run("status", "--data", imported / "data")


def test_a_command_waits_for_whoever_has_the_database_and_does_not_answer_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (
        "import sys, pathlib; from store import open_store; s = open_store(pathlib.Path(sys.argv[1])); "
        "print('open', flush=True); sys.stdin.read(); s.close()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        monkeypatch.setattr(options, "_PATIENCE_S", 0.0)
        with pytest.raises(StoreInUse, match="in use by another process"):
            options.perform("status", {}, data=tmp_path)
        monkeypatch.undo()
        waits: list[float] = []
        monkeypatch.setattr("time.sleep", lambda seconds: (waits.append(seconds), holder.communicate()))
        assert options.perform("status", {}, data=tmp_path)
    assert len(waits) == 1


def test_doctor_finds_nothing_wrong_with_a_new_installation(
    tmp_path: Path, free_port: Callable[[], int]
) -> None:
    ports = [f"127.0.0.1:{free_port()}" for _ in range(3)]
    (tmp_path / "spanledger.toml").write_text(
        f'[collector]\nhttp = "{ports[0]}"\ngrpc = "{ports[1]}"\n[dashboard]\nhttp = "{ports[2]}"\n'
    )
    tmp_path.chmod(0o700)
    found = run("doctor", "--data", tmp_path)
    assert "FAIL" not in found
    assert "is free" in found


def test_doctor_names_a_taken_port_and_the_remedy(tmp_path: Path, free_port: Callable[[], int]) -> None:
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        (tmp_path / "spanledger.toml").write_text(f'[collector]\nhttp = "{address}"\n')
        done = run_script("doctor", "--data", tmp_path)
    assert done.returncode == 1
    assert f"{address} is taken by another program" in done.stdout
    assert "set [collector] http" in done.stdout


def test_config_check_names_file_key_and_remedy(tmp_path: Path) -> None:
    (tmp_path / "spanledger.toml").write_text('[collector]\nhtp = "x"\n')
    said = run("config", "check", "--data", tmp_path, code=2)
    assert (
        said
        == f"spanledger: {tmp_path}/spanledger.toml: [collector]: unknown key 'htp'; did you mean 'http'?\n"
    )


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    (tmp_path / "spanledger.toml").write_text(
        '[[channel]]\nname = "team"\ntype = "slack"\nurl = "https://hooks.slack.com/services/T/B/geheim"\n'
    )
    assert "geheim" not in run("config", "show", "--data", tmp_path)
    assert "geheim" not in run("alerts", "check-config", "--data", tmp_path)


def test_a_folder_called_store_where_it_is_started_shadows_nothing(tmp_path: Path, imported: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "__init__.py").write_text("raise SystemExit('shadowed')")
    (tmp_path / "collector.py").write_text("raise SystemExit('shadowed')")
    assert "spans 1" in run_script("status", "--data", imported / "data", cwd=tmp_path).stdout


def test_the_script_fails_with_one_sentence_and_no_traceback(tmp_path: Path) -> None:
    done = run_script("sql", "DROP TABLE spans", "--data", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("spanledger: ")
    assert len(done.stderr.splitlines()) == 1


def test_help_lists_only_commands_that_do_something() -> None:
    lines = run("--help").split("Commands:")[1].strip().splitlines()
    for name in (line.split()[0] for line in lines):
        assert "Usage: spanledger" in run(name, "--help")


def test_the_command_line_imports_only_what_a_command_needs() -> None:
    heavy = {"duckdb", "numpy", "pandas", "polars", "pyarrow", "sqlalchemy", "streamlit", "structlog"}
    program = f"import sys, spanledger.cli; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_alarms_of_drift_are_listed_in_words_and_units(tmp_path: Path) -> None:
    run("status", "--data", tmp_path)
    store = open_store(tmp_path)
    store.replace(appends={"drift_alarms": pl.DataFrame([ALARM])})
    store.close()
    listed = run("drift", "list", "--data", tmp_path)
    assert "Success rate down" in listed
    assert " 96 % " in listed
    assert 'success_rate{agent="support"}' in listed


def test_shadow_runs_are_told_with_what_they_did_instead_and_what_they_cost(tmp_path: Path) -> None:
    run("status", "--data", tmp_path)
    now = utc_now() - timedelta(hours=1)
    facts = {"input": "refund me", "started_at": now}
    runs = [
        a_run("p1-1", cost_usd=Decimal(1), **facts),
        a_run("x1-1", cost_usd=Decimal(3), purpose="shadow", **facts),
    ]
    tools = [
        a_tool_call("a", run_id="p1-1", tool="refund", started_at=now),
        a_tool_call("b", run_id="x1-1", tool="ask_human", started_at=now),
    ]
    store = open_store(tmp_path)
    store.replace(appends={"runs": to_frame("runs", runs), "tool_calls": to_frame("tool_calls", tools)})
    store.close()
    told = run("shadows", "--last", "1d", "--data", tmp_path)
    assert "1 pairs (0 by the id they name, 1 by equal input), 0 shadow runs without a partner" in told
    assert "cost of a run: $1.00 in production, $3.00 in the shadow" in told
    assert "x1-1 differs from p1-1 at tool 1: ask_human instead of refund" in told


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_where_its_name_says(name: str) -> None:
    assert callable(find_operation(name))
