"""What is listed and read costs as many calls as the arithmetic says."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from lookervault.content import operations as op
from lookervault.content.costs import census, first_pages, listing, look_for_added, pages
from lookervault.content.listing import pages as listed
from lookervault.content.model import Entry, Since
from lookervault.content.operations import Operation
from lookervault.content.registry import TYPES
from lookervault.content.sources import TRASH


class Counting:
    """A Looker that has so many rows."""

    def __init__(self, rows: int) -> None:
        self.calls = 0
        self._rows = rows

    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes:
        self.calls += 1
        offset, limit = (int((params or {})[name]) for name in ("offset", "limit"))
        ids = range(self._rows)[offset : offset + limit]
        return json.dumps([{"id": i} for i in ids]).encode()


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 10, 11, 12, 20, 21, 22, 35])
def test_a_listing_takes_the_calls_that_are_worked_out(rows: int) -> None:
    looker = Counting(rows)
    found = [row for _, page in listed(looker, op.SEARCH_USERS, {}, limit=10) for row in page]
    assert (len(found), looker.calls) == (rows, listing(rows, 10))
    again = Counting(rows)
    since = Since(max(0, rows - 1), frozenset(str(i) for i in range(rows)))
    assert list(listed(again, op.SEARCH_USERS, {}, limit=10, since=since)) == []
    assert again.calls == look_for_added(rows)


def test_what_has_a_trash_is_listed_twice_in_both_parts() -> None:
    entries = [Entry("1"), Entry("2"), Entry("3", part=TRASH)]
    assert census(TYPES["dashboards"], entries) == 2 * (2 + 2) + 1 + 2
    assert census(TYPES["users"], entries[:2]) == 2 + 1
    assert census(TYPES["folders"], entries) == 0


def test_pages_are_counted_by_part_and_looks_by_folder() -> None:
    dashboards = [*(Entry(str(i)) for i in range(5)), Entry("t", part=TRASH)]
    assert pages(TYPES["dashboards"], dashboards, 2) == 3 + 1
    looks = [Entry("1", part="7"), Entry("2", part="7"), Entry("3", part="8")]
    assert pages(TYPES["looks"], [*looks, Entry("t", part=TRASH), Entry("u", part=TRASH)], 100) == 4


@pytest.mark.parametrize(("count", "calls"), [(0, 0), (1, 1), (2, 1), (3, 2), (10, 2), (15, 3)])
def test_two_ids_are_asked_for_first(count: int, calls: int) -> None:
    entries = [Entry(str(i)) for i in range(count)]
    assert first_pages(TYPES["users"], entries, 10) == calls
