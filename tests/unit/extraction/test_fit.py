"""Which schedule a quota permits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lookervault.content.registry import TYPES
from lookervault.errors import UsageError
from lookervault.extraction.estimate import TypeCost
from lookervault.extraction.fit import RESERVE, fit
from lookervault.extraction.plan import NIGHTS, Plan
from lookervault.extraction.shelf import Cost
from lookervault.storage.proving import Read

NAMES = ("dashboards", "folders", "users", "settings")
SESSION = 4


def planned(dashboards: int = 10, users: int = 6, settings: int = 14, proving: int = 28) -> Plan:
    """Listing, and `proving` calls for all that seems unchanged."""
    content = Cost(dashboards)
    costs = {
        "dashboards": TypeCost(
            now=Cost(dashboards + 1 + round(proving / 14)),
            base=content,
            full=Cost(1000),
            changes=Cost(1).times,
            proving=lambda share: Cost(share * proving),
        ),
        **{
            name: TypeCost(now=Cost(calls), base=Cost(calls), full=Cost(calls))
            for name, calls in (("folders", 1), ("users", users), ("settings", settings))
        },
    }
    types = [TYPES[name] for name in NAMES]
    return Plan(
        types=types,
        costs=costs,
        due=frozenset(NAMES),
        every={one.name: one.every for one in types},
        share=1 / 14,
        full=False,
        seconds_per_call=0.1,
        asked={},
    )


def test_a_month_has_a_run_in_each_night_and_seldom_types_in_some() -> None:
    found = planned().month()
    nightly = SESSION + 10 + 1 + 2 + 1 + 6
    assert found == (NIGHTS, NIGHTS * nightly + 5 * 14)


def test_changes_add_up_over_the_nights_between_two_runs() -> None:
    every = dict.fromkeys(NAMES, 3.0)
    runs, calls = planned().month_of(every, 0)
    assert runs == 11
    assert calls == 11 * (SESSION + 10 + 1 + 6 + 14) + 11 * 3


@pytest.mark.parametrize(
    ("read", "times"), [(None, 5), (0, 4), (1, 4), (4, 4), (5, 5), (6.8, 5), (100, 5)]
)
def test_a_month_goes_on_from_when_each_type_was_read_last(read: float | None, times: int) -> None:
    """A weekly type comes in the coming run, or in the nights 7, 14, 21 and 28 after its last."""
    began = 1_800_000_000.0
    one = planned()
    reads = {} if read is None else {"settings": Read(1, began - read * 24 * 3600)}
    due = {*NAMES} - {"settings"} | ({"settings"} if read is None or read > 6.7 else set())
    found = replace(one, now=began, reads=reads, due=frozenset(due)).month()
    nightly = SESSION + 10 + 1 + 2 + 1 + 6
    assert found == (NIGHTS, NIGHTS * nightly + times * 14)
    assert one.month_of(one.every, one.share) == (NIGHTS, NIGHTS * nightly + 5 * 14)


def test_nothing_is_spent_on_a_night_on_which_nothing_is_due() -> None:
    one = planned()
    read = dict.fromkeys(NAMES, Read(1, 0.0))
    made = replace(one, reads=read, due=frozenset(), every=dict.fromkeys(NAMES, 20.0))
    assert made.month() == (1, SESSION + 10 + 20 * 1 + 2 + 1 + 6 + 14)
    assert replace(made, every=dict.fromkeys(NAMES, 40.0)).month() == (0, 0)


@pytest.mark.parametrize(
    ("quota", "content", "others", "share"),
    [
        (10_000, 0, 0, 1 / 14),
        (700, 0, 7, 1 / 14),  # 31 nights of 18 calls, five of 20 more
        (660, 0, 14, 1 / 14),  # three of 20 more
        (620, 0, 31, 1 / 14),  # one
        (600, 0, 31, 1 / 28),
        (500, 2, 7, 1 / 14),
        (80, 31, 0, 1 / 14),
    ],
)
def test_the_first_schedule_that_fits_is_taken(
    quota: int, content: float, others: float, share: float
) -> None:
    found = fit(planned(), quota, given={}, share=None)
    assert found.month.calls <= quota * (1 - RESERVE)
    assert (found.content, found.others, found.share) == (content, others, share)
    assert found.every["dashboards"] == content
    assert found.every["users"] == max(content, others)
    assert found.every["settings"] == max(content, others, 7)


def test_what_is_given_is_not_chosen() -> None:
    found = fit(planned(), 700, given={"users": 0}, share=0.0)
    assert (found.every["users"], found.share) == (0, 0)


def test_where_nothing_fits_the_cheapest_month_is_named() -> None:
    with pytest.raises(UsageError, match=r"cheapest one.* takes 1\d\d,"):
        fit(planned(settings=60), 50, given={}, share=None)
