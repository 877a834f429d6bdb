from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.answering import Form, fit_form, write_csv
from dashboard.saved import CHARTS, Board, Saved, SavedQuery, read_saved, write_saved
from store.errors import ConfigError

# TOML is text of Unicode characters: half of a surrogate pair is none.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
QUERIES = st.lists(
    st.builds(SavedQuery, TEXT.filter(str.strip), sql=TEXT, chart=st.sampled_from(CHARTS), x=TEXT, by=TEXT),
    max_size=5,
    unique_by=lambda query: query.name,
)


class TestFile:
    @given(QUERIES)
    def test_what_is_written_is_read_again_whatever_it_contains(
        self, tmp_path_factory: pytest.TempPathFactory, queries: list[SavedQuery]
    ) -> None:
        path = tmp_path_factory.getbasetemp() / "round.toml"
        board = Board("all", tuple(query.name for query in queries))
        saved = Saved(tuple(queries), (board,))
        write_saved(path, saved)
        assert read_saved(path) == saved

    def test_a_query_saved_on_a_board_joins_what_is_there_and_replaces_its_namesake(self) -> None:
        saved = Saved().with_query(SavedQuery("a", sql="SELECT 1"), "mine")
        saved = saved.with_query(SavedQuery("b", sql="SELECT 2"), "mine").with_query(
            SavedQuery("a", sql="SELECT 3")
        )
        assert saved.boards == (Board("mine", ("a", "b")),)
        query = saved.find_query("a")
        assert query is not None
        assert query.sql == "SELECT 3"

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("[[query]\n", "cannot be read"),
            ("[[query]]\nname = 'a'\nsqll = 'x'\n", "unknown key 'sqll'"),
            ("[[query]]\nname = 'a'\n", "either sql or a metric"),
            ("[[query]]\nname = 'a'\nsql = 'x'\nchart = 'pie'\n", "use one of table, bars"),
            ("[[board]]\nname = 'a'\nqueries = ['b']\n", "shows 'b', which is no query"),
            ("query = 3\n", "write each query under [[query]]"),
        ],
    )
    def test_a_file_that_is_wrong_says_where(self, tmp_path: Path, text: str, reason: str) -> None:
        path = tmp_path / "dashboards.toml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError, match=reason.replace("[", r"\[")):
            read_saved(path)

    def test_no_file_keeps_nothing(self, tmp_path: Path) -> None:
        assert read_saved(tmp_path / "none.toml") == Saved()


class TestAnswers:
    FRAME = pl.DataFrame({"agent": ["a", "b"], "runs": [1, 2], "note": ["=1+1", "plain"]})

    def test_a_form_that_does_not_fit_is_replaced_by_one_that_does(self) -> None:
        assert fit_form(Form("bars", "gone", "gone", "gone"), self.FRAME) == Form("bars", "agent", "runs", "")
        assert fit_form(Form(), self.FRAME.select(pl.col("runs").sum())) == Form("number", y="runs")
        assert fit_form(Form("lines"), self.FRAME.select("agent")) == Form("table")

    def test_a_cell_that_a_spreadsheet_would_run_is_text_in_csv(self) -> None:
        assert write_csv(self.FRAME).decode().splitlines() == ["agent,runs,note", "a,1,'=1+1", "b,2,plain"]
