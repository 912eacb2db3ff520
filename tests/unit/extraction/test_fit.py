"""Which schedule a quota permits."""

from __future__ import annotations

import pytest

from lookervault.content.registry import TYPES
from lookervault.errors import UsageError
from lookervault.extraction.estimate import Cost, TypeCost
from lookervault.extraction.fit import RESERVE, fit
from lookervault.extraction.plan import NIGHTS, Plan

NAMES = ("dashboards", "folders", "users", "settings")
SESSION = 4


def planned(dashboards: int = 10, users: int = 6, settings: int = 14, proving: int = 28) -> Plan:
    """Listing, and `proving` calls for all that seems unchanged."""
    content = Cost(dashboards)
    costs = {
        "dashboards": TypeCost(
            now=content,
            base=content,
            full=Cost(1000),
            per_night=Cost(1),
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
