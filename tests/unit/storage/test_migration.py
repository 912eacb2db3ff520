"""Vaults of every earlier format, kept as they were made: read as they are, migrated by a run."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from lookervault.errors import VaultError
from lookervault.storage import schema
from lookervault.storage.repository import Repository
from lookervault.storage.salvage import salvage
from lookervault.storage.verify import verify
from tests.unit.storage.samples import end, item, start

KEPT = Path(__file__).parents[2] / "data" / "vaults"
FORMATS = range(1, schema.FORMAT_VERSION)


@pytest.fixture(params=FORMATS)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    vault = tmp_path / "old.db"
    shutil.copy(KEPT / f"format-{request.param}.db", vault)
    assert _version(vault) == request.param
    yield vault
    assert verify(vault).findings == []


def test_it_is_read_without_a_change(old: Path) -> None:
    before = sha256(old.read_bytes()).digest()
    with Repository.open(old, write=False) as vault:
        assert [row.status for row in vault.runs()] == ["complete"] * 3
        assert [vault.proofs(row.run) for row in vault.runs()] == [[], [], []]
        assert vault.certificate_faults() == []
        assert len(dict(vault.bodies("dashboards"))) > 1
    assert sha256(old.read_bytes()).digest() == before


def test_opened_for_writing_it_is_one_of_today_with_all_that_it_had(
    old: Path, tmp_path: Path
) -> None:
    before = _everything(old)
    Repository.open(old, write=True).close()
    assert _version(old) == schema.FORMAT_VERSION
    assert _everything(old) == before
    with Repository.open(tmp_path / "new.db", write=True):
        assert _schema(old) == _schema(tmp_path / "new.db")


def test_a_migration_that_is_interrupted_leaves_it_as_it_was(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, made = _everything(old), _schema(old)
    whole = schema._FORMATS  # noqa: SLF001 -- a format that cannot be made is only made so
    monkeypatch.setattr(schema, "_FORMATS", (*whole[:-1], whole[-1] + "CREATE TABLE usage (a);"))
    with pytest.raises(VaultError):
        Repository.open(old, write=True)
    monkeypatch.undo()
    assert (_everything(old), _schema(old)) == (before, made)
    Repository.open(old, write=True).close()
    assert _version(old) == schema.FORMAT_VERSION


def test_a_run_goes_on_in_it(old: Path) -> None:
    with Repository.open(old, write=True) as vault:
        run = vault.begin_run(start())
        vault.store(run, vault.pack([item("1")]), 0)
        root, _ = vault.root(run, ["users"])
        vault.end_run(run, msgspec.structs.replace(end("partial", root), types=[]))
        assert vault.body("users", "1", run) is not None


def test_it_is_salvaged(old: Path, tmp_path: Path) -> None:
    saved = salvage(old, tmp_path / "saved.db", now=0)
    assert not saved.lost
    with (
        Repository.open(old, write=False) as one,
        Repository.open(tmp_path / "saved.db", write=False) as other,
    ):
        assert dict(one.bodies("dashboards")) == dict(other.bodies("dashboards"))


def _version(vault: Path) -> int:
    return int.from_bytes(vault.read_bytes()[60:64])


def _schema(vault: Path) -> set[tuple[str, ...]]:
    with closing(sqlite3.connect(vault)) as connection:
        return set(connection.execute("SELECT type, name, sql FROM sqlite_schema"))


def _everything(vault: Path) -> dict[str, list[str]]:
    """Rows of every table that the format had."""
    with closing(sqlite3.connect(vault)) as connection:
        names = [
            r[0] for r in connection.execute("SELECT name FROM sqlite_schema WHERE type='table'")
        ]
        rows = {
            name: sorted(map(repr, connection.execute(f"SELECT * FROM {name}"))) for name in names
        }
        return {name: found for name, found in rows.items() if found}
