"""Which types are due in a run."""

from __future__ import annotations

from lookervault.content.registry import TYPES
from lookervault.extraction.cadence import due, next_due
from lookervault.storage.proving import Read

DAY = 24 * 3600.0
ALL = [one for one in TYPES.values() if one.default]
WEEKLY = {
    "connections",
    "content_metadata",
    "content_metadata_access",
    "settings",
    "user_attribute_group_values",
}


def reads(started: float, run: int = 1) -> dict[str, Read]:
    return {one.name: Read(run, started) for one in ALL}


def test_what_was_never_read_is_due() -> None:
    assert due(ALL, {}, every={}, now=0).types == ALL


def test_content_is_due_in_every_run_and_settings_weekly() -> None:
    assert {one.name for one in ALL if one.every} == WEEKLY
    tonight = due(ALL, reads(0), every={}, now=DAY)
    assert tonight.left == {name: Read(1, 0) for name in WEEKLY}
    assert {one.name for one in tonight.types} == {one.name for one in ALL} - WEEKLY
    assert due(ALL, reads(0), every={}, now=7 * DAY - 600).left == {}, "some minutes early"
    assert due(ALL, reads(0), every={}, now=6 * DAY).left.keys() == WEEKLY


def test_a_clock_that_was_set_back_puts_off_nothing() -> None:
    assert due(ALL, reads(5 * DAY), every={}, now=4 * DAY).left == {}


def test_an_interval_can_be_set() -> None:
    every = {"settings": 0.0, "dashboards": 2.0}
    tonight = due(ALL, reads(0), every=every, now=DAY)
    assert tonight.left.keys() == WEEKLY - {"settings"}, "queries are listed by dashboards"
    alone = [TYPES["dashboards"], TYPES["settings"]]
    assert due(alone, reads(0), every=every, now=DAY).left.keys() == {"dashboards"}
    assert due(alone, reads(0), every=every, now=2 * DAY).left == {}


def test_what_a_due_type_is_listed_by_is_due_too() -> None:
    every = {"folders": 30.0, "content_metadata": 30.0, "boards": 30.0}
    tonight = due(ALL, reads(0), every=every, now=8 * DAY)
    assert {"content_metadata_access", "content_metadata", "folders"} <= {
        one.name for one in tonight.types
    }


def test_a_run_that_is_gone_on_with_keeps_its_types() -> None:
    assert "settings" not in due(ALL, reads(0), every={}, now=DAY, also=["settings"]).left


def test_when_the_next_one_is_due() -> None:
    left = {"settings": Read(3, 100 * DAY), "connections": Read(2, 99 * DAY)}
    assert next_due(left, {"settings": 7, "connections": 7}) == 106 * DAY - 6 * 3600
