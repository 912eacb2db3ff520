"""A run on a vault with earlier runs reads what changed, and a slice of what seems not to have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from lookervault.cli.vaults import Proven
from lookervault.content.operations import Operation
from lookervault.demo.server import EmbeddedLooker
from lookervault.errors import Interrupted
from lookervault.extraction.retry import Client
from lookervault.storage.proving import in_slice
from lookervault.storage.runs import Proof
from lookervault.storage.verify import verify
from tests.integration.running import Extraction, QuickTime, by_type, extraction


@pytest.fixture
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(40, 3, counts={"dashboards": 60, "looks": 20}) as one:
        yield one


@pytest.fixture
def one(looker: EmbeddedLooker, tmp_path: Path) -> Iterator[Extraction]:
    with extraction(looker, tmp_path / "vault.db") as made:
        yield made
    assert verify(tmp_path / "vault.db").findings == []


def test_what_has_not_changed_is_confirmed_and_not_read(one: Extraction) -> None:
    first = one.run("dashboards", "looks")
    again = one.run("dashboards", "looks", prove=0)
    assert (again.end.status, again.end.root) == ("complete", first.end.root)
    for before, now in zip(first.end.types, again.end.types, strict=True):
        assert (now.items, now.unchanged, now.changed) == (before.items, before.items, 0)
    assert {proof.type: proof.read for proof in again.end.proofs if proof.read} == {}
    row = one.vault.run(again.run)
    assert row is not None
    assert row.whole, "the checkpoints are gone"


def test_what_is_not_read_costs_nothing_but_the_listing(one: Extraction) -> None:
    one.run("dashboards")
    listing = by_type(one.run("dashboards", prove=0))["dashboards"].calls
    one.looker.store.edit("dashboards", one.looker.store.ids("dashboards")[0], title="New")
    assert by_type(one.run("dashboards", prove=0))["dashboards"].calls == listing + 1
    for i in one.looker.store.ids("dashboards")[:7]:
        one.looker.store.edit("dashboards", i, title="Newer")
    calls = by_type(one.run("dashboards", prove=0, page_size=3))["dashboards"].calls
    assert calls == listing + 3, "as many as there are pages of what has changed"


def test_every_kind_of_change_is_seen(one: Extraction) -> None:
    store = one.looker.store
    one.run("dashboards", "looks", "folders")
    live = [i for i in store.ids("dashboards") if not _trashed(one, i)]
    store.edit("dashboards", live[0], title="Edited")
    store.edit("dashboards", live[1], folder_id=store.ids("folders")[3])
    store.edit_quietly("dashboards", live[2], folder_id=_another_folder(one, live[2]))
    store.trash("dashboards", live[3])
    store.delete("dashboards", live[4])
    new = store.create("dashboards", title="Created")
    result = by_type(one.run("dashboards", "looks", "folders", prove=0))
    told = result["dashboards"]
    assert (told.new, told.changed, told.deleted) == (1, 4, 1)
    assert (result["looks"].changed, result["folders"].changed) == (0, 0)
    stamps = one.vault.stamps("dashboards")
    assert stamps[live[3]].trashed
    assert live[4] not in stamps
    assert new in stamps
    for i in stamps:
        assert one.vault.body("dashboards", i) == store.body("dashboards", i), i


def _trashed(one: Extraction, id: str) -> bool:
    return one.vault.stamps("dashboards")[id].trashed


def _another_folder(one: Extraction, id: str) -> str:
    own = one.vault.stamps("dashboards")[id].folder_id
    return next(i for i in one.looker.store.ids("folders") if i != own)


def test_what_comes_back_is_the_same_item_again(one: Extraction) -> None:
    store = one.looker.store
    one.run("dashboards")
    (chosen, *_) = [i for i in store.ids("dashboards") if not _trashed(one, i)]
    store.trash("dashboards", chosen)
    one.run("dashboards", prove=0)
    assert _trashed(one, chosen)
    store.restore("dashboards", chosen)
    result = by_type(one.run("dashboards", prove=0))["dashboards"]
    assert (result.new, result.changed) == (0, 1)
    assert not _trashed(one, chosen)


def test_types_without_updated_at_are_read_in_full(one: Extraction) -> None:
    store = one.looker.store
    one.run("users", "groups")
    store.edit_quietly("users", store.ids("users")[1], first_name="Zoë")
    result = one.run("users", "groups", prove=0)
    assert by_type(result)["users"].changed == 1
    assert all(proof.is_full for proof in result.end.proofs)
    assert all(p.read == by_type(result)[p.type].items for p in result.end.proofs)


# updated_at is not trusted blindly.


def test_a_silent_change_is_found_and_its_type_read_in_full_until_it_behaves(
    one: Extraction,
) -> None:
    store = one.looker.store
    one.run("dashboards", "looks")
    chosen = [i for i in store.ids("dashboards") if not _trashed(one, i)][:2]
    store.edit_quietly("dashboards", chosen[0], title="Unseen")
    assert _silent(one, prove=0) == {"dashboards": 0, "looks": 0}
    assert _silent(one, prove=100) == {"dashboards": 1, "looks": 0}
    store.edit_quietly("dashboards", chosen[1], title="Unseen, too")
    result = one.run("dashboards", "looks", prove=0)
    proofs = {proof.type: proof for proof in result.end.proofs}
    assert proofs["dashboards"].is_full
    assert not proofs["looks"].is_full
    assert proofs["dashboards"].silent == 1
    assert one.run("dashboards", prove=0).end.proofs[0].is_full
    assert not one.run("dashboards", prove=0).end.proofs[0].is_full, "it behaved"
    assert one.vault.body("dashboards", chosen[1]) == store.body("dashboards", chosen[1])


def _silent(one: Extraction, *, prove: float) -> dict[str, int]:
    return {p.type: p.silent for p in one.run("dashboards", "looks", prove=prove).end.proofs}


def test_slice_by_slice_everything_is_proven(one: Extraction) -> None:
    one.run("dashboards")
    ids = one.vault.open_ids("dashboards")
    read = [one.run("dashboards", prove=25).end.proofs[0].proven for _ in range(4)]
    assert sum(read) == len(ids)
    assert max(read) < len(ids)
    proven = one.vault.proving().last("dashboards")
    assert {proven(i, 1) for i in ids} == {2, 3, 4, 5}
    assert {one.vault.proving().last("dashboards", 1)(i, 1) for i in ids} == {1}


def test_looks_are_proven_a_folder_at_a_time(one: Extraction) -> None:
    one.run("looks")
    listing = by_type(one.run("looks", prove=0))["looks"].calls
    rows = {row.id: row for row in one.vault.items("looks")}
    runs = [one.run("looks", prove=25) for _ in range(4)]
    proven = Proven(one.vault, "looks", None)
    read_in: dict[int, set[tuple[str, str]]] = {result.run: set() for result in runs}
    for row in rows.values():
        assert row.folder_id is not None
        call = ("look", row.id) if row.trashed else ("folder", row.folder_id)
        read_in[proven.of(row)["proven_run"]].add(call)
    assert sum(result.end.proofs[0].proven for result in runs) == len(rows)
    calls = [by_type(result)["looks"].calls - listing for result in runs]
    assert calls == [len(read_in[result.run]) for result in runs]
    assert sum(calls) == len(set().union(*read_in.values())) < len(rows), "each folder once"


def test_a_slice_that_was_not_read_to_its_end_is_read_again(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    one.run("dashboards")
    slice_ = Proof(type="dashboards", width=3000)
    inside = [i for i in looker.store.ids("dashboards") if in_slice(slice_, i)]
    looker.behaviour.hidden_ids = {"dashboards": set(inside[4:])}
    partial = one.run("dashboards", prove=30)
    assert partial.end.status == "partial"
    looker.behaviour.hidden_ids = {}
    again = one.run("dashboards", prove=30)
    assert again.end.proofs[0].start == partial.end.proofs[0].start == 0


def test_full_reads_everything(one: Extraction) -> None:
    one.run("dashboards", "queries")
    result = one.run("dashboards", "queries", full=True)
    assert {p.type: p.read for p in result.end.proofs} == {
        t.type: t.items for t in result.end.types
    }


def test_a_run_that_goes_on_reads_the_slice_that_it_began_with(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    one.run("dashboards")
    stopped = one.run("dashboards", prove=40, page_size=2, through=_stopping, time=_time)
    assert isinstance(stopped.error, Interrupted)
    gone_on = one.run("dashboards", prove=0)
    assert gone_on.resumed
    (proof,) = gone_on.end.proofs
    assert (proof.start, proof.width) == (0, 4000)
    slots = one.vault.proving().last("dashboards")
    again = [i for i in one.vault.open_ids("dashboards") if slots(i, 1) == stopped.run]
    assert len(again) == proof.proven > 2


def test_a_full_run_does_not_go_on_with_one_that_is_not(one: Extraction) -> None:
    one.run("dashboards")
    stopped = one.run("dashboards", prove=40, page_size=2, through=_stopping, time=_time)
    full = one.run("dashboards", full=True)
    assert (full.resumed, full.run) == (False, stopped.run + 1)
    assert "only one of them is full" in full.notes[0]


_time = QuickTime()


class _Stopping:
    """Looker, whose caller is interrupted after the second page of objects."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._pages = 0

    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes:
        body = self._client.get(operation, *path_args, params=params)
        self._pages += "id" in (params or {})
        if self._pages == 2:
            _time.request()
        return body


def _stopping(client: Client) -> Client:
    _time.__init__()  # type: ignore[misc]  # each test's own
    return _Stopping(client)


# What it costs, and what it is worth.


def test_unchanged_items_cost_nothing_in_the_vault(one: Extraction) -> None:
    one.run("dashboards", "looks", "folders", "users")
    one.run("dashboards", "looks", "folders", "users")
    items = sum(one.vault.counts().values())
    before, runs = one.vault.size_report().disk, 5
    for _ in range(runs):
        one.run("dashboards", "looks", "folders", "users")
    rows = one.vault.size_report()
    objects = rows.stored
    assert objects == one.vault.size_report().stored
    per_run = (rows.disk - before) / runs
    assert per_run < 20_000, f"{per_run} bytes a run for {items} items"


def test_the_same_as_a_fresh_vault_has(
    looker: EmbeddedLooker, tmp_path: Path, one: Extraction
) -> None:
    store = looker.store
    one.run()
    for number, i in enumerate(store.ids("dashboards")[:6]):
        store.edit("dashboards", i, title=f"Edited {number}")
    store.delete("looks", store.ids("looks")[0])
    store.edit("groups", store.ids("groups")[0], name="Renamed")
    incremental = one.run()
    with extraction(looker, tmp_path / "fresh.db") as fresh:
        whole = fresh.run()
        assert incremental.end.root == whole.end.root
        assert incremental.end.calls < whole.end.calls


def test_views_are_kept_as_they_are_now_and_make_no_version(one: Extraction) -> None:
    store = one.looker.store
    one.run("dashboards")
    (chosen, *_) = store.ids("dashboards")
    store.edit_quietly("dashboards", chosen, view_count=4321, last_viewed_at="2026-09-30T01:02:03Z")
    assert by_type(one.run("dashboards", prove=100))["dashboards"].changed == 0
    usage = one.vault.usage("dashboards")
    assert usage[chosen][1:] == ("2026-09-30T01:02:03Z", 4321)
    assert usage.keys() >= one.vault.open_ids("dashboards")
