"""A stopped run is gone on with: nothing twice, nothing lost, the same root."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest

from lookervault.content.operations import Operation
from lookervault.demo.server import EmbeddedLooker
from lookervault.errors import TransientError
from lookervault.extraction.orchestrator import Result
from lookervault.extraction.retry import Client
from lookervault.storage.runs import RunStart
from tests.integration.conftest import NewVault
from tests.integration.running import Extraction, QuickTime, by_type

COUNTS = {"dashboards": 40, "looks": 40, "users": 40}
TYPES = ("dashboards", "looks", "users", "merge_queries", "queries")


class StopsAt:
    """Looker, until the n-th call."""

    def __init__(self, client: Client, calls: int, ends: Callable[[], None]) -> None:
        self._client = client
        self._left = calls
        self._ends = ends

    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes:
        self._left -= 1
        if self._left == 0:
            self._ends()
        return self._client.get(operation, *path_args, params=params)


@pytest.fixture
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(items=100, seed=4, counts=COUNTS) as one:
        yield one


def interrupted(one: Extraction, calls: int) -> Result:
    time = QuickTime()
    return one.run(
        *TYPES,
        time=time,
        through=lambda client: StopsAt(client, calls, time.request),
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
    interrupted(one, 60)
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
    first = interrupted(one, 45)
    second = resumed(one)
    assert second.end.calls > first.end.calls
    row = one.vault.run(second.run)
    assert row is not None
    assert row.calls == second.end.calls


def test_what_changed_meanwhile_is_fetched_again(
    looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    one = new_vault(looker)
    interrupted(one, 45)
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


def test_a_killed_run_is_gone_on_with(looker: EmbeddedLooker, new_vault: NewVault) -> None:
    one = new_vault(looker)
    run = one.vault.begin_run(start_like(one, interrupted(one, 45)))
    assert resumed(one).run == run


def start_like(one: Extraction, result: Result) -> RunStart:
    """The start of the same run, as a process that was killed at once leaves it."""
    row = one.vault.run(result.run)
    assert row is not None
    return RunStart(**{name: getattr(row, name) for name in RunStart.__struct_fields__})


class GoesDown:
    """Looker, which nobody reaches any more after the n-th call."""

    def __init__(self, client: Client, calls: int) -> None:
        self._client = client
        self._left = calls

    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise TransientError("Nobody answers.")
        return self._client.get(operation, *path_args, params=params)


def test_a_run_that_failed_is_gone_on_with(looker: EmbeddedLooker, new_vault: NewVault) -> None:
    one = new_vault(looker)
    first = one.run(*TYPES, through=lambda client: GoesDown(client, 45), workers=1, page_size=5)
    assert first.end.status == "failed"
    assert isinstance(first.error, TransientError)
    second = resumed(one)
    assert (second.run, second.end.status) == (first.run, "complete")


def test_a_complete_or_partial_run_is_never_gone_on_with(
    looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    one = new_vault(looker)
    looker.behaviour.forbidden = {"search_users": 403}
    assert resumed(one).end.status == "partial"
    looker.behaviour.forbidden = {}
    assert (resumed(one).run, resumed(one).run) == (2, 3)


def test_other_types_begin_another_run_and_say_why(
    looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    one = new_vault(looker)
    first = interrupted(one, 45)
    second = one.run("users")
    assert second.run == first.run + 1
    assert second.notes == ("Run 1 is not gone on with: its types are others.",)


def test_a_stop_before_anything_was_stored_loses_nothing(
    looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    one = new_vault(looker)
    assert interrupted(one, 5).end.items == 0
    assert resumed(one).end.status == "complete"
