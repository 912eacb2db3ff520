from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lookervault.storage.repository import Repository
from lookervault.storage.timeline import Timeline
from tests.unit.storage.samples import finished_run, item, page, start


@pytest.fixture(scope="module")
def timeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Timeline]:
    """1, 2, 3; then 2 is changed; then 3 is gone and 4 is new; then 3 is back and 2 as it was."""
    with Repository.open(tmp_path_factory.mktemp("timeline") / "v.db", write=True) as vault:
        finished_run(vault, page([1, 2, 3]))
        finished_run(vault, [*page([1, 3]), item("2", 1)])
        finished_run(vault, [*page([1, 4]), item("2", 1)])
        finished_run(vault, [*page([1, 2, 3]), item("4", trashed=True)])
        finished_run(vault, page([1, 2, 3]))
        yield vault.timeline()


def events(timeline: Timeline, low: int, high: int) -> set[tuple[int, str, bool, bool]]:
    return {
        (event.run, row.id, event.before is not None, event.after is not None)
        for event in timeline.events(low, high)
        if (row := event.after or event.before) is not None
    }


def test_each_run_tells_what_it_found(timeline: Timeline) -> None:
    assert events(timeline, 2, 2) == {(2, "2", True, True)}
    assert events(timeline, 3, 3) == {(3, "3", True, False), (3, "4", False, True)}
    back = (4, "3", True, True)
    assert events(timeline, 4, 4) == {back, (4, "2", True, True), (4, "4", True, True)}
    assert events(timeline, 5, 5) == {(5, "4", True, False)}


def test_a_window_tells_what_its_runs_tell_and_nothing_of_the_first_run(timeline: Timeline) -> None:
    each = set().union(*(events(timeline, run, run) for run in range(1, 6)))
    assert events(timeline, 1, 5) == each
    assert events(timeline, 1, 1) == set()
    assert len(timeline.events(1, 5)) == len(each)


def test_between_two_runs_only_what_differs_counts(timeline: Timeline) -> None:
    def between(low: int, high: int) -> dict[str, tuple[bool, bool]]:
        return {
            row.id: (pair.before is not None, pair.after is not None)
            for pair in timeline.between(low, high)
            if (row := pair.after or pair.before) is not None
        }

    assert between(1, 2) == {"2": (True, True)}
    assert between(2, 3) == {"3": (True, False), "4": (False, True)}
    assert between(1, 5) == {}  # all of it was undone
    assert between(0, 1) == dict.fromkeys("123", (False, True))
    assert timeline.between(1, 3, ["looks"]) == []


def test_an_item_has_its_beginning_and_its_end(timeline: Timeline) -> None:
    assert [event.run for event in timeline.of_item("users", "3")] == [4, 3, 1]
    assert [event.run for event in timeline.of_item("users", "4")] == [5, 4, 3]
    assert timeline.of_item("users", "9") == []


def test_the_last_version_stands_for_what_is_gone(timeline: Timeline) -> None:
    def gone(run: int | None) -> list[tuple[str, int | None]]:
        return [(row.id, row.end_run) for row in timeline.gone(None, run)]

    assert gone(2) == []
    assert gone(3) == [("3", 3)]
    assert gone(4) == []
    assert gone(None) == [("4", 5)]
    assert timeline.gone(["looks"], None) == []


def test_what_came_and_went_within_a_run_is_deleted_and_no_run_shows_it(tmp_path: Path) -> None:
    with Repository.open(tmp_path / "v.db", write=True) as vault:
        finished_run(vault, page([1]))
        run = vault.begin_run(start())
        vault.store(run, vault.pack(page([2])), 0)
        vault.vanish(run, "users", ["2"])
        assert vault.timeline().events(2, 2) == []
        assert [row.id for row in vault.timeline().gone(None, None)] == ["2"]
        assert vault.timeline().gone(None, 1) == []
        (event,) = vault.timeline().of_item("users", "2")
        assert (event.run, event.before is not None, event.after) == (2, True, None)
        assert vault.timeline().as_of("users", "2", 2) is None
        assert vault.timeline().between(1, 2) == []


def test_names_and_bounds(timeline: Timeline) -> None:
    assert timeline.named("users", ["1", "3", "9"], 3) == {"1": "Üser 1"}
    assert timeline.bounds()[0] == (5, 1)
    assert timeline.beginnings() == {"users": 1}
