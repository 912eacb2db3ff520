"""Bytes that are not what was written are named, never shown, and read from a copy if there is."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from lookervault.content.model import Item
from lookervault.errors import DamagedError, VaultError
from lookervault.storage import dictionaries
from lookervault.storage.repository import Repository
from tests.unit.storage.samples import (
    bodies,
    body,
    column,
    edit,
    end,
    finished_run,
    item,
    page,
    start,
)

DICTIONARIES_USED = "SELECT DISTINCT dictionary FROM objects ORDER BY dictionary"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE objects SET data = zeroblob(length(data))",
        "UPDATE objects SET size = size + 1",
        "UPDATE objects SET size = 1 << 60",
        "UPDATE objects SET size = -1",
        "UPDATE objects SET dictionary = NULL",
        "UPDATE objects SET dictionary = 99",
        "UPDATE objects SET sha256 = randomblob(32)",
        "DELETE FROM objects",
        "UPDATE versions SET object = object + 1",
        "UPDATE versions SET object = 999",
        "UPDATE versions SET hash = zeroblob(32)",
        "UPDATE versions SET name = 'other'",
        "UPDATE versions SET trashed = 1",
        "UPDATE versions SET redacted = NULL",
    ],
)
def test_a_damaged_item_is_named_and_never_shown(vault: Path, change: str) -> None:
    with Repository.open(vault, write=True) as repo:
        finished_run(repo, page(range(40)))
    edit(vault, change)
    with Repository.open(vault, write=False) as reader:
        with pytest.raises(DamagedError, match=r"users 7|dictionary") as raised:
            reader.body("users", "7")
        assert raised.value.hint
        with pytest.raises(DamagedError, match=r"users 0|dictionary"):
            list(reader.bodies("users"))


def test_a_body_of_the_same_length_is_not_taken_for_the_right_one(vault: Path) -> None:
    with Repository.open(vault, write=True) as repo:
        finished_run(repo, [Item("users", name, name.encode(), b"h" * 32) for name in "ab"])
    edit(vault, "UPDATE objects SET data = (SELECT data FROM objects WHERE id = 1) WHERE id = 2")
    with Repository.open(vault, write=False) as reader:
        assert reader.body("users", "a") == b"a"
        with pytest.raises(DamagedError, match="users b is damaged: its bytes are not those"):
            reader.body("users", "b")


def test_an_item_whose_object_is_gone_is_not_left_out_of_a_list(vault: Path) -> None:
    with Repository.open(vault, write=True) as repo:
        finished_run(repo, page(range(3)))
    edit(vault, "DELETE FROM objects WHERE id = 2")
    with Repository.open(vault, write=True) as repo:
        with pytest.raises(
            DamagedError, match="users 1 is damaged: the object that holds it is gone"
        ):
            list(repo.items("users"))
        finished_run(repo, page(range(3)))
        assert dict(repo.bodies("users")) == bodies(range(3))


@pytest.mark.parametrize("table", ["dictionaries", "dictionary_copies"])
@pytest.mark.parametrize("change", ["UPDATE {} SET data = zeroblob(99)", "DELETE FROM {}"])
def test_a_damaged_dictionary_is_read_from_its_copy(vault: Path, table: str, change: str) -> None:
    with Repository.open(vault, write=True) as repo:
        finished_run(repo, page(range(40)))
    edit(vault, change.format(table))
    with Repository.open(vault, write=False) as reader:
        assert dict(reader.bodies("users")) == bodies(range(40))


def test_with_both_copies_damaged_a_new_dictionary_is_learnt_for_new_objects(vault: Path) -> None:
    with Repository.open(vault, write=True) as repo:
        finished_run(repo, page(range(40)))
    for table in ("dictionaries", "dictionary_copies"):
        edit(vault, f"UPDATE {table} SET sha256 = zeroblob(32)")
    with Repository.open(vault, write=True) as repo:
        with pytest.raises(DamagedError, match="dictionary 1 is damaged, and so is its copy"):
            repo.body("users", "1")
        finished_run(repo, page(range(40), state=1))
        assert repo.body("users", "1") == body("1", 1)


def test_a_type_gets_a_second_dictionary_when_much_more_was_seen(vault: Path) -> None:
    with Repository.open(vault, write=True) as repo:
        for number in range(20):
            finished_run(repo, page(range(number * 100, number * 100 + 100)))
        seen = repo.size_report().raw
    assert seen > dictionaries.BETTER_BYTES
    assert column(vault, DICTIONARIES_USED) == [1, 2]
    with Repository.open(vault, write=True) as repo:
        finished_run(repo, page(range(2000), state=1))
    assert column(vault, DICTIONARIES_USED) == [1, 2]


def test_a_few_objects_get_no_dictionary(vault: Path) -> None:
    with Repository.open(vault, write=True) as repo:
        finished_run(repo, page(range(dictionaries.ENOUGH - 1)))
        assert repo.body("users", "3") == body("3")
    assert column(vault, DICTIONARIES_USED) == [None]


def test_a_changed_instance_note_is_damage(vault: Path) -> None:
    with Repository.open(vault, write=True) as repo:
        repo.set_instance("a")
    edit(vault, "UPDATE meta SET value = 'b'")
    with (
        Repository.open(vault, write=False) as reader,
        pytest.raises(DamagedError, match="note of its instance is damaged"),
    ):
        reader.instance()


def test_a_flipped_bit_anywhere_ends_in_a_value_or_in_words(vault: Path) -> None:
    with Repository.open(vault, write=True) as repo:
        repo.set_instance("looker.example.com")
        finished_run(repo, [*page(range(30)), item("a", refs=b'{"has":{"queries":["1"]}}')])
        run = repo.begin_run(start(scope=["3"]))
        repo.store(run, repo.pack(page(range(5), state=1)), 0)
        repo.end_run(run, end("partial", root=b"r" * 32))
    whole = vault.read_bytes()
    draw = random.Random(7)
    errors = []
    for _ in range(60):
        flipped = bytearray(whole)
        flipped[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
        vault.write_bytes(flipped)
        errors += [error for read in READS if (error := error_of(vault, read))]
    assert errors
    assert all(error.hint for error in errors)


def error_of(vault: Path, read: Callable[[Repository], object]) -> VaultError | None:
    try:
        with Repository.open(vault, write=False) as reader:
            read(reader)
    except VaultError as error:
        return error
    return None


READS: list[Callable[[Repository], object]] = [
    lambda repo: repo.instance(),
    lambda repo: [(repo.type_results(n.run), repo.missing(n.run)) for n in repo.runs()],
    lambda repo: [(repo.is_sealed(n), repo.confirmed(n, "users")) for n in (1, 2)],
    lambda repo: [repo.root(n, ["users"]) for n in (1, 2)],
    lambda repo: [*repo.items("users"), *repo.items("users", 1), repo.counts()],
    lambda repo: list(repo.bodies("users")),
    lambda repo: repo.needed("queries"),
    lambda repo: (repo.types(), repo.size_report()),
]
