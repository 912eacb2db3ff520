"""A stopped run is gone on with: nothing twice, nothing lost, the same root."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lookervault.demo.server import EmbeddedLooker
from lookervault.extraction.orchestrator import Result
from tests.integration.conftest import NewVault
from tests.integration.running import AtCall, Extraction, QuickTime, by_type

COUNTS = {"dashboards": 40, "looks": 40, "users": 40}
TYPES = ("dashboards", "looks", "users", "merge_queries", "queries")


@pytest.fixture
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(items=100, seed=4, counts=COUNTS) as one:
        yield one


def interrupted(one: Extraction, calls: int, *names: str) -> Result:
    time = QuickTime()
    return one.run(
        *(names or TYPES),
        time=time,
        through=lambda client: AtCall(client, calls, time.request),
        workers=1,
        page_size=5,
    )


def resumed(one: Extraction) -> Result:
    return one.run(*TYPES, workers=2, page_size=5)


def undisturbed(looker: EmbeddedLooker, new_vault: NewVault) -> Result:
    return new_vault(looker).run(*TYPES, page_size=5)


@pytest.mark.parametrize("calls", [8, 20, 45, 70])
def test_an_interrupted_run_ends_as_one_that_was_never_disturbed(
    looker: EmbeddedLooker, new_vault: NewVault, calls: int
) -> None:
    whole = undisturbed(looker, new_vault)
    one = new_vault(looker)
    first = interrupted(one, calls)
    assert first.end.status == "interrupted"
    second = resumed(one)
    assert (second.run, second.resumed) == (first.run, True)
    assert second.end.status == "complete"
    assert second.end.root == whole.end.root
    assert {n: t.new for n, t in by_type(second).items()} == {
        n: t.items for n, t in by_type(whole).items()
    }


def test_what_is_stored_is_not_fetched_again(looker: EmbeddedLooker, new_vault: NewVault) -> None:
    one = new_vault(looker)
    interrupted(one, 66)
    before = {name: one.vault.open_ids(name) for name in ("dashboards", "looks", "users")}
    assert all(before.values())
    looker.log.clear()
    resumed(one)
    for name, parameter in (("dashboards", "search_dashboards"), ("users", "search_users")):
        asked = [r.query["id"].split(",") for r in looker.log.calls(parameter) if "id" in r.query]
        assert not before[name] & {i for ids in asked for i in ids}
    assert not [r for r in looker.log.calls("look") if r.path.rsplit("/", 1)[1] in before["looks"]]


def test_the_calls_of_both_parts_are_those_of_the_run(
    looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    one = new_vault(looker)
    first = interrupted(one, 51)
    second = resumed(one)
    assert second.end.calls > first.end.calls
    row = one.vault.run(second.run)
    assert row is not None
    assert row.calls == second.end.calls


def test_what_changed_meanwhile_is_fetched_again(
    looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    one = new_vault(looker)
    interrupted(one, 51)
    stored = sorted(one.vault.open_ids("dashboards"), key=int)
    edited, gone, trashed = stored[:3]
    looker.store.edit("dashboards", edited, title="Changed meanwhile")
    looker.store.delete("dashboards", gone)
    looker.store.trash("dashboards", trashed)
    created = looker.store.create("dashboards", title="Made meanwhile")
    second = resumed(one)
    assert second.end.status == "complete"
    assert second.end.root == undisturbed(looker, new_vault).end.root
    rows = {row.id: row for row in one.vault.items("dashboards")}
    assert rows[edited].name == "Changed meanwhile"
    assert rows[trashed].trashed
    assert created in rows
    assert gone not in rows


def test_a_complete_or_partial_run_is_never_gone_on_with(
    looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    one = new_vault(looker)
    looker.behaviour.forbidden = {"search_users": 403}
    assert resumed(one).end.status == "partial"
    looker.behaviour.forbidden = {}
    assert (resumed(one).run, resumed(one).run) == (2, 3)


@pytest.mark.parametrize(
    ("names", "other", "why"),
    [
        (("looks",), {}, "its types are others"),
        (("dashboards", "looks"), {"folders": ("1",)}, "its folders are others"),
        (("dashboards", "looks"), {"fresh": True}, "a fresh start was asked for"),
        (("dashboards", "looks"), {"resume_within_s": 0}, "it is older than 0 hours"),
    ],
    ids=["types", "folders", "fresh", "old"],
)
def test_another_question_begins_another_run_says_why_and_loses_nothing(
    looker: EmbeddedLooker,
    new_vault: NewVault,
    names: tuple[str, ...],
    other: dict[str, Any],
    why: str,
) -> None:
    whole = new_vault(looker).run("dashboards", "looks")
    one = new_vault(looker)
    interrupted(one, 25, "dashboards", "looks")
    before = {name: one.stored(name) for name in ("dashboards", "looks")}
    assert any(before.values())
    second = one.run(*names, **other)
    assert (second.run, second.resumed) == (2, False)
    assert second.notes == (f"Run 1 is not gone on with: {why}. It is closed as partial.",)
    first = one.vault.run(1)
    assert first is not None
    assert (first.status, first.items) == ("partial", sum(map(len, before.values())))
    assert one.vault.is_sealed(1)
    assert [row.run for row in one.vault.certificates()][:2] == [1, 1], "and the new one says so"
    for name, stored in before.items():
        assert stored.items() <= one.stored(name).items()
    last = one.run("dashboards", "looks")
    assert (last.run, last.end.status) == (3, "complete")
    assert last.end.root == whole.end.root
    assert not sum(of_type.deleted for of_type in last.end.types)


def test_a_stop_before_anything_was_stored_loses_nothing(
    looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    one = new_vault(looker)
    assert interrupted(one, 5).end.items == 0
    assert resumed(one).end.status == "complete"
