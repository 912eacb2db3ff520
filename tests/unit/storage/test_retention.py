from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import pytest

from lookervault.errors import UsageError
from lookervault.storage.retention import Policy, Span, choose, span
from lookervault.storage.runs import RunRow

BEGUN = msgspec.convert(
    dict.fromkeys(RunRow.__struct_fields__)
    | {"arguments": {}, "types": [], "reasons": []}
    | dict.fromkeys(("instance", "base_url", "user", "user_id"), "")
    | {"looker_version": "", "program_version": "", "whole": True}
    | {"run": 1, "started": 0.0, "status": "complete"},
    RunRow,
)


def runs(*begun: str, status: dict[int, str] | None = None) -> list[RunRow]:
    """Of these times, from run 1 on."""
    return [
        msgspec.structs.replace(
            BEGUN,
            run=run,
            started=datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp(),
            status=(status or {}).get(run, "complete"),
        )
        for run, text in enumerate(begun, start=1)
    ]


def kept(rows: Sequence[RunRow], policy: Policy) -> list[int]:
    return [one.run.run for one in choose(rows, policy) if one.reasons]


DAYS = runs(
    "2025-12-28T02:00",  # 1: a Sunday
    "2025-12-29T02:00",  # 2: a Monday, of the first week of 2026
    "2025-12-31T02:00",  # 3
    "2025-12-31T23:59",  # 4
    "2026-01-01T00:01",  # 5: a Thursday
    "2026-01-05T02:00",  # 6: a Monday
    "2026-02-02T02:00",  # 7
)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Policy(last=1), [7]),
        (Policy(last=3), [5, 6, 7]),
        (Policy(last=99), [1, 2, 3, 4, 5, 6, 7]),
        (Policy(daily=4), [4, 5, 6, 7]),
        (Policy(weekly=3), [5, 6, 7]),
        (Policy(weekly=4), [1, 5, 6, 7]),
        (Policy(monthly=2), [6, 7]),
        (Policy(monthly=3), [4, 6, 7]),
        (Policy(yearly=1), [7]),
        (Policy(yearly=2), [4, 7]),
        (Policy(yearly=3), [1, 4, 7]),  # reaches back to the oldest while years are left
        (Policy(within=span("28d")), [6, 7]),
        (Policy(within=span("27d")), [7]),
        (Policy(within=span("1m")), [6, 7]),
        (Policy(within=span("1m2d1h")), [3, 4, 5, 6, 7]),
        (Policy(within=span("9999y")), [1, 2, 3, 4, 5, 6, 7]),
        (Policy(last=1, monthly=2, yearly=2), [4, 6, 7]),
    ],
)
def test_the_newest_of_each_period_is_kept(policy: Policy, expected: list[int]) -> None:
    assert kept(DAYS, policy) == expected


def test_the_reasons_are_told() -> None:
    found = {one.run.run: one.reasons for one in choose(DAYS, Policy(last=1, daily=1, monthly=2))}
    assert found[7] == ["newest", "newest complete", "last", "daily", "monthly"]
    assert found[6] == ["monthly"]
    assert found[5] == []


def test_of_a_period_the_newest_complete_run_is_kept_if_there_is_one() -> None:
    states = {2: "partial", 3: "partial", 4: "failed"}
    days = ["2026-01-01T01:00", "2026-01-01T02:00", "2026-01-02T01:00", "2026-01-02T02:00"]
    rows = runs(*days, "2026-01-03T01:00", "2026-01-04T01:00", status=states)
    assert kept(rows, Policy(daily=4)) == [1, 4, 5, 6]


def test_the_newest_complete_run_and_what_began_after_the_last_end_always_stay() -> None:
    days = [f"2026-01-0{day}T01:00" for day in range(1, 8)]
    rows = runs(*days, status={4: "partial", 5: "partial", 6: "interrupted", 7: "running"})
    reasons = {one.run.run: one.reasons for one in choose(rows, Policy())}
    assert reasons == {
        1: [],
        2: [],
        3: ["newest complete"],
        4: [],
        5: ["newest"],
        6: ["not finished"],
        7: ["not finished"],
    }


def test_a_run_over_some_folders_does_not_stand_for_one_over_everything() -> None:
    rows = runs("2026-01-01T01:00", "2026-01-02T01:00", "2026-01-02T02:00", "2026-01-03T01:00")
    rows[2:] = [msgspec.structs.replace(row, scope=["7"]) for row in rows[2:]]
    assert kept(rows, Policy(daily=2)) == [2, 4]
    assert kept(rows, Policy()) == [2, 4]


def test_a_run_over_named_types_does_not_either_unless_there_are_no_others() -> None:
    rows = runs("2026-01-01T01:00", "2026-01-02T01:00", "2026-01-02T02:00", "2026-01-03T01:00")
    named = {"types": ["boards"], "exclude": [], "folders": []}
    rows[2:] = [msgspec.structs.replace(row, arguments=named) for row in rows[2:]]
    assert kept(rows, Policy(daily=2)) == [2, 4]
    assert kept(rows, Policy()) == [2, 4]
    reasons = {one.run.run: one.reasons for one in choose(rows[2:], Policy())}
    assert reasons == {3: [], 4: ["newest", "newest complete"]}


def test_nothing_is_chosen_where_there_is_nothing() -> None:
    assert choose([], Policy(last=3, daily=3, within=span("3d"))) == []


def test_a_time_beyond_any_calendar_is_as_old_as_can_be() -> None:
    rows = [msgspec.structs.replace(BEGUN, run=1, started=1e300), *runs("2026-01-01")]
    rows[1] = msgspec.structs.replace(rows[1], run=2)
    assert kept(rows, Policy(daily=1, within=span("1y"))) == [2]


def test_a_month_before_the_last_of_a_long_month_is_the_last_of_a_short_one() -> None:
    assert span("1m").before(datetime(2026, 3, 31, tzinfo=UTC)) == datetime(2026, 2, 28, tzinfo=UTC)
    assert span("1y2m3w4d5h") == Span(14, 24 * 25 + 5)


@pytest.mark.parametrize("text", ["", "30", "d", "2d1m", "-3d", "3 days", "1.5d"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no length of time"):
        span(text)
