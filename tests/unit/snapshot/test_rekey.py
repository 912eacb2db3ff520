"""After keys are made anew, who may read reads all, and who may not reads nothing."""

from __future__ import annotations

import shutil
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from lookervault.config.stores import StoreSettings
from lookervault.errors import AccessError, DamagedError, StoreError, UsageError
from lookervault.snapshot.catalog import Catalog
from lookervault.snapshot.keyobjects import read_private
from lookervault.snapshot.keys import Keys, open_keys
from lookervault.snapshot.packs import Opener
from lookervault.snapshot.pull import pull
from lookervault.snapshot.rekey import Rekeyed, reencrypt, rekey
from lookervault.snapshot.store import Store
from tests.unit.snapshot.stores import NOW, People, Watched, breaking, pushed
from tests.unit.snapshot.test_prune import damage, mended, undeletable
from tests.unit.snapshot.world import World, check_same, night


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Of a store that was pruned: some of its runs are forgotten, and some packs written anew."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "keys").mkdir()
    world = World(folder, People(folder / "keys"))
    world.prune(last=3)
    return world


@pytest.fixture
def world(made: World) -> World:
    one = made.copy()
    one.people = People(Path(shutil.copytree(made.people.folder, one.vault.with_suffix(".keys"))))
    return one


def for_boss(world: World, *, store: Store | None = None) -> Rekeyed:
    private = read_private(world.store, world.people.identity())
    keys = world.people.reader(world.store)
    return rekey(store or world.store, keys, private, [world.people.recipient("boss")])


def anew(world: World, *, store: Store | None = None, new_index_key: Path | None = None) -> Rekeyed:
    return reencrypt(
        store or world.store,
        world.people.reader(world.store),
        read_private(world.store, world.people.identity()),
        [world.people.recipient("boss")],
        new_index_key=new_index_key,
        now=NOW,
    )


def check(world: World, keys: Keys, *, quickly: bool = False) -> None:
    """With these keys each snapshot is what it was; quickly, the newest."""
    catalog = Catalog(world.store, keys.seal, keys.area)
    assert [manifest.run for _, manifest in catalog.manifests()] == [6, 5, 4]
    ids = list(catalog.ids())
    for number, (id, manifest) in enumerate(catalog.manifests(ids[:1] if quickly else ids)):
        back = world.vault.with_name(f"{world.vault.name}-{number}")
        pull(id, manifest, back, world.store, keys)
        check_same(back, world.vault)
        back.unlink()


def nightly(world: World, index_key: Path | None = None) -> Keys:
    key = index_key or world.people.index_key
    return open_keys(world.store, StoreSettings(url="memory:", index_key=key))


# For other people.


def test_new_recipients_read_and_old_ones_do_not(world: World) -> None:
    before = {n: d for n, d in world.store.objects.items() if not n.startswith("keys/")}
    done = for_boss(world)
    assert (done.key_object, done.error) == ("keys/000002", None)
    check(world, world.people.reader(world.store, "boss"))
    with pytest.raises(UsageError, match="opens no key"):
        world.people.reader(world.store)
    assert {n: d for n, d in world.store.objects.items() if not n.startswith("keys/")} == before
    assert [n for n in world.store.objects if n.startswith("keys/")] == ["keys/000002"]


def test_the_nightly_machine_notices_nothing(world: World) -> None:
    for_boss(world)
    night(world.vault, 6)
    done = pushed(world.vault, world.store, nightly(world), now=NOW)
    keys = world.people.reader(world.store, "boss")
    back = world.vault.with_name("back.db")
    pull(done.id, done.manifest, back, world.store, keys)
    check_same(back, world.vault)
    back.unlink()


def test_a_copy_of_the_old_keys_still_reads_the_content(world: World) -> None:
    """As the documentation says: it is why `reencrypt` is there."""
    copy = world.store.objects["keys/000001"]
    for_boss(world)
    world.store.create("keys/000003", copy)
    check(world, world.people.reader(world.store))


def test_an_old_key_object_that_cannot_be_deleted_is_told_of(world: World) -> None:
    done = for_boss(world, store=undeletable(world))
    assert isinstance(done.error, AccessError)
    check(world, world.people.reader(world.store, "boss"))


def test_two_who_make_keys_at_once_do_not_take_turns(world: World) -> None:
    private = read_private(world.store, world.people.identity())
    keys = world.people.reader(world.store)
    rekey(world.store, keys, private, [world.people.recipient("boss")])
    with pytest.raises(StoreError, match="Somebody else has just written keys/000002"):
        rekey(world.store, keys, private, [world.people.recipient("other")])


# All content.


def opens(world: World, identities: tuple[str, ...]) -> list[str]:
    """Packs in the store that these content keys open."""
    opener = Opener(identities)

    def is_open(name: str) -> bool:
        try:
            return opener.key(name, world.store.objects[name]) is not None
        except DamagedError:
            return False

    return [name for name in world.store.objects if "packs/" in name and is_open(name)]


def test_old_keys_open_nothing_of_what_is_there_after_the_next_prunes(world: World) -> None:
    before = world.people.reader(world.store)
    copied = dict(world.store.objects)
    done = anew(world)
    assert (done.key_object, done.snapshots, done.missed, done.error) == (
        "keys/000002",
        3,
        [],
        None,
    )
    boss = world.people.reader(world.store, "boss")
    check(world, boss)
    assert opens(world, before.identities)
    world.prune(last=3, keys=boss)
    assert not set(world.store.objects) & set(copied) - {"config"}
    assert not opens(world, before.identities)
    assert opens(world, boss.identities)
    check(world, boss)
    world.keys = nightly(world)
    night(world.vault, 6)
    pushed(world.vault, world.store, world.keys, now=NOW)
    assert all(name.startswith(("config", "keys/", "areas/")) for name in world.store.objects)
    assert not opens(world, before.identities)


def test_ids_stay_and_what_was_forgotten_stays_forgotten(world: World) -> None:
    ids = list(world.catalog.ids())
    gone = world.catalog.pruned.forgotten
    anew(world)
    world.keys = nightly(world)
    assert list(world.catalog.ids()) == ids
    assert world.catalog.pruned.forgotten == gone != {}
    night(world.vault, 6)
    assert pushed(world.vault, world.store, world.keys, now=NOW).manifest.runs == [4, 5, 6, 7]


def test_a_new_index_key_takes_the_place_of_the_old_one(world: World) -> None:
    new = world.people.folder / "new.key"
    done = anew(world, new_index_key=new)
    assert done.made == new
    with pytest.raises(UsageError, match="not the one of the store"):
        nightly(world)
    check(world, world.people.reader(world.store, "boss"))
    night(world.vault, 6)
    assert pushed(world.vault, world.store, nightly(world, new), now=NOW).new
    old = Catalog(world.store, world.keys.seal, nightly(world, new).area)
    with pytest.raises(DamagedError, match="not sealed under this index key"):
        old.manifest(next(iter(old.ids())))


def test_it_can_be_done_again_and_the_first_time_goes(world: World) -> None:
    anew(world)
    first = world.people.reader(world.store, "boss")
    shutil.copy(world.people.identity("boss"), world.people.identity())
    anew(world)
    second = world.people.reader(world.store, "boss")
    assert first.area != second.area
    check(world, second)
    world.prune(last=3, keys=second)
    check(world, second)
    assert not [name for name in world.store.objects if name.startswith(first.area)]


def test_broken_off_anywhere_the_store_is_as_it_was_or_has_the_new_keys(world: World) -> None:
    def tried(after: int) -> bool:
        one = world.copy()
        with suppress(StoreError):
            anew(one, store=breaking(one.store, after))
            return False
        keys = one.people.reader(
            one.store, "boss" if "keys/000002" in one.store.objects else "admin"
        )
        check(one, keys, quickly=True)
        if keys.area == "":
            one.prune(last=3, keys=keys)
            assert not [name for name in one.store.objects if name.startswith("areas/")]
        return True

    assert next(after for after in count() if not tried(after)) > 20


@pytest.mark.parametrize("what", ["push", "prune"])
def test_whoever_writes_meanwhile_keeps_it_from_counting(world: World, what: str) -> None:
    night(world.vault, 6)
    if what == "prune":
        pushed(world.vault, world.store, world.keys, now=NOW)
    whole = Watched(world.copy().store, lambda _: None)
    anew(world.copy(), store=whole)
    last = len(whole.asked) - 1
    while not whole.asked[last].startswith("create keys/"):
        last -= 1
    for at in (last // 3, last // 2, last - 2):
        one = world.copy()

        def write(count: int, at: int = at, one: World = one) -> None:
            if count == at and what == "push":
                pushed(one.vault, one.store, one.keys, now=NOW)
            elif count == at:
                one.prune(last=3)

        with pytest.raises(StoreError, match="pushed to memory: or pruned it meanwhile"):
            anew(one, store=Watched(one.store, write))
        assert "keys/000002" not in one.store.objects


def test_a_push_that_ends_after_it_is_told_so(world: World) -> None:
    """Also one that had the keys before, and asked for nothing yet; but not what comes between
    its last look and its manifest.
    """
    night(world.vault, 6)
    whole = Watched(world.copy().store, lambda _: None)
    pushed(world.vault, whole, world.keys, now=NOW)
    for at in range(len(whole.asked) - 1):
        one = world.copy()

        def make_anew(count: int, at: int = at, one: World = one) -> None:
            if count == at:
                anew(one)

        with pytest.raises(StoreError, match="was encrypted anew meanwhile"):
            pushed(one.vault, Watched(one.store, make_anew), one.keys, now=NOW)
        check(one, one.people.reader(one.store, "boss"), quickly=True)


def test_nobody_can_point_to_another_area(world: World) -> None:
    name = "keys/000001"
    data = world.store.objects[name]
    assert b'"area":""' in data
    world.store.objects[name] = data.replace(b'"area":""', b'"area":"areas/12345678/"')
    with pytest.raises(UsageError, match="not the one of the store"):
        nightly(world)


def test_what_is_damaged_is_to_be_repaired_first(world: World) -> None:
    for name in [name for name in world.store.objects if name.startswith("packs/")]:
        damage(world, name)
    with pytest.raises(DamagedError, match="Nothing was changed"):
        anew(world)
    assert "keys/000002" not in world.store.objects
    mended(world)
    anew(world)
    check(world, world.people.reader(world.store, "boss"))


def test_keys_are_not_encrypted_to_what_is_no_recipient(world: World) -> None:
    before = dict(world.store.objects)
    private = read_private(world.store, world.people.identity())
    with pytest.raises(UsageError, match="is no age recipient"):
        rekey(world.store, world.people.reader(world.store), private, ["age1nobody"])
    assert world.store.objects == before
