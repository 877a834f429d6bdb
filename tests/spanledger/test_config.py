"""The configuration: one file, the environment over it, errors that name file, key and remedy."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from spanledger.config import load_config, show_config
from spanledger.layout import default_data_dir
from store.errors import ConfigError


def write(tmp_path: Path, text: str) -> Path:
    (tmp_path / "spanledger.toml").write_text(text)
    return tmp_path


def test_every_key_is_optional(tmp_path: Path) -> None:
    config = load_config(tmp_path, environ={})
    assert config.collector.http == "127.0.0.1:4318"
    assert config.dashboard.http == "127.0.0.1:8501"


def test_the_file_sets_and_the_environment_wins(tmp_path: Path) -> None:
    write(
        tmp_path,
        '[collector]\nhttp = "127.0.0.1:14318"\ngrpc = "127.0.0.1:14317"\n[store]\nretention = "30d"\n',
    )
    config = load_config(tmp_path, environ={"SPANLEDGER_COLLECTOR_HTTP": "127.0.0.1:24318"})
    assert (config.collector.http, config.collector.grpc) == ("127.0.0.1:24318", "127.0.0.1:14317")
    assert config.store.retention == timedelta(days=30)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[colector]\n", "unknown section [colector]; did you mean 'collector'?"),
        ('[collector]\nhtp = "x"\n', "[collector]: unknown key 'htp'; did you mean 'http'?"),
        ("[store]\nretention = 5\n", "[store]: retention = 5 is no duration"),
        ('[collector]\nmax_body_bytes = "many"\n', "max_body_bytes = 'many' is no whole number"),
        ('[log]\nformat = "xml"\n', "[log]: format = 'xml' is not one of logfmt, json"),
        ("collector = 3\n", "'collector' must be a table; write [collector]"),
        ("[collector\n", "cannot be read as TOML"),
        ('[collector]\nhttp = "localhost"\n', "address 'localhost' has no port"),
        ('[dashboard]\nhttp = "0.0.0.0:8501"\n', "is reachable from other machines"),
    ],
)
def test_a_wrong_file_is_an_error_with_remedy(tmp_path: Path, text: str, complaint: str) -> None:
    write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path, environ={})
    assert complaint in str(caught.value)


def test_an_environment_variable_that_sets_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match="SPANLEDGER_COLLECTOR_HTPP sets nothing; did you mean 'SPANLEDGER_COLLECTOR_HTTP'"
    ):
        load_config(tmp_path, environ={"SPANLEDGER_COLLECTOR_HTPP": "x"})


def test_a_named_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no configuration file"):
        load_config(tmp_path, tmp_path / "other.toml", environ={})


def test_what_is_shown_can_be_read_again(tmp_path: Path) -> None:
    shown = show_config(load_config(tmp_path, environ={}))
    (tmp_path / "again.toml").write_text(shown)
    assert (
        show_config(load_config(tmp_path, tmp_path / "again.toml", environ={})).splitlines()[2:]
        == shown.splitlines()[2:]
    )


def test_the_data_directory_follows_environment_then_xdg(tmp_path: Path) -> None:
    assert default_data_dir({"SPANLEDGER_DATA": "/here"}) == Path("/here")
    assert default_data_dir({"XDG_DATA_HOME": "/share"}) == Path("/share/spanledger")
