"""What changes in some nights, and in how many calls it is read."""

from __future__ import annotations

import random
from statistics import fmean

import pytest

from lookervault.config.models import ParallelConfig
from lookervault.content.registry import TYPES
from lookervault.extraction.changes import CHANGED, Changes, changes
from lookervault.extraction.past import Reading
from lookervault.extraction.shelf import Shelf, entry_of, mean
from lookervault.storage.listing import ItemRow

SIZE = 1000
TIMES = 400


def shelf(name: str, folders: int, inside: int, *, page: int = 100) -> Shelf:
    """A folder, the trash, and so many more."""
    one = TYPES[name]
    entries = {
        f"{folder}-{i}": entry_of(one, f"{folder}-{i}", trashed=folder == 0, folder=str(folder))
        for folder in range(folders)
        for i in range(inside)
    }
    return Shelf(one, entries, dict.fromkeys(entries, SIZE), ParallelConfig(page_size=page))


@pytest.mark.parametrize("share", [0.002, 0.02, 0.2, 0.9])
@pytest.mark.parametrize(
    "of", [shelf("dashboards", 5, 40, page=30), shelf("looks", 5, 40), shelf("looks", 60, 3)]
)
def test_what_is_expected_is_the_mean_of_what_may_happen(of: Shelf, share: float) -> None:
    chance = random.Random(1)
    entries = list(of.entries.values())
    drawn = [[one for one in entries if chance.random() < share] for _ in range(TIMES)]
    expected, taken = of.changed(share), mean([of.reading(found) for found in drawn])
    assert expected.calls == pytest.approx(taken.calls, rel=0.12, abs=0.1)
    assert expected.bytes == pytest.approx(taken.bytes, rel=0.12, abs=SIZE / 2)


def past(of: Shelf, nights: float, *counts: int) -> Changes:
    """`counts` are how many changed, of those that come first: in as many readings."""
    ids = list(of.entries)
    return changes(of, [reading(of, ids[:count]) for count in counts], nights)


def reading(of: Shelf, ids: list[str]) -> Reading:
    changed = tuple(row(of, i) for i in ids)
    return Reading(1, 0, 9, complete=True, first=False, full=False, deleted=0, changed=changed)


def row(of: Shelf, id: str) -> ItemRow:
    entry = of.entries[id]
    return ItemRow(
        type=of.one.name,
        id=id,
        name=None,
        updated_at=None,
        trashed=entry.part == "trash",
        hash=b"",
        size=SIZE,
        first_run=1,
        end_run=None,
        folder_id=entry.part,
        raw_hashed=False,
        redacted=(),
    )


def test_without_a_past_one_in_a_hundred_changes_a_night() -> None:
    of = shelf("looks", 60, 3)
    assert changes(of, (), 1)(1) == pytest.approx(of.changed(CHANGED))
    assert changes(of, (), 1)(2) == pytest.approx(of.changed(1 - (1 - CHANGED) ** 2))


def test_after_as_many_nights_it_is_what_it_was_on_average() -> None:
    of = shelf("dashboards", 2, 100, page=10)
    for nights in (1.0, 7.0):
        counts = (5, 12, 40)
        found = past(of, nights, *counts)(nights)
        assert found.calls == pytest.approx(fmean((1, 2, 4)))
        assert found.bytes == pytest.approx(fmean(counts) * SIZE)
    assert past(of, 1, 0, 0)(31) == (0, 0)


@pytest.mark.parametrize("of", [shelf("dashboards", 1, 100), shelf("looks", 2, 100)])
def test_several_nights_are_less_than_several_times_one(of: Shelf) -> None:
    after = past(of, 1, 3, 2, 4)
    calls = [after(nights).calls for nights in (1, 2, 7, 31)]
    assert calls == sorted(calls)
    assert after(31).calls < 31 * after(1).calls
    assert after(1).bytes < after(31).bytes < 31 * after(1).bytes
