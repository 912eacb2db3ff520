"""What was pushed comes back; what is there already is not sent again."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from lookervault.config.stores import StoreSettings
from lookervault.errors import DamagedError, StoreError, UsageError
from lookervault.snapshot.catalog import Catalog
from lookervault.snapshot.keys import Keys, open_keys
from lookervault.snapshot.pull import pull
from lookervault.snapshot.push import Pushed
from lookervault.snapshot.store import Counted
from lookervault.storage.dump import Outliner
from lookervault.storage.repository import Repository
from lookervault.storage.rows import tables
from lookervault.storage.verify import verify
from tests.unit.snapshot.stores import (
    NOW,
    MemoryStore,
    People,
    Watched,
    breaking,
    making,
    pulled,
    pushed,
)
from tests.unit.storage.damaging import extract, long_item, real
from tests.unit.storage.samples import item, page

MANY = 300
NOBODY = "age1csw03kjuq6tn6au3jmn7cra2ukkuqh35kk96ay3zr8zhq0tmcppq8pu0uh"


@pytest.fixture
def people(tmp_path: Path) -> People:
    folder = tmp_path / "keys"
    folder.mkdir()
    return People(folder)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def vault(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made, tmp_path / "vault.db"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "vault.db"
    with Repository.open(path, write=True) as repo:
        repo.set_instance("looker.example.com")
        extract(repo, [real(one) for one in page(range(MANY))], "users")
        extract(repo, [real(one) for one in page(range(1, MANY))], "users")
    return path


def rows(vault: Path) -> dict[str, list[tuple[object, ...]]]:
    """All of a vault: what is read back must be the very same."""
    with closing(sqlite3.connect(vault)) as connection:
        return {
            name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
            for name in tables()
        }


def change(vault: Path, state: int, ids: range) -> None:
    with Repository.open(vault, write=True) as repo:
        held = {row.id: row for row in repo.items("users")}
        items = [real(item(id, state=state)) for id in map(str, ids)]
        kept = [real(item(id)) for id in held if id not in map(str, ids)]
        extract(repo, [*items, *kept], "users")


def test_a_vault_comes_back_row_for_row(
    vault: Path, store: MemoryStore, people: People, tmp_path: Path
) -> None:
    done = pushed(vault, store, people.nightly(store))
    assert (done.manifest.run, done.manifest.items, done.packs) == (2, MANY - 1, 1)
    back = pulled(done, tmp_path / "back.db", store, people.reader(store))
    assert rows(back) == rows(vault)
    assert verify(back, deep=True).status == "ok"
    assert back.stat().st_mode & 0o777 == 0o600
    assert {one.name for one in tmp_path.iterdir()} == {"keys", "vault.db", "back.db"}


def test_a_store_without_encryption_gives_the_same(
    vault: Path, store: MemoryStore, tmp_path: Path
) -> None:
    keys = making(store, StoreSettings(url="memory:", no_encryption=True))
    back = pulled(pushed(vault, store, keys), tmp_path / "back.db", store, keys)
    assert verify(back, deep=True).status == "ok"
    assert open_keys(store, StoreSettings(url="memory:")).recipient is None


def test_the_same_state_is_not_pushed_twice(
    vault: Path, store: MemoryStore, people: People
) -> None:
    first = pushed(vault, store, people.nightly(store))
    counted = Counted(store)
    again = pushed(vault, counted, people.nightly(store))
    assert (again.new, again.id, counted.traffic.uploaded_bytes) == (False, first.id, 0)


def test_items_and_bytes_are_of_all_that_there_is_and_not_of_what_the_run_looked_at(
    vault: Path, store: MemoryStore, people: People
) -> None:
    keys = people.nightly(store)
    before = pushed(vault, store, keys).manifest
    one = real(item("1", type="looks"))
    with Repository.open(vault, write=True) as repo:
        extract(repo, [one], "looks", named=True)
        size = repo.body("looks", "1")
    after = pushed(vault, store, keys).manifest
    assert (before.items, after.items) == (MANY - 1, MANY)
    assert after.bytes == before.bytes + len(size or b"")


def test_what_changed_is_sent_and_nothing_else(
    vault: Path, store: MemoryStore, people: People, tmp_path: Path
) -> None:
    keys = people.nightly(store)
    pushed(vault, store, keys)
    before = sum(map(len, store.objects.values()))
    change(vault, 1, range(5, 8))
    counted = Counted(store)
    done = pushed(vault, counted, keys, now=NOW + 1)
    assert counted.traffic.uploaded_bytes < before / 5
    with Outliner(vault) as outliner:
        new = sum(1 for blob in outliner.blobs() if blob.id > MANY)
    assert new == 3
    back = pulled(done, tmp_path / "back.db", store, people.reader(store))
    assert verify(back, deep=True).status == "ok"
    with Repository.open(back, write=False) as repo, Repository.open(vault, write=False) as own:
        assert dict(repo.bodies("users")) == dict(own.bodies("users"))


def test_many_nights_leave_few_pieces_and_each_comes_back(
    vault: Path, store: MemoryStore, people: People, tmp_path: Path
) -> None:
    nights = []
    for night in range(24):
        change(vault, night + 1, range(3 * night, 3 * night + 3))
        counted = Counted(store)
        done = pushed(vault, counted, people.nightly(counted), now=NOW + night)
        nights.append((done, Path(shutil.copy(vault, tmp_path / f"{night}.db"))))
        assert counted.traffic.requests <= 20
        assert len(done.manifest.row_pieces) <= 5
        assert len(done.manifest.indexes) <= 4
    for done, as_it_was in nights[::8]:
        back = pulled(done, tmp_path / f"back-{done.id}.db", store, people.reader(store))
        assert rows(back) == rows(as_it_was)


@pytest.mark.parametrize("size", ["small", "large"])
def test_a_push_that_is_broken_off_anywhere_is_gone_on_with(
    vault: Path, people: People, tmp_path: Path, size: str
) -> None:
    if size == "large":
        with Repository.open(vault, write=True) as repo:
            extract(repo, [long_item(str(number)) for number in range(2 * MANY)], "looks")
    whole = MemoryStore()
    pushed(vault, whole, people.nightly(whole))
    for after in range(len(whole.created)):
        store = MemoryStore(breaks_after=after)
        with pytest.raises(StoreError):
            pushed(vault, store, people.nightly(store))
        store.breaks_after = None
        done = pushed(vault, store, people.nightly(store))
        packs = [name for name in store.created if name.startswith("packs/")]
        sent_twice = len(packs) - len([n for n in store.objects if n.startswith("packs/")])
        assert sent_twice <= (size == "small")
        assert list(Catalog(store, people.nightly(store).seal).ids()) == [done.id]
        back = pulled(done, tmp_path / f"{after}.db", store, people.reader(store))
        assert verify(back, deep=True).status == "ok"


def test_what_is_no_pack_stays_where_it_has_the_name_of_one(
    vault: Path, store: MemoryStore, people: People, tmp_path: Path
) -> None:
    whole = MemoryStore()
    pushed(vault, whole, people.nightly(whole))
    (name,) = [name for name in whole.objects if name.startswith("packs/")]
    store.create(name, b"LKVP\x01 and no more")
    done = pushed(vault, store, people.nightly(store))
    there = {name for name in store.objects if name.startswith("packs/")}
    assert there == {name, f"{name}-1"}
    back = pulled(done, tmp_path / "back.db", store, people.reader(store))
    assert verify(back, deep=True).status == "ok"


def test_vaults_that_share_a_store_share_what_is_the_same(
    vault: Path, store: MemoryStore, people: People, tmp_path: Path
) -> None:
    """Also where they compress it with dictionaries of their own."""
    keys = people.nightly(store)
    pushed(vault, store, keys)
    other = tmp_path / "other.db"
    with Repository.open(other, write=True) as repo:
        repo.set_instance("other.example.com")
        mixed = [*page(range(400, 440), state=7), *page(range(MANY))]
        extract(repo, [real(one) for one in mixed], "users")
    counted = Counted(store)
    done = pushed(other, counted, keys, now=NOW + 1)
    assert done.manifest.parent is None
    back = pulled(done, tmp_path / "back.db", store, people.reader(store))
    assert verify(back, deep=True).status == "ok"
    with Repository.open(back, write=False) as repo, Repository.open(other, write=False) as own:
        assert dict(repo.bodies("users")) == dict(own.bodies("users"))
    packs = Catalog(store, keys.seal).index(done.manifest.indexes).packs.values()
    assert len(packs) == 2
    assert min(pack.size for pack in packs) < max(pack.size for pack in packs) / 3


def test_the_newest_is_the_newest_whatever_the_clock_says(
    vault: Path, store: MemoryStore, people: People
) -> None:
    keys, ids = people.nightly(store), []
    for number, now in enumerate((NOW, NOW, NOW - 3600, NOW + 0.2)):
        change(vault, number + 1, range(3))
        ids.append(pushed(vault, store, keys, now=now).id)
    assert list(Catalog(store, keys.seal).ids()) == ids[::-1]


def test_two_who_push_at_once_do_not_harm_each_other(
    vault: Path, store: MemoryStore, people: People, tmp_path: Path
) -> None:
    keys = people.nightly(store)
    pushed(vault, store, keys)
    both = [Path(shutil.copy(vault, tmp_path / f"{number}.db")) for number in range(2)]
    parents = []
    for number, one in enumerate(both):
        change(one, number + 1, range(4))
    for one in both:
        done = pushed(one, store, keys, now=NOW + 1)
        parents.append(done)
    for done, one in zip(parents, both, strict=True):
        back = pulled(done, tmp_path / f"back-{done.id}.db", store, people.reader(store))
        with Repository.open(back, write=False) as repo, Repository.open(one, write=False) as own:
            assert dict(repo.bodies("users")) == dict(own.bodies("users"))


# Who may read what.


def test_the_nightly_machine_reads_no_content(
    vault: Path, store: MemoryStore, people: People, tmp_path: Path
) -> None:
    keys = people.nightly(store)
    done = pushed(vault, store, keys)
    again = open_keys(store, StoreSettings(url="memory:", index_key=people.index_key))
    assert not again.reads_content
    with pytest.raises(UsageError, match="no key that opens it"):
        pulled(done, tmp_path / "back.db", store, again)
    assert {one.name for one in tmp_path.iterdir()} == {"keys", "vault.db"}
    assert people.index_key.stat().st_mode & 0o777 == 0o600


def test_names_and_bytes_tell_nothing(vault: Path, store: MemoryStore, people: People) -> None:
    pushed(vault, store, people.nightly(store))
    with Repository.open(vault, write=False) as repo:
        bodies = dict(repo.bodies("users"))
    everything = b"".join([*store.objects.values(), "".join(store.objects).encode()])
    for told in (b"looker.example.com", b"users", b"Backup", b'"id"', next(iter(bodies.values()))):
        assert told not in everything


def test_each_recipient_reads_and_others_do_not(
    vault: Path, store: MemoryStore, people: People, tmp_path: Path
) -> None:
    settings = StoreSettings(
        url="memory:",
        recipients=(people.recipient("anna"), people.recipient("bo")),
        index_key=people.index_key,
    )
    done = pushed(vault, store, making(store, settings))
    for name in ("anna", "bo"):
        pulled(done, tmp_path / f"{name}.db", store, people.reader(store, name))
    with pytest.raises(UsageError, match="opens no key"):
        people.reader(store, "mallory")


def test_another_index_key_is_refused(vault: Path, store: MemoryStore, people: People) -> None:
    pushed(vault, store, people.nightly(store))
    other = people.folder / "other.key"
    other.write_text("LOOKERVAULT-INDEX-KEY-" + "ab" * 32 + "\n")
    with pytest.raises(UsageError, match="not the one of the store"):
        open_keys(store, StoreSettings(url="memory:", index_key=other))


def test_a_content_key_that_somebody_put_there_is_refused(
    vault: Path, store: MemoryStore, people: People
) -> None:
    keys = people.nightly(store)
    pushed(vault, store, keys)
    assert keys.recipient is not None
    (name,) = (name for name in store.objects if name.startswith("keys/"))
    forged = store.objects[name].replace(
        keys.recipient.encode(), people.recipient("mallory").encode()
    )
    assert forged != store.objects[name]
    store.objects[name] = forged
    with pytest.raises(DamagedError, match="somebody has changed the keys"):
        people.nightly(store)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (StoreSettings(url="memory:"), "nothing says to whom"),
        (StoreSettings(url="memory:", recipients=(NOBODY,)), "where the index key"),
    ],
)
def test_a_new_store_needs_to_know_for_whom(
    store: MemoryStore, settings: StoreSettings, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        making(store, settings)
    assert store.objects == {}


def test_a_recipient_that_is_none_makes_no_store(store: MemoryStore, people: People) -> None:
    settings = StoreSettings(url="memory:", recipients=("age1no",), index_key=people.index_key)
    with pytest.raises(UsageError, match="is no age recipient"):
        making(store, settings)
    assert store.objects == {}
    assert not people.index_key.exists()


# Damage.


@pytest.mark.parametrize("encrypted", [True, False])
def test_every_object_that_is_damaged_cut_off_or_gone_is_noticed(
    vault: Path, people: People, tmp_path: Path, *, encrypted: bool
) -> None:
    whole = MemoryStore()
    plain = StoreSettings(url="memory:", no_encryption=True)
    done = pushed(vault, whole, people.nightly(whole) if encrypted else making(whole, plain))

    def keys(store: MemoryStore) -> Keys:
        return people.reader(store) if encrypted else open_keys(store, plain)

    for name, data in whole.objects.items():
        for number, spoiled in enumerate((flipped(data), data[:-1], None)):
            store = MemoryStore(objects=dict(whole.objects), times=dict(whole.times))
            if spoiled is None:
                store.delete([name])
            else:
                store.objects[name] = spoiled
            with pytest.raises((DamagedError, StoreError, UsageError)):
                everything(store, keys, done, tmp_path / f"{number}.db")
    assert {one.name for one in tmp_path.iterdir()} == {"keys", "vault.db"}


def test_a_pack_that_asks_for_a_key_in_a_store_without_keys_is_damaged(
    vault: Path, store: MemoryStore, tmp_path: Path
) -> None:
    """Nobody is told to give a key."""
    keys = making(store, StoreSettings(url="memory:", no_encryption=True))
    done = pushed(vault, store, keys)
    (name,) = (name for name in store.objects if name.startswith("packs/"))
    store.objects[name] = store.objects[name][:8] + b"\1" + store.objects[name][9:]
    with pytest.raises(DamagedError, match="asks for a key, in a store that has none"):
        pulled(done, tmp_path / "back.db", store, keys)


def everything(
    store: MemoryStore, keys: Callable[[MemoryStore], Keys], done: Pushed, vault: Path
) -> None:
    there = keys(store)
    assert Catalog(store, there.seal).manifest(done.id) == done.manifest
    pulled(done, vault, store, there)


def test_packs_and_pieces_do_not_stand_for_each_other(
    vault: Path, store: MemoryStore, people: People, tmp_path: Path
) -> None:
    first = pushed(vault, store, people.nightly(store))
    change(vault, 1, range(9))
    second = pushed(vault, store, people.nightly(store), now=NOW + 1)
    for kind in ("packs/", "index/", "rows/", "snapshots/"):
        one, other = [name for name in store.objects if name.startswith(kind)][:2]
        spoiled = MemoryStore(objects=dict(store.objects), times=dict(store.times))
        spoiled.objects[one], spoiled.objects[other] = store.objects[other], store.objects[one]
        with pytest.raises(DamagedError):
            both(spoiled, people.reader, (first, second), tmp_path / f"{kind[:3]}.db")


def both(
    store: MemoryStore,
    keys: Callable[[MemoryStore], Keys],
    snapshots: Sequence[Pushed],
    vault: Path,
) -> None:
    for done in snapshots:
        everything(store, keys, done, vault.with_name(f"{vault.name}-{done.id}"))


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def test_a_pull_that_is_broken_off_anywhere_is_gone_on_with(
    vault: Path, store: MemoryStore, people: People, tmp_path: Path
) -> None:
    done = pushed(vault, store, people.nightly(store))
    keys, kept, back = people.reader(store), tmp_path / "kept", tmp_path / "back.db"
    whole = Watched(store, lambda _: None)
    pull(done.id, done.manifest, tmp_path / "whole.db", whole, keys)
    for after in range(len(whole.asked)):
        broken = breaking(store, after)
        with pytest.raises(StoreError):
            pull(done.id, done.manifest, back, broken, keys, kept=kept)
        assert kept.stat().st_mode & 0o777 == 0o700
        assert {one.stat().st_mode & 0o777 for one in kept.iterdir()} <= {0o600}
        assert not back.exists()
        again = Watched(store, lambda _: None)
        pull(done.id, done.manifest, back, again, keys, kept=kept)
        fetched = [name for name in broken.asked[:after] if name.startswith("get ")]
        assert not set(fetched) & set(again.asked)
        assert rows(back) == rows(vault)
        assert not kept.exists()
        back.unlink()


def test_what_was_kept_of_a_pull_and_is_damaged_is_fetched_again(
    vault: Path, store: MemoryStore, people: People, tmp_path: Path
) -> None:
    done = pushed(vault, store, people.nightly(store))
    keys, kept, back = people.reader(store), tmp_path / "kept", tmp_path / "back.db"
    with pytest.raises(StoreError):
        pull(done.id, done.manifest, back, breaking(store, 3), keys, kept=kept)
    digests = {sha256(data).hexdigest() for data in store.objects.values()}
    before = {one.name for one in kept.iterdir()}
    assert 0 < len(before) < len(digests)
    for name in digests:
        (kept / name).write_bytes(b"damaged")
    pull(done.id, done.manifest, back, store, keys, kept=kept)
    assert rows(back) == rows(vault)


def test_where_nothing_can_be_kept_a_pull_says_so(
    vault: Path, store: MemoryStore, people: People, tmp_path: Path
) -> None:
    done = pushed(vault, store, people.nightly(store))
    kept, back = tmp_path / "kept", tmp_path / "back.db"
    kept.touch()
    with pytest.raises(UsageError, match="cannot be kept in .*kept: "):
        pull(done.id, done.manifest, back, store, people.reader(store), kept=kept)
