"""The two small objects that all depends on: `config`, and the newest one in `keys/`."""

from __future__ import annotations

from pathlib import Path

import pytest

from lookervault.config.stores import StoreSettings
from lookervault.errors import DamagedError, StoreError, UsageError
from lookervault.snapshot.keys import made, open_keys
from tests.unit.snapshot.stores import MemoryStore, People

KEY = "keys/000001"
SNAPSHOT = "snapshots/20261128T020000000Z-1a2b3c4d"


@pytest.fixture
def people(tmp_path: Path) -> People:
    return People(tmp_path)


@pytest.fixture
def store(people: People) -> MemoryStore:
    one = MemoryStore()
    people.nightly(one)
    one.create(SNAPSHOT, b"")
    return one


@pytest.mark.parametrize("area", ["", "areas/12345678/"])
@pytest.mark.parametrize("keys_too", [False, True])
def test_where_config_is_lost_nobody_makes_another_store(
    store: MemoryStore, people: People, area: str, *, keys_too: bool
) -> None:
    line = store.objects.pop("config")
    store.delete([SNAPSHOT])
    store.create(area + SNAPSHOT, b"")
    if keys_too:
        del store.objects[KEY]
    before = dict(store.objects)
    for use in (people.nightly, people.reader):
        with pytest.raises(DamagedError, match="`config` is not there") as told:
            use(store)
        assert line.decode() in told.value.hint
    plain = StoreSettings(url="memory:", no_encryption=True)
    with pytest.raises(DamagedError, match="`config` is not there"):
        open_keys(store, plain, make=True)
    assert store.objects == before


def test_a_store_that_was_begun_is_made_with_the_keys_that_are_there(
    store: MemoryStore, people: People
) -> None:
    store.delete(["config", SNAPSHOT])
    key = store.objects[KEY]
    store.create("snapshots/notes", b"of somebody else")
    with pytest.raises(StoreError, match="There are no snapshots"):
        people.reader(store)
    people.nightly(store)
    assert store.objects[KEY] == key
    assert store.objects.keys() == {"config", KEY, "snapshots/notes"}
    people.reader(store)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"format":1}', b"\xff"])
@pytest.mark.parametrize("name", ["config", KEY])
def test_which_of_them_is_damaged_is_told(
    store: MemoryStore, people: People, name: str, data: bytes
) -> None:
    store.objects[name] = data
    for use in (people.nightly, people.reader):
        with pytest.raises(DamagedError, match=f"{name}.* is damaged") as told:
            use(store)
        assert "from a copy, or from a version" in told.value.hint
        assert "repair" not in told.value.hint


def test_an_identity_is_not_blamed_for_damage(store: MemoryStore, people: People) -> None:
    whole = store.objects[KEY]
    at = whole.index(b'"sealed":"') + len(b'"sealed":"')
    for place in (at + 2, at + 300):
        other = b"A" if whole[place : place + 1] != b"A" else b"B"
        store.objects[KEY] = whole[:place] + other + whole[place + 1 :]
        with pytest.raises(DamagedError, match="keys/ in the store memory: is damaged"):
            people.reader(store)


def test_nobody_with_a_key_is_told_that_a_store_is_not_encrypted(
    store: MemoryStore, people: People
) -> None:
    store.objects["config"] = b'{"format":1,"encryption":"none"}'
    uses = [
        StoreSettings(url="", index_key=people.index_key),
        StoreSettings(url="", recipients=(people.recipient(),)),
        StoreSettings(url="", identity=people.identity()),
    ]
    for use in uses:
        with pytest.raises(DamagedError, match="keys are in it: somebody has changed"):
            open_keys(store, use, make=True)
    store.delete([KEY])
    for use, what in zip(uses, ("an index key", "a recipient", "an identity"), strict=True):
        with pytest.raises(UsageError, match=f"no key to it; and {what} is given"):
            open_keys(store, use, make=True)
    with pytest.raises(UsageError, match="a recipient and an index key are given"):
        people.nightly(store)
    open_keys(store, StoreSettings(url="", no_encryption=True, index_key=people.index_key))


# Two who make one store.


def wanted(people: People, name: str) -> StoreSettings:
    key = people.folder / f"{name}.key"
    return StoreSettings(url="", recipients=(people.recipient(name),), index_key=key)


def test_nothing_is_written_before_the_store_is_made(people: People) -> None:
    empty = MemoryStore()
    keys = open_keys(empty, wanted(people, "anna"), make=True)
    assert (empty.objects, list(people.folder.glob("*.key"))) == ({}, [])
    assert made(empty, keys).unmade is None
    assert list(empty.objects) == [KEY, "config"]


def test_whoever_makes_a_store_second_is_told_so_and_has_no_key_that_opens_nothing(
    people: People,
) -> None:
    empty = MemoryStore()
    anna, bo = (open_keys(empty, wanted(people, one), make=True) for one in ("anna", "bo"))
    made(empty, anna)
    there = dict(empty.objects)
    with pytest.raises(StoreError, match="Somebody else has made the store memory: meanwhile"):
        made(empty, bo)
    with pytest.raises(UsageError, match=r"has an index key already, and .*bo.key is not there"):
        open_keys(empty, wanted(people, "bo"), make=True)
    del empty.objects["config"]
    with pytest.raises(UsageError, match="Somebody began to make the store") as told:
        open_keys(empty, wanted(people, "bo"), make=True)
    assert "delete what is in its folder `keys`" in told.value.hint
    assert [one.name for one in people.folder.glob("*.key")] == ["anna.key"]
    made(empty, open_keys(empty, wanted(people, "anna"), make=True))
    assert empty.objects == there


def test_the_index_key_tells_to_whom_a_store_is_encrypted(people: People) -> None:
    empty = MemoryStore()
    made(empty, open_keys(empty, wanted(people, "anna"), make=True))
    again = open_keys(empty, wanted(people, "anna"))
    assert again.recipients == (people.recipient("anna"),)
    assert people.recipient("anna").encode() not in empty.objects[KEY]
