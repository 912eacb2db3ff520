"""Vaults of format 1: the one that is kept, and those that development versions made."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import program

DATA = Path(__file__).parents[1] / "data"
KEPT = DATA / "vaults/format-1.db"
NO_ROLES = ("ALTER TABLE runs DROP COLUMN roles",)
NO_CERTIFICATES = (*NO_ROLES, "DROP TABLE certificates")
NO_SUMS = (
    *NO_CERTIFICATES,
    *(f"ALTER TABLE {table} DROP COLUMN sum" for table in ("types", "objects", "pages")),
)
"""As docs/design/decisions/013-vaults-of-development-versions.md lists them."""


def early(path: Path, lacking: tuple[str, ...]) -> Path:
    shutil.copy(KEPT, path)
    with closing(sqlite3.connect(path)) as connection:
        for statement in lacking:
            connection.execute(statement)
    return path


@pytest.mark.parametrize("lacking", [NO_ROLES, NO_CERTIFICATES, NO_SUMS])
def test_a_vault_of_a_development_version_is_not_called_damaged(
    lacking: tuple[str, ...], looker: EmbeddedLooker, tmp_path: Path
) -> None:
    path = early(tmp_path / "early.db", lacking)
    before = sha256(path.read_bytes()).digest()
    for command in ("runs", "verify", "gc", "stats", "search x", "show dashboards 1", "extract"):
        done = program(*command.split(), "--vault", path, env=looker.env())
        assert (done.code, done.out) == (1, b""), done
        assert "was made by a development version of LookerVault" in done.told
        assert "damaged" not in done.told.replace("It is not damaged.", "")
        hint = "extract" if lacking is NO_SUMS else f"`lookervault salvage {path} NEW`"
        assert hint in done.told
    assert sha256(path.read_bytes()).digest() == before


@pytest.mark.parametrize("lacking", [NO_ROLES, NO_CERTIFICATES])
def test_what_it_holds_is_salvaged(lacking: tuple[str, ...], tmp_path: Path) -> None:
    path, new = early(tmp_path / "early.db", lacking), tmp_path / "new.db"
    done = program("salvage", path, new, "--json")
    assert (done.code, done.json["status"]) == (0, "complete"), done
    assert program("verify", "--vault", new).code == 0
    for type in ("dashboards", "roles"):
        listed = [
            [(item["id"], item["hash"]) for item in program(*command, "--vault", vault).json]
            for vault in (KEPT, new)
            for command in [("list", type, "--json")]
        ]
        assert listed[0] == listed[1] != []


def test_what_has_no_sums_is_not_said_to_be_salvaged(tmp_path: Path) -> None:
    path, new = early(tmp_path / "early.db", NO_SUMS), tmp_path / "new.db"
    done = program("salvage", path, new)
    assert (done.code, done.out, new.exists()) == (1, b"", False)
    assert "nothing in it can be proven" in done.told


def test_the_vault_that_is_kept_is_the_one_that_is_described() -> None:
    described = (DATA / "README.md").read_text()
    assert f"`{sha256(KEPT.read_bytes()).hexdigest()}`" in described
    runs = program("runs", "--json", "--vault", KEPT).json
    told = [f"| {run['run']} | {run['items']} | `{run['root_hash'][:16]}` |" for run in runs]
    assert [line for line in told if line in described] == told
