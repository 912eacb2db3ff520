"""What a prune leaves is whole, whatever breaks and whoever writes meanwhile; the rest goes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from lookervault.errors import AccessError, DamagedError, StoreError, UsageError
from lookervault.snapshot.catalog import Catalog
from lookervault.snapshot.index import Index
from lookervault.snapshot.needs import Needs
from lookervault.snapshot.outline import needed
from lookervault.snapshot.packs import Entry, PackIndex
from lookervault.snapshot.prune import DAY, Pruning
from lookervault.snapshot.push import push
from lookervault.snapshot.repair import repair
from lookervault.snapshot.store import Counted
from lookervault.snapshot.verify import verify as verify_store
from lookervault.storage.repository import Repository
from lookervault.storage.retention import Policy, Span
from tests.unit.snapshot.stores import NOW, MemoryStore, People, Watched, breaking, pushed
from tests.unit.snapshot.world import A_DAY, ITEMS, NIGHTS, World, bodies, check_same, night
from tests.unit.storage.damaging import extract, real
from tests.unit.storage.samples import body, item, page


@pytest.fixture
def people(tmp_path: Path) -> People:
    folder = tmp_path / "keys"
    folder.mkdir()
    return People(folder)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("made")
    (folder / "keys").mkdir()
    return World(folder, People(folder / "keys"))


@pytest.fixture
def world(made: World) -> World:
    return made.copy()


# What goes, and what stays.


def test_what_stays_shows_the_same_and_the_history_of_the_rest_is_gone(world: World) -> None:
    before = world.size()
    done = world.prune(last=2)
    assert (len(done.kept), len(done.removed), done.forgotten) == (2, 4, 4)
    assert world.runs() == [6, 5]
    world.check()
    back = world.pulled()
    with Repository.open(back, write=False) as repo:
        assert [row.run for row in repo.runs()] == [5, 6]
        assert len(bodies(repo, 6)) == ITEMS
    assert sum(one.size for one in done.deleted) > 0.4 * before
    assert world.size() < 0.6 * before
    for _ in range(2):
        again = world.prune(last=2)
        assert (again.removed, again.deleted, again.marked, again.repacked) == ([], [], [], 0)
        world.check()


def test_each_period_keeps_its_snapshot_as_forget_keeps_runs(world: World) -> None:
    done = world.prune(policy=Policy(weekly=2, last=1))
    reasons = {one.manifest.run: one.reasons for one in done.kept}
    # 1,800,000,000 is a Friday, the nights go on to Wednesday
    assert reasons == {6: ["newest", "newest complete", "last", "weekly"], 3: ["weekly"]}
    world.check()


def test_the_newest_complete_snapshot_stays_whatever_came_after_it(world: World) -> None:
    for _ in range(3):
        world.night(status="partial")
    done = world.prune(last=1)
    assert [(one.manifest.run, one.manifest.status) for one in done.kept] == [
        (9, "partial"),
        (6, "complete"),
    ]
    assert done.kept[1].reasons == ["newest complete"]
    world.check()


def test_a_snapshot_of_a_run_over_named_types_does_not_stand_for_one_over_all(world: World) -> None:
    with Repository.open(world.vault, write=True) as repo:
        items = [real(item("0"))]
        extract(repo, items, "users", started=NOW + NIGHTS * A_DAY, named=True)
    pushed(world.vault, world.store, world.keys, now=NOW + NIGHTS * A_DAY)
    done = world.prune(policy=Policy(last=1, daily=1))
    reasons = {one.manifest.run: one.reasons for one in done.kept}
    assert reasons == {7: ["newest", "last", "daily"], 6: ["newest complete"]}
    world.check()


def test_of_a_run_that_was_pushed_twice_the_newer_snapshot_stays(world: World) -> None:
    again = push(world.vault, world.store, world.keys, now=NOW, program_version="0", run=5)
    assert world.runs() == [5, 6, 5, 4, 3, 2, 1]
    world.prune(last=2)
    assert world.runs() == [5, 6]
    assert again.id in world.catalog.ids()


def test_a_run_of_which_a_snapshot_stays_is_not_forgotten(world: World) -> None:
    done = push(world.vault, world.store, world.keys, now=NOW, program_version="0", run=2)
    world.prune(last=1)
    assert world.runs() == [2, 6]
    with Repository.open(world.pulled(done.id), write=False) as repo:
        assert [row.run for row in repo.runs()] == [2, 6]
    world.check()


def test_a_dry_run_writes_nothing_and_tells_the_same(world: World) -> None:
    before = dict(world.store.objects)
    told = world.prune(last=2, dry_run=True)
    assert world.store.objects == before
    done = world.prune(last=2)
    assert [one.id for one in told.kept] == [one.id for one in done.kept]
    assert told.removed == done.removed
    assert told.forgotten == done.forgotten
    assert {one.name for one in told.deleted} <= {one.name for one in done.deleted}


def test_each_vault_of_a_store_is_looked_at_by_itself(world: World, people: People) -> None:
    other = world.folder / "other.db"
    other.unlink(missing_ok=True)
    for number in range(3):
        night(other, number, state=number + 3)  # what the first one has, too
        pushed(other, world.store, world.keys, now=NOW + 90 * A_DAY + number)
    done = world.prune(last=1)
    assert sorted(one.manifest.run for one in done.kept) == [3, 6]
    for id in world.catalog.ids():
        back = world.pulled(id)
        with Repository.open(back, write=False) as repo:
            (row,) = repo.runs()
        check_same(back, world.vault if row.run == 6 else other)


def test_what_deleted_items_were_last_stays_as_forget_keeps_it(world: World) -> None:
    with Repository.open(world.vault, write=True) as repo:
        extract(repo, [real(item("0"))], "users", started=NOW + 6 * A_DAY)
    pushed(world.vault, world.store, world.keys, now=NOW + 6 * A_DAY)
    world.prune(last=1)
    with Repository.open(world.pulled(), write=False) as repo:
        assert [one.id for one in repo.items("users")] == ["0"]
        for number in range(1, ITEMS):
            last = body(str(number), state=min(number, NIGHTS - 1))
            assert repo.last_body("users", str(number)) == last


# A vault that still has the runs.


def test_a_vault_that_has_pruned_runs_brings_none_of_them_back(world: World) -> None:
    world.prune(last=1)
    counted = Counted(world.store)
    night(world.vault, 6)
    world.later(A_DAY)
    done = pushed(world.vault, counted, world.keys, now=NOW + 6 * A_DAY)
    assert done.manifest.runs == [6, 7]
    world.check()
    packs = world.catalog.index(done.manifest.indexes).packs.values()
    sent = max(packs, key=lambda one: world.store.times[one.name])
    assert len([one for one in sent.entries if one.table == "objects"]) == ITEMS // 2
    again = pushed(world.vault, world.store, world.keys, now=NOW + 6 * A_DAY)
    assert not again.new


def test_a_run_that_was_pruned_is_not_pushed(world: World) -> None:
    world.prune(last=1)
    with pytest.raises(UsageError, match="Run 2 was pruned from the store"):
        push(world.vault, world.store, world.keys, now=NOW, program_version="0", run=2)


def test_another_run_of_the_same_number_is_not_the_one_that_was_pruned(world: World) -> None:
    old = world.copy()
    early = old.pulled(list(old.catalog.ids())[-3])  # of run 3
    world.prune(last=1)
    with Repository.open(early, write=True) as repo:
        extract(repo, [real(item("0", state=99))], "users", started=NOW + 50 * A_DAY)
        extract(repo, [real(item("0", state=98))], "users", started=NOW + 51 * A_DAY)
    done = pushed(early, world.store, world.keys, now=NOW + 51 * A_DAY)
    assert done.manifest.runs == [4, 5]
    check_same(world.pulled(done.id), early)
    world.prune(last=9)
    assert world.runs() == [5, 6]


# Time.


def test_nothing_is_deleted_before_it_was_marked_for_the_grace(world: World) -> None:
    world.later(2 * A_DAY)
    before = set(world.store.objects)
    done = world.prune(grace=DAY)
    assert done.deleted == []
    assert {one.name for one in done.marked} <= before & set(world.store.objects)
    assert all(name.startswith("snapshots/") for name in before - set(world.store.objects))
    world.check()
    world.later(A_DAY - 1)
    assert world.prune(grace=DAY).deleted == []
    world.later(1)
    again = world.prune(grace=DAY)
    assert {one.name for one in done.marked} <= {one.name for one in again.deleted}
    assert len([name for name in world.store.objects if name.startswith("pruned/")]) == 2
    world.check()


def test_what_is_young_may_be_of_a_push_under_way_and_is_not_marked(world: World) -> None:
    night(world.vault, 6)
    world.later(A_DAY)
    whole = Watched(world.copy().store, lambda _: None)
    pushed(world.vault, whole, world.keys, now=NOW)
    store = breaking(world.store, len(whole.asked) - 1)
    with pytest.raises(StoreError):
        pushed(world.vault, store, world.keys, now=NOW)
    sent = [name for name, at in world.store.times.items() if at == world.store.clock]
    assert sent
    done = world.prune(last=9, grace=DAY)
    assert not {one.name for one in done.marked} & {*sent}
    world.later(A_DAY)
    world.prune(last=9, grace=DAY)
    world.later(A_DAY)
    world.prune(last=9, grace=DAY)
    assert not {*sent} & set(world.store.objects)


def test_a_pack_that_is_needed_again_is_not_deleted(world: World) -> None:
    """By a push that began before the mark, and wrote its manifest right after."""
    night(world.vault, 6, state=2)  # as in night 2
    store = MemoryStore(objects=dict(world.store.objects), times=dict(world.store.times))
    done = pushed(world.vault, store, world.keys, now=NOW + 6 * A_DAY)
    new = {name: data for name, data in store.objects.items() if name not in world.store.objects}
    world.later(2 * A_DAY)
    marked = {one.name for one in world.prune(last=1, grace=DAY).marked}
    for name, data in new.items():
        world.store.create(name, data)
    world.check()
    world.later(2 * A_DAY)
    world.prune(last=2, grace=DAY)
    world.later(2 * A_DAY)
    world.prune(last=2, grace=DAY)
    assert done.id in world.catalog.ids()
    assert any(name.startswith("packs/") for name in marked)
    world.check()


@pytest.mark.parametrize("seconds", [0.0, 2 * A_DAY])
def test_a_push_is_not_hurt_whenever_prunes_come(world: World, seconds: float) -> None:
    """It relies on what an early night had; two prunes come in the midst of it, and mark that, and
    delete it if there is time enough between them: not so between its last look and its manifest.
    """
    night(world.vault, 6, state=2)
    world.later(3 * A_DAY)

    def tried(at: int) -> bool:
        one = world.copy()

        def twice(count: int) -> None:
            if count == at:
                one.prune(last=1, grace=DAY)
                one.later(seconds)
                one.prune(last=1, grace=DAY)

        store = Watched(one.store, twice)
        pushed(one.vault, store, one.keys, now=NOW + 6 * A_DAY)
        if at < len(store.asked) - (1 if seconds else 0):
            one.check(quickly=True)
            assert 7 in one.runs()
        return at < len(store.asked)

    assert next(at for at in count() if not tried(at)) > 8


def test_a_push_that_comes_whenever_in_a_prune_is_not_hurt(world: World) -> None:
    """The prune deletes what the push could take: it has the very pack of an earlier night."""
    world.night()
    world.night()
    world.later(3 * A_DAY)
    world.prune(last=1, grace=DAY)
    night(world.vault, 8, state=6)
    world.later(2 * A_DAY)

    def tried(at: int) -> bool:
        one = world.copy()

        def push_it(count: int) -> None:
            if count == at:
                pushed(one.vault, one.store, one.keys, now=NOW + 8 * A_DAY)

        store = Watched(one.store, push_it)
        assert one.prune(last=1, grace=DAY, store=store).deleted
        if at < len(store.asked):
            assert one.runs()[0] == 9
            one.check(quickly=True)
        return at < len(store.asked)

    assert next(at for at in count() if not tried(at)) > 15


# What breaks.


def test_a_prune_that_is_broken_off_anywhere_loses_nothing_and_is_gone_on_with(
    world: World,
) -> None:
    world.later(2 * A_DAY)
    world.prune(last=4, grace=DAY)
    world.later(2 * A_DAY)

    def tried(after: int) -> bool:
        one = world.copy()
        try:
            one.prune(last=2, grace=DAY, store=breaking(one.store, after))
        except StoreError:
            pass
        else:
            return False
        assert one.runs()[:2] == [6, 5]
        one.check(quickly=True)
        one.later(2 * A_DAY)
        one.prune(last=2, grace=DAY)  # which looks whether all is there that is needed
        assert one.runs() == [6, 5]
        return True

    assert next(after for after in count() if not tried(after)) > 20


def test_a_prune_that_was_broken_off_leaves_nothing_for_good(world: World) -> None:
    whole = world.copy()
    for _ in range(3):
        whole.prune(last=2)
    for after in range(2, 1000, 9):
        one = world.copy()
        try:
            one.prune(last=2, store=breaking(one.store, after))
        except StoreError:
            for _ in range(3):
                one.prune(last=2)
        else:
            break
        kinds = [sorted(n.partition("/")[0] for n in w.store.objects) for w in (one, whole)]
        assert kinds[0] == kinds[1]
        one.check()
    assert after > 20


class Undeletable(MemoryStore):
    """As a bucket is where credentials may not delete, or objects are locked."""

    def delete(self, names: object) -> None:
        raise AccessError("Cannot delete in memory: Forbidden.", hint="Give the permission.")


def undeletable(world: World) -> Undeletable:
    return Undeletable(
        objects=world.store.objects, times=world.store.times, clock=world.store.clock
    )


def test_who_may_not_delete_is_told_so_and_nothing_is_changed(world: World) -> None:
    before = dict(world.store.objects)
    with pytest.raises(AccessError, match=r"could not be removed.*Forbidden") as caught:
        world.prune(store=undeletable(world))
    assert "Nothing that a snapshot needs was touched" in caught.value.hint
    told = ("snapshots/", "pruned/")
    assert {n: d for n, d in world.store.objects.items() if n.startswith(told)} == {
        n: d for n, d in before.items() if n.startswith(told)
    }
    world.check()


def test_objects_that_cannot_be_deleted_are_told_of_and_harm_nobody(world: World) -> None:
    """Not even the records of earlier prunes, which name pieces that are long gone."""
    world.later(2 * A_DAY)
    world.prune(grace=DAY)
    for _ in range(3):
        world.later(2 * A_DAY)
        locked = undeletable(world)
        done = world.prune(grace=DAY, store=locked)
        assert isinstance(done.error, AccessError)
        assert done.deleted == []
        assert done.marked
        world.check()
    records = {n: d for n, d in world.store.objects.items() if n.startswith("pruned/")}
    assert len(records) == 2 * 4  # each twice
    for last in (3, 1, 2, 1, 2):
        world.later(2 * A_DAY)
        world.night()
        world.prune(last=last, grace=DAY)
        world.store.objects |= records  # nobody could delete these
        world.check()


class Retaining(MemoryStore):
    """As Google with a retention: names are taken in turn, up to one that is too young."""

    def delete(self, names: Sequence[str]) -> None:
        for name in names:
            if (self.clock or NOW) - self.times.get(name, 0) < LOCK:
                raise AccessError(f"Cannot delete {name}: RetentionPolicyNotMet.")
            super().delete([name])


LOCK = 3.5 * A_DAY


def test_what_no_lock_holds_any_more_goes_though_younger_objects_are_locked(world: World) -> None:
    def retained() -> Pruning:
        store = Retaining(
            objects=world.store.objects, times=world.store.times, clock=world.store.clock
        )
        return world.prune(last=4, store=store)

    world.later(2 * A_DAY)
    for _ in range(4):
        world.night()
        done = retained()
        assert done.deleted
        assert isinstance(done.error, AccessError)
        assert any(name.startswith("pruned/") for name in world.store.objects)
        world.check()
    world.later(2 * LOCK)
    assert retained().error is None
    assert len([name for name in world.store.objects if name.startswith("pruned/")]) == 2
    world.check()


def newest_pack(world: World) -> str:
    names = (name for name in world.store.objects if name.startswith("packs/"))
    return max(names, key=world.store.times.__getitem__)


def test_where_something_is_missing_nothing_is_removed(world: World) -> None:
    world.store.delete([newest_pack(world)])
    before = dict(world.store.objects)
    with pytest.raises(DamagedError, match=r"The store lacks.* Nothing was removed") as caught:
        world.prune()
    assert "--lost" in caught.value.hint
    assert world.store.objects == before


def test_of_two_packs_that_have_a_body_the_one_that_stays_is_read() -> None:
    body = Entry("objects", b"body", 4, None, 0, 0, 4)
    going, staying = (PackIndex(name, b"", 4, [body]) for name in ("packs/a", "packs/b"))
    for order in ((going, staying), (staying, going)):
        index = Index(marks={going.name})
        for pack in order:
            index.add("index/a", pack)
        assert index.find("objects", b"body") == (staying, body)


def test_a_body_needs_the_dictionary_that_another_vault_compressed_it_with(
    tmp_path: Path, people: People
) -> None:
    store = MemoryStore()
    keys = people.nightly(store)
    for number, more in enumerate(([], [item(str(n), state=7) for n in range(400, 440)])):
        vault = tmp_path / f"{number}.db"
        with Repository.open(vault, write=True) as repo:
            repo.set_instance(f"looker{number}.example.com")
            extract(repo, [real(one) for one in (*more, *page(range(300)))], "users")
        pushed(vault, store, keys, now=NOW + number)
    catalog = Catalog(store, keys.seal)
    id, manifest = next(catalog.manifests())
    needs = Needs(catalog, [manifest], store.objects)
    blobs = needed(catalog, manifest, [], tmp_path / "needed")
    needs.add(id, manifest, blobs)
    used = [entry for entries in needs.used.values() for entry in entries.values()]
    compressed_with = {entry.dictionary for entry in used} - {None}
    assert len(compressed_with) == 2
    assert compressed_with <= {entry.sha256 for entry in used if entry.table == "dictionaries"}


def test_a_piece_of_which_most_is_needed_stays_and_may_tell_of_packs_that_are_gone(
    world: World,
) -> None:
    for _ in range(3):
        done = world.prune(last=5)
        index = world.catalog.index(done.kept[0].manifest.indexes)
        gone = index.packs.keys() - world.store.objects.keys()
        assert len(gone) == 1
        assert gone <= world.catalog.pruned.marks.keys()
        world.check()


# Damage.


def damage(world: World, name: str) -> None:
    data = bytearray(world.store.objects[name])
    data[len(data) // 2] ^= 1
    world.store.objects[name] = bytes(data)


def mended(world: World) -> None:
    keys = world.people.reader(world.store)
    report = verify_store(world.catalog, keys, share=1.0, rng=random.Random(1))
    assert report.status == "damaged"
    repair(world.catalog, keys, report, world.vault)
    assert report.status == "repaired"


@pytest.mark.parametrize("is_gone", [True, False])
def test_what_a_repair_wrote_stays_as_long_as_it_is_needed(world: World, *, is_gone: bool) -> None:
    """Bodies of all nights, of which some are soon needed no more; and rows."""
    world.night(state=NIGHTS - 1)
    manifest = world.catalog.manifest(next(iter(world.catalog.ids())))
    packs = world.catalog.index(manifest.indexes).packs
    for name in (*packs, manifest.rows[-1][0].name):
        if is_gone:
            world.store.delete([name])
        else:
            damage(world, name)
    mended(world)
    assert [name for name in world.store.objects if name.startswith("repairs/rows/")]
    world.check()
    for last in (3, 1):
        world.later(2 * A_DAY)
        world.prune(last=last, grace=DAY)
        world.check()
    world.later(A_DAY)
    world.night()
    for _ in range(3):
        world.later(2 * A_DAY)
        world.prune(last=1, grace=DAY)
    world.check()
    assert not [name for name in world.store.objects if name.startswith("repairs/rows/")]


def test_a_damaged_pack_is_left_as_it_is(world: World) -> None:
    names = [name for name in world.store.objects if name.startswith("packs/")]
    damage(world, min(names, key=world.store.times.__getitem__))
    done = world.prune(last=2)
    assert done.sparse == 1
    mended(world)
    assert world.prune(last=2).sparse == 1
    world.check()


# What is lost for good.


def stops(world: World, *ids: str) -> None:
    """A prune, and says at which snapshots."""
    before = dict(world.store.objects)
    more = f" and {len(ids) - 3} more" if len(ids) > 3 else ""
    told = f"Something is lost of {', '.join(ids[:3])}{more}: "
    with pytest.raises(DamagedError, match=told):
        world.prune()
    assert world.store.objects == before


def test_a_snapshot_whose_manifest_is_lost_is_removed_once_somebody_says_so(world: World) -> None:
    lost = list(world.catalog.ids())[1]
    damage(world, f"snapshots/{lost}")
    stops(world, lost)
    before = dict(world.store.objects)
    told = world.prune(last=3, lost=[lost], dry_run=True)
    assert (told.unreadable, world.store.objects) == ([lost], before)
    done = world.prune(last=3, lost=[lost])
    assert (done.unreadable, world.runs()) == ([lost], [6, 4])
    world.check()


def test_where_all_rows_are_lost_a_push_comes_first(world: World) -> None:
    lost = list(world.catalog.ids())
    for manifest in map(world.catalog.manifest, lost):
        world.store.delete([piece.name for piece in manifest.row_pieces])
    stops(world, *lost)
    with pytest.raises(UsageError, match="No snapshot would be left") as caught:
        world.prune(lost=lost)
    assert "push" in caught.value.hint
    world.night()
    assert world.prune(last=1, lost=lost).unreadable == lost
    assert world.runs() == [NIGHTS + 1]
    world.check()


def test_a_snapshot_that_lacks_bodies_stays_without_them(world: World) -> None:
    newest, before = list(world.catalog.ids())[:2]
    world.store.delete([newest_pack(world)])
    stops(world, newest)
    done = world.prune(lost=[newest])
    assert done.unreadable == []
    assert [one.id for one in done.kept] == [newest, before]
    check_same(world.pulled(before), world.vault)
    mended(world)
    world.check()


def test_what_is_whole_is_not_taken_for_lost(world: World) -> None:
    newest, *_, oldest = world.catalog.ids()
    before = dict(world.store.objects)
    with pytest.raises(UsageError, match=f"Nothing is lost of the snapshot {newest}"):
        world.prune(lost=[newest])
    with pytest.raises(UsageError, match="There is no snapshot 2026"):
        world.prune(lost=["2026"])
    assert world.store.objects == before
    assert oldest not in {one.id for one in world.prune(lost=[oldest]).kept}


# Packs of which little is needed.


def test_without_an_identity_packs_are_left_as_they_are(world: World) -> None:
    by_nightly = world.prune(last=1, keys=world.keys)
    assert by_nightly.repacked == 0
    assert by_nightly.sparse > 0
    world.check()
    before = world.size()
    done = world.prune(last=1)
    assert (done.repacked, done.sparse) == (by_nightly.sparse, 0)
    assert world.size() < before
    world.check()


def test_prunes_at_the_same_time_do_not_harm_each_other(world: World) -> None:
    world.later(2 * A_DAY)
    world.prune(last=4, grace=DAY)
    world.later(2 * A_DAY)

    def tried(at: int) -> list[str]:
        """Others come in the midst of one, and some days go by."""
        one = world.copy()

        def others(count: int) -> None:
            if count == at:
                for last in (3, 2, 1, 1):
                    one.prune(last=last, grace=DAY)
                    one.later(2 * A_DAY)

        store = Watched(one.store, others)
        with suppress(StoreError):  # what it looked at is gone
            one.prune(last=2, grace=DAY, store=store)
        said = [at for at, what in enumerate(store.asked) if what.startswith("create pruned/")]
        if not said or at not in (said[0] - 1, *said):  # no days pass after the last look
            assert one.runs()[0] == 6
            one.check(quickly=True)
        return store.asked

    whole = len(tried(-1))
    assert whole > 20
    for at in (*range(0, whole, 9), *range(whole - 14, whole)):
        tried(at)


def test_many_weeks_of_nights_and_prunes_leave_little(world: World) -> None:
    sizes = []
    for _ in range(10):
        world.night()
        world.later(1)
        world.prune(last=3, grace=Span(hours=1))
        sizes.append(len(world.store.objects))
    world.check()
    assert len(world.runs()) == 3
    assert max(sizes[-3:]) <= max(sizes[:3]) + 2, sizes
