"""(trace_id, span_id) is one row, and which version it holds does not depend on how they came."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from collector.loader import load_bodies
from collector.loading.intake import Intake
from store.port import Store
from tests.collector.building import NOW, NOW_NS, SECOND_NS, Plain, a_span, a_trace_body, ask

_namespaces = itertools.count(1)


@dataclass(frozen=True)
class Version:
    """One of several versions of a span."""

    span: int
    end_s: int | None
    attributes: int
    value: str

    def build(self, namespace: int) -> Span:
        values: dict[str, Plain] = {f"key{number}": self.value for number in range(self.attributes)}
        return a_span(
            trace_id=namespace.to_bytes(16, "big"),
            span_id=self.span.to_bytes(8, "big"),
            start_ns=NOW_NS,
            end_ns=NOW_NS + self.end_s * SECOND_NS if self.end_s is not None else 0,
            attributes=values,
        )


versions = st.builds(
    Version,
    span=st.integers(1, 3),
    end_s=st.none() | st.integers(1, 2),
    attributes=st.integers(0, 2),
    value=st.sampled_from(["x", "y"]),
)


def load_in_batches(
    store: Store, versions: list[Version], sizes: list[int], *, anew: bool
) -> list[tuple[object, ...]]:
    """Load the versions in this order and these batches, two spans a body, and return what the store has."""
    namespace = next(_namespaces)
    spans = [version.build(namespace) for version in versions]
    intake = Intake(store)
    while spans:
        size = sizes.pop() if sizes else len(spans)
        batch, spans = spans[:size], spans[size:]
        bodies = [a_trace_body(*batch[place : place + 2]) for place in range(0, len(batch), 2)]
        intake = Intake(store) if anew else intake
        intake.load(bodies, batch_id=f"bodies:{next(_namespaces)}")
    return ask(
        store,
        "SELECT span_id, duration_ms, attributes::VARCHAR FROM spans "
        f"WHERE trace_id = '{namespace:032x}' ORDER BY span_id",
    )


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), st.lists(versions, min_size=1, max_size=8), st.booleans())
def test_any_order_and_any_batches_give_the_same_rows(
    store: Store, data: st.DataObject, sent: list[Version], anew: bool
) -> None:
    sizes = st.lists(st.integers(1, 4), max_size=4)
    once = load_in_batches(store, sent, data.draw(sizes), anew=anew)
    again = load_in_batches(store, data.draw(st.permutations(sent)), data.draw(sizes), anew=False)
    assert once == again
    assert len(once) == len({version.span for version in sent})


def test_ended_beats_open_and_later_end_beats_fuller(store: Store) -> None:
    open_span = a_span(1, start_ns=NOW_NS, end_ns=0, attributes={"a": 1, "b": 2, "c": 3})
    ended = a_span(1, start_ns=NOW_NS, end_ns=NOW_NS + SECOND_NS, attributes={"a": 1, "b": 2})
    later = a_span(1, start_ns=NOW_NS, end_ns=NOW_NS + 2 * SECOND_NS)
    durations: list[object] = []
    for span in (open_span, ended, later, ended, open_span):
        load_bodies(store, [a_trace_body(span)], is_import=False)
        durations += [row[0] for row in ask(store, "SELECT duration_ms FROM spans")]
    assert durations == [None, 1000.0, 2000.0, 2000.0, 2000.0]


def test_replaced_span_has_a_new_load_so_that_jobs_see_it(store: Store) -> None:
    load_bodies(store, [a_trace_body(a_span(1, end_ns=0), a_span(2))], is_import=False)
    report = load_bodies(store, [a_trace_body(a_span(1), a_span(2))], is_import=False)
    assert report.records == {"traces": 1}
    assert report.duplicates == 1
    assert [row[0] for row in ask(store, "SELECT count(*) FROM spans")] == [2]
    since = store.select("loading/spans_since", {"floor": report.load_seq - 1})
    assert since["span_id"].to_list() == [f"{1:016x}"]


def test_version_with_another_start_is_the_same_span(store: Store) -> None:
    intake = Intake(store)
    for start_s in (0, -7200, 7200, 3):
        span = a_span(1, start_ns=NOW_NS + start_s * SECOND_NS, end_ns=NOW_NS + (9000 + start_s) * SECOND_NS)
        intake.load([a_trace_body(span)], batch_id=f"bodies:{start_s}")
    assert ask(store, "SELECT count(*), max(duration_ms) FROM spans") == [(1, 9_000_000.0)]


def test_span_from_before_the_memory_is_found_by_its_start(store: Store) -> None:
    load_bodies(store, [a_trace_body(*(a_span(number) for number in range(1, 50)))], is_import=False)
    forgetful = Intake(store, remembered_spans=0)
    stray = a_span(90, start_ns=NOW_NS - 20 * 365 * 86_400 * SECOND_NS, end_ns=0)
    report = forgetful.load([a_trace_body(a_span(7), a_span(77), stray)], batch_id="again")
    assert report.records == {"traces": 2}
    assert ask(store, "SELECT count(*) FROM spans") == [(51,)]


def test_same_ids_in_one_batch_are_one_row(store: Store) -> None:
    bodies = [
        a_trace_body(a_span(1, end_ns=0), a_span(2)),
        a_trace_body(a_span(1), received_at=NOW + timedelta(seconds=1)),
    ]
    report = load_bodies(store, bodies, is_import=False)
    assert report.records == {"traces": 2}
    assert report.duplicates == 1
    assert ask(store, "SELECT count(duration_ms) FROM spans") == [(2,)]
