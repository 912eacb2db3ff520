"""A vault of format 1 whose migration is killed: at each of its statements, and amid a write."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from lookervault.storage import schema
from lookervault.storage.repository import Repository
from lookervault.storage.runs import RunRow
from tests.cli.running import program
from tests.faults.customized import customized

OLD = Path(__file__).parents[1] / "data/vaults/format-1.db"
ADDED = schema.tables().removeprefix(schema.tables(1)).split(";")
STATEMENTS = [
    "BEGIN IMMEDIATE",
    *[statement.split("(")[0].strip() for statement in ADDED if statement.strip()],
    f"PRAGMA user_version = {schema.FORMAT_VERSION}",
    "COMMIT",
    "PRAGMA wal_checkpoint",
    "PRAGMA busy_timeout = 5000",
]
"""Of the migration, in their order; the last one follows when all is in the file."""
SIZES = {
    "amid the second last page of the log": 33_000,
    "amid the last page of the log": 41_000,
    "at the first page that the file grows by": OLD.stat().st_size,
    "amid that page": OLD.stat().st_size + 4_000,
    "amid the next one": OLD.stat().st_size + 12_000,
    "amid the last one": OLD.stat().st_size + 28_000,
}
"""Bytes of a file, beyond which nothing can be written."""

AT_A_STATEMENT = """
import os, signal, sqlite3

_connect = sqlite3.connect

def _connected(*given, **named):
    connection = _connect(*given, **named)
    connection.set_trace_callback(_traced)
    return connection

def _traced(statement):
    if statement.startswith({at!r}):
        os.kill(os.getpid(), signal.SIGKILL)

sqlite3.connect = _connected
"""
AT_A_WRITE = """
import resource, signal

signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # the system ends whoever writes beyond the limit
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
"""

type Held = tuple[list[RunRow], dict[tuple[str, str], bytes]]


def held(vault: Path) -> Held:
    with Repository.open(vault, write=False) as repository:
        bodies = {
            (type, id): body for type in repository.types() for id, body in repository.bodies(type)
        }
        assert repository.certificate_faults() == []
        return repository.runs(), bodies


def version(vault: Path) -> int:
    return int.from_bytes(vault.read_bytes()[60:64])


@pytest.fixture
def old(vault: Path) -> Path:
    shutil.copy(OLD, vault)
    return vault


def killed(old: Path, source: str, by: signal.Signals) -> None:
    """Whoever opens it next, to read it or to write it, finds all that was there."""
    before = held(OLD)
    env = customized(source, old.parent / "site")
    done = program("gc", "--vault", old, env=env)
    assert done.code == -by, done
    assert held(old) == before
    verified = program("verify", "--vault", old)
    assert verified.code == 0, verified
    again = program("gc", "--vault", old)
    assert again.code == 0, again
    assert version(old) == schema.FORMAT_VERSION
    assert held(old) == before
    left = {file.name for file in old.parent.glob(f"{old.name}*")}
    assert left == {old.name, f"{old.name}.lock"}


@pytest.mark.parametrize("at", STATEMENTS)
def test_a_migration_that_is_killed_at_any_statement_loses_nothing(old: Path, at: str) -> None:
    killed(old, AT_A_STATEMENT.format(at=at), signal.SIGKILL)


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_a_migration_that_is_killed_amid_a_write_loses_nothing(old: Path, size: int) -> None:
    killed(old, AT_A_WRITE.format(size=size), signal.SIGXFSZ)
