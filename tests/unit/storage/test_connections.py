"""No connection checkpoints by itself: a commit could be lost in a race with it."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from lookervault.errors import StoreError
from lookervault.storage.connections import Readers, open_reader
from lookervault.storage.repository import Repository
from lookervault.storage.writer import Writer
from tests.unit.storage.samples import finished_run, item


@pytest.fixture
def closed(vault: Path) -> Path:
    make(vault)
    return vault


def make(vault: Path) -> None:
    with Repository.open(vault, write=True) as repo:
        finished_run(repo, [item("1")])


def pages_until_checkpoint(connection: sqlite3.Connection) -> int:
    (pages,) = connection.execute("PRAGMA wal_autocheckpoint").fetchone()
    return int(pages)


def test_sqlite_would_checkpoint_by_itself() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        assert pages_until_checkpoint(connection) > 0


def test_the_writer_never_checkpoints_unasked(closed: Path) -> None:
    with closing(Writer(closed)) as writer:
        assert writer.write(pages_until_checkpoint) == 0
        assert writer.write_durably(pages_until_checkpoint) == 0
        assert writer.write(pages_until_checkpoint) == 0, "nor after a checkpoint of its own"


def test_a_reader_beside_a_writer_never_checkpoints(closed: Path) -> None:
    with closing(Writer(closed)), closing(open_reader(closed)) as connection:
        assert opened_for_writing(connection) is False
        assert pages_until_checkpoint(connection) == 0


def test_a_reader_of_a_vault_that_nobody_has_open_never_checkpoints(closed: Path) -> None:
    with closing(open_reader(closed)) as connection:
        assert opened_for_writing(connection) is True
        assert pages_until_checkpoint(connection) == 0


def opened_for_writing(connection: sqlite3.Connection) -> bool:
    """Whether its file is: `query_only`, which forbids it as well, is taken away for that."""
    connection.execute("PRAGMA query_only = OFF")
    connection.execute("BEGIN")
    try:
        connection.execute("CREATE TABLE another (id)")
    except sqlite3.OperationalError:
        return False
    finally:
        connection.execute("ROLLBACK")
    return True


AS_ANYBODY = """
import os, sys
from pathlib import Path
from lookervault.storage.connections import open_reader
if os.geteuid() == 0:
    os.setuid(65534)  # root may write everywhere; nobody may not
print(*open_reader(Path(sys.argv[1])).execute("PRAGMA wal_autocheckpoint").fetchone())
"""


def test_a_reader_where_nothing_can_be_written_never_checkpoints() -> None:
    with tempfile.TemporaryDirectory() as name:  # nobody may not enter pytest's own
        vault = Path(name, "lookervault.db")
        make(vault)
        vault.chmod(0o444)
        Path(name).chmod(0o555)
        try:
            child = [sys.executable, "-c", AS_ANYBODY, str(vault)]
            done = subprocess.run(child, check=True, capture_output=True, text=True)
        finally:
            Path(name).chmod(0o755)
    assert done.stdout == "0\n"


@pytest.fixture
def readers(closed: Path) -> Iterator[Readers]:
    with closing(Readers(closed)) as several:
        yield several


def test_no_thread_has_a_connection_that_checkpoints(readers: Readers) -> None:
    def look() -> tuple[int, int]:
        connection = readers.get()
        return id(connection), pages_until_checkpoint(connection)

    mine = look()
    with ThreadPoolExecutor(1) as pool:
        theirs = pool.submit(look).result()
    assert (mine[1], theirs[1]) == (0, 0)
    assert mine[0] != theirs[0]


@pytest.mark.parametrize("lost", ["objects", "dictionaries"])
def test_what_cannot_be_had_from_elsewhere_is_told_as_it_is_and_is_no_damage(
    made: Path, tmp_path: Path, lost: str
) -> None:
    """`made` is a vault with a dictionary; this one has neither bodies nor dictionaries itself."""
    outline = Path(shutil.copy(made, tmp_path / "outline.db"))
    with closing(sqlite3.connect(made)) as whole, closing(sqlite3.connect(outline)) as connection:
        for table in ("objects", "dictionaries", "dictionary_copies"):
            connection.execute(f"UPDATE {table} SET data = x''")
        connection.commit()
        kept: dict[tuple[str, bytes], bytes] = {
            (table, digest): data
            for table in ("objects", "dictionaries")
            for digest, data in whole.execute(f"SELECT sha256, data FROM {table}")
        }
    assert any(table == "dictionaries" for table, _ in kept)

    def fetch(table: str, digest: bytes, _: bytes | None) -> bytes:
        if table == lost:
            raise StoreError("The connection was lost.")
        return kept[table, digest]

    with Repository.open(outline, write=True, fetch=fetch) as repo:
        with pytest.raises(StoreError, match=r"The connection was lost\.") as raised:
            list(repo.bodies("users"))
        finished_run(repo, [item("new")])
        assert "new" in repo.open_ids("users"), "what was read before keeps nobody from seeing it"
    del raised  # with all that was open when it was raised
