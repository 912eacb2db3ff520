"""What docs/design/snapshot-format.md says is enough to read a store: `reader` has nothing else."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lookervault.demo.server import EmbeddedLooker
from lookervault.storage.repository import Repository
from tests.cli.machine import TYPES
from tests.cli.running import program
from tests.snapshot import reader
from tests.unit.snapshot.stores import People

FLIPS = 20
"""Of each object."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store, the keys, and the vault after each of two runs; the first was forgotten then."""
    folder = tmp_path_factory.mktemp("place")
    people = People(folder)
    with EmbeddedLooker(items=200, seed=5) as looker:
        vault, at = folder / "vault.db", ("--store", (folder / "store").as_uri())
        keys = ("--recipient", people.recipient(), "--index-key", people.index_key)
        push, forget = ("snapshot", "push", *keys, *at), ("forget", "--keep-last", 1)
        for run in (1, 2):
            for command in (("extract", *TYPES), *[forget] * (run - 1), push):
                done = program(*command, "--vault", vault, env=looker.env())
                assert done.code == 0, done.err
            shutil.copy(vault, folder / f"{run}.db")
            id = looker.store.ids("dashboards")[0]
            looker.store.edit("dashboards", id, title=f"After {run}")
            looker.store.delete("looks", looker.store.ids("looks")[0])
    return folder


def opened(place: Path) -> reader.Store:
    identity = People(place).identity().read_text().splitlines()[-1]
    return reader.Store(place / "store", identity)


def check_same(tables: reader.Tables, bodies: dict[bytes, bytes], vault: Path) -> None:
    with closing(sqlite3.connect(vault)) as connection:
        query = (
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name != 'dictionary_copies'"
        )
        for (name,) in connection.execute(query).fetchall():
            found = connection.execute(f"SELECT * FROM {name}")
            columns = [column[0] for column in found.description]
            told = [
                [
                    b"" if column == "data" else value
                    for column, value in zip(columns, row, strict=True)
                ]
                for row in found
            ]
            assert sorted(tables.get(name, {}).values(), key=repr) == sorted(told, key=repr)
    names = {row[0]: row[1] for row in tables["types"].values()}
    assert len(tables["versions"]) > 90
    with Repository.open(vault, write=False) as repository:
        for (type, id, run), version in tables["versions"].items():
            (_, digest, *_) = tables["objects"][version[4],]
            assert bodies[digest] == repository.body(names[type], id, run)


def test_it_reads_each_row_and_each_body_of_each_snapshot(place: Path) -> None:
    store = opened(place)
    assert store.recipients == [People(place).recipient()]
    first, second = store.snapshots()
    check_same(*store.snapshot(first), place / "1.db")
    check_same(*store.snapshot(second), place / "2.db")


def test_a_bit_that_has_changed_in_any_object_is_noticed(place: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(place, tmp_path / "copy"))
    store = opened(copy)
    (*_, newest) = store.snapshots()
    store.snapshot(newest)
    kinds = {name.partition("/")[0] for name in store.read}
    assert kinds == {"config", "keys", "snapshots", "rows", "index", "packs"}
    rng = random.Random(1)
    for name in store.read:
        file = copy / "store" / name
        whole = file.read_bytes()
        for offset in (0, len(whole) - 1, *rng.sample(range(len(whole)), FLIPS)):
            changed = bytearray(whole)
            changed[offset] ^= 1 << rng.randrange(8)
            file.write_bytes(changed)
            with pytest.raises(reader.FAILURES):
                opened(copy).snapshot(newest)
        file.write_bytes(whole)
    opened(copy).snapshot(newest)


def test_it_reads_what_was_encrypted_anew(place: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(place, tmp_path / "copy"))
    people = People(copy)
    done = program(
        *("snapshot", "rekey", "--reencrypt", "--identity", people.identity()),
        *("--recipient", people.recipient()),
        env={"LOOKERVAULT_STORE": (copy / "store").as_uri()},
    )
    assert done.code == 0, done.err
    store = opened(copy)
    (*_, newest) = store.snapshots()
    check_same(*store.snapshot(newest), place / "2.db")
    assert all(name.startswith("areas/") for name in store.read[2:])
