"""Writes the SELECT that tells, key by key, how events failed: how often, how many in a row, and when last."""

from __future__ import annotations

from dataclasses import replace

from store.figures.compose import Grid, Selection, cut_bins, filter_events, name_dimension
from store.figures.subjects import find_subject
from store.queries import ComposedQuery


def compose_streaks(subject_name: str, key: str, grid: Grid, selection: Selection) -> ComposedQuery:
    """Return the query for `bin`, `gN`, `key_name`, `key_events`, `failures`, `streak` and `failed_at`.

    A row speaks of the events of one value of the dimension `key`, in the last $recent_s of its bin; the whole window
    has $window_s. A streak are the failures since the last event that went well. A model is the one that was asked for:
    who failed has none that answered.
    """
    subject = find_subject(subject_name)
    subject = replace(subject, dimensions={**subject.dimensions, **subject.tried})
    groups = [
        f"{name_dimension(subject, name, f'$group_{position}')} AS g{position}"
        for position, name in enumerate(grid.group_by)
    ]
    names = [f"g{position}" for position in range(len(groups))]
    at = subject.at
    failed = f"CASE WHEN {subject.failed} THEN 1 WHEN {subject.dimensions['outcome']} IS NOT NULL THEN 0 END"
    cut = cut_bins(at, grid)
    # Whole seconds, so that both engines cut alike.
    in_time = (
        f"date_diff('second', $start, {at}) >= "
        f"least(({cut} + 1) * CAST($bin_s AS BIGINT), CAST($window_s AS BIGINT)) - CAST($recent_s AS BIGINT)"
    )
    where = [
        f"{at} >= $first AND {at} < $until",
        f"{subject.dimensions[key]} IS NOT NULL",
        in_time,
        *filter_events(subject, selection),
    ]
    told = ["bin_number", *names, "key_name"]
    inner = (
        f"SELECT {', '.join([f'{cut} AS bin_number', *groups])}, {subject.dimensions[key]} AS key_name,\n"
        f"    {at} AS happened_at, {failed} AS is_failure\nFROM {subject.source}\nWHERE {' AND '.join(where)}"
    )
    keys = ", ".join(f"f.{name}" for name in told)
    seen = (
        f"SELECT {', '.join(f'f.{name} AS {name}' for name in told)}, f.happened_at AS happened_at,\n"
        "    f.is_failure AS is_failure,\n"
        f"    max(CASE WHEN f.is_failure = 0 THEN f.happened_at END) OVER (PARTITION BY {keys}) AS ok_at\n"
        f"FROM ({inner}) AS f"
    )
    sql = (
        f"SELECT {', '.join(f'm.{name} AS {name}' for name in told)},\n"
        "    CAST(count(*) AS BIGINT) AS key_events,\n"
        "    CAST(coalesce(sum(m.is_failure), 0) AS BIGINT) AS failures,\n"
        "    CAST(sum(CASE WHEN m.is_failure = 1 AND (m.ok_at IS NULL OR m.happened_at > m.ok_at) THEN 1 ELSE 0 END) "
        "AS BIGINT) AS streak,\n"
        "    max(CASE WHEN m.is_failure = 1 THEN m.happened_at END) AS failed_at\n"
        f"FROM ({seen}) AS m\nGROUP BY {', '.join(f'm.{name}' for name in told)}"
    )
    return ComposedQuery(f"streaks of {subject.name} by {key}", sql, is_bounded=True)
