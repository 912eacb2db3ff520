"""What every store has to do, whatever is behind it. Each test runs against each kind."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from lookervault.errors import NoSuchObjectError, StoreError
from lookervault.snapshot.names import LONGEST
from lookervault.snapshot.store import Store
from tests.snapshot import google
from tests.snapshot.conftest import Target

THREADS = 8
EVERY_BYTE = bytes(range(256))
PACK = 16 << 20


@pytest.mark.parametrize(
    "data", [b"", b"\0", EVERY_BYTE, b"\r\n" * 40_000], ids=["empty", "zero", "every-byte", "lines"]
)
def test_an_object_comes_back_as_it_was_written(store: Store, data: bytes) -> None:
    assert store.create("packs/one", data)
    assert store.get("packs/one") == data


def test_sixteen_mebibytes_come_back_as_they_were_written(store: Store) -> None:
    data = random.Random(1).randbytes(PACK)
    assert store.create("packs/big", data)
    assert store.get("packs/big") == data
    assert store.get_part("packs/big", PACK - 3, 9) == data[-3:]


def test_a_name_that_is_taken_is_told_and_its_object_left_as_it_is(store: Store) -> None:
    assert store.create("name", b"first")
    assert not store.create("name", b"second, and longer")
    assert not store.create("name", b"first")
    assert store.get("name") == b"first"


@pytest.mark.parametrize(
    ("start", "length"), [(0, 1), (0, 256), (100, 50), (255, 1), (250, 99), (256, 1), (999, 9)]
)
def test_a_part_is_what_there_is_of_it(store: Store, start: int, length: int) -> None:
    store.create("name", EVERY_BYTE)
    assert store.get_part("name", start, length) == EVERY_BYTE[start : start + length]


def test_a_part_of_no_length_is_empty(store: Store) -> None:
    store.create("name", b"data")
    assert store.get_part("name", 1, 0) == b""


def test_what_is_not_there_is_named_with_the_store(target: Target) -> None:
    store = target.open()
    store.create("other", b"")
    for ask in (store.get, lambda name: store.get_part(name, 0, 9)):
        with pytest.raises(NoSuchObjectError) as caught:
            ask("packs/missing")
        assert caught.value.message == f"There is no object packs/missing in {store.url}."
    assert store.url == target.url


def test_a_list_has_the_folders_objects_and_no_others(store: Store) -> None:
    before = datetime.now(UTC).timestamp()
    sizes = {"a/1": 1, "a/b/2": 20, "a/b/c/3": 0, "ab/4": 4, "a-b": 5, "b": 6}
    for name, size in sizes.items():
        store.create(name, b"x" * size)
    listed = {found.name: found for found in store.list("")}
    assert {name: found.size for name, found in listed.items()} == sizes
    assert {found.name for found in store.list("a/")} == {"a/1", "a/b/2", "a/b/c/3"}
    assert {found.name for found in store.list("a/b/")} == {"a/b/2", "a/b/c/3"}
    assert [*store.list("c/")] == []
    # whole seconds, by the clock of the stand-in for Google a fixed one
    assert all(
        found.modified == pytest.approx(before, abs=86_400 * 365) for found in listed.values()
    )


def test_a_store_that_nobody_has_written_to_is_empty(store: Store) -> None:
    assert [*store.list("")] == []
    assert [*store.list("packs/")] == []


def test_a_list_of_several_pages_has_each_object_once(target: Target) -> None:
    store = target.open()
    names = [f"packs/{number:04}" for number in range(target.page + 1)]
    with ThreadPoolExecutor(THREADS) as pool:
        assert all(pool.map(lambda name: store.create(name, name.encode()), names))
    assert Counter(found.name for found in store.list("packs/")) == Counter(names)
    assert {found.size for found in store.list("packs/")} == {len(names[0])}
    store.delete(names)
    assert [*store.list("")] == []


def test_what_is_deleted_is_gone_and_the_rest_is_not(store: Store) -> None:
    for name in ("a/1", "a/2", "b/3", "4"):
        store.create(name, b"data")
    store.delete(["a/2", "b/missing", "4"])
    store.delete(["a/2"])
    store.delete([])
    assert {found.name for found in store.list("")} == {"a/1", "b/3"}
    assert store.create("a/2", b"again")


def test_one_that_is_missing_saves_no_other_from_being_deleted(store: Store) -> None:
    names = [f"packs/{number:02}" for number in range(40)]
    for name in names[1:]:
        store.create(name, b"data")
    store.delete(names)
    assert [*store.list("")] == []


@pytest.mark.parametrize(
    "name", ["x", "A-Z.0-9", "a.b/c.d", "-", "a/b/c/d/e/f/g/h", "n" * 200, "packs/00/" + "f" * 64]
)
def test_a_name_may_have_letters_digits_dashes_dots_and_folders(store: Store, name: str) -> None:
    assert store.create(name, b"data")
    assert [found.name for found in store.list("")] == [name]
    assert store.get(name) == b"data"
    store.delete([name])
    assert [*store.list("")] == []


@pytest.mark.parametrize(
    "name",
    ["", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "../a", ".a", "a/.b", "a b", "a\\b", "a\0b",
     "a\n", "ä", "a_b", "a%2Fb", "a?b", "x" * (LONGEST + 1)],
)  # fmt: skip
def test_no_other_name_is_asked_for(store: Store, name: str) -> None:
    for ask in (
        lambda: store.create(name, b""),
        lambda: store.get(name),
        lambda: store.get_part(name, 0, 1),
        lambda: store.delete(["a", name]),
    ):
        with pytest.raises(StoreError, match="is no name for an object"):
            ask()
    if name and not name.endswith("a/"):
        with pytest.raises(StoreError, match="is no folder of a store"):
            store.list(name)


def test_of_many_who_create_one_name_at_once_one_does(target: Target) -> None:
    stores = [target.open() for _ in range(THREADS)]
    for number in range(5):
        with ThreadPoolExecutor(THREADS) as pool:
            made = [*pool.map(lambda i: stores[i].create(f"n{number}", b"%d" % i), range(THREADS))]  # noqa: B023 -- all are done before the next number
        assert made.count(True) == 1
        assert stores[0].get(f"n{number}") == b"%d" % made.index(True)


def test_what_somebody_else_put_there_is_passed_over() -> None:
    """Also folders, which consoles make of empty objects."""
    with google.serving() as server:
        store = Target(f"gs://{google.BUCKET}/x", server.env).open()
        store.create("packs/name", b"data")
        for name in ("packs/read_me.txt", "packs/", "packs/.hidden", "packs2/name"):
            server.objects[f"x/{name}"] = b""
        assert [found.name for found in store.list("packs/")] == ["packs/name"]
