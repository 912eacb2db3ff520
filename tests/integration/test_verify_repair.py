"""Damage is mended from Looker where it still has the same, and what is lost is named."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from lookervault.config.settings import load
from lookervault.content.model import Item
from lookervault.demo.server import EmbeddedLooker
from lookervault.errors import NotFoundError, VaultError
from lookervault.looker.client import Looker
from lookervault.proof.refetch import Refetch
from lookervault.storage.repair import Fetch, Lost, Repaired, lost, repair
from lookervault.storage.repository import Repository
from lookervault.storage.verify import verify
from tests.integration.running import extraction
from tests.unit.storage.samples import column, edit

NOW = 1_763_000_000.0
TYPES = ("dashboards", "users", "groups", "folders", "content_metadata", "roles", "role_members")


@pytest.fixture(scope="module")
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(items=200, seed=3) as server:
        yield server


@pytest.fixture(scope="module")
def made(looker: EmbeddedLooker, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "vault.db"
    with extraction(looker, path) as one:
        assert one.run(*TYPES).end.status == "complete"
    return path


@pytest.fixture
def vault(made: Path, tmp_path: Path) -> Path:
    shutil.copy(made, tmp_path / "vault.db")
    return tmp_path / "vault.db"


@pytest.fixture
def own_looker() -> Iterator[EmbeddedLooker]:
    """One that a test may change; it begins as the other one."""
    with EmbeddedLooker(items=200, seed=3) as server:
        yield server


def nobody(name: str, id: str, trashed: bool) -> Item | None:
    return None


def mended(vault: Path, looker: EmbeddedLooker) -> tuple[Repaired, list[Lost]]:
    client = Looker(load({}, looker.env(), None), pool_size=1)
    try:
        with Repository.open(vault, write=False) as repo:
            refetch = Refetch(repo, lambda _: client)
            return mend(vault, or_none(refetch))
    finally:
        client.close()


def or_none(refetch: Refetch) -> Fetch:
    def fetch(name: str, id: str, trashed: bool) -> Item | None:
        try:
            return refetch.item(name, id, trashed=trashed)
        except NotFoundError:
            return None

    return fetch


def mend(vault: Path, fetch: Fetch) -> tuple[Repaired, list[Lost]]:
    done = repair(vault, verify(vault), fetch, now=NOW)
    return done, lost(vault, verify(vault))


def bodies(vault: Path) -> dict[str, dict[str, bytes]]:
    with Repository.open(vault, write=False) as repo:
        return {name: dict(repo.bodies(name)) for name in repo.types()}


OBJECTS_OF = """
    UPDATE objects SET data = zeroblob(length(data)) WHERE id IN (
      SELECT object FROM versions v JOIN types t ON t.id = v.type WHERE t.name = '{}')
"""


@pytest.mark.parametrize("name", TYPES)
def test_damaged_bodies_of_each_kind_of_type_are_fetched_again(
    vault: Path, looker: EmbeddedLooker, name: str
) -> None:
    before = bodies(vault)
    edit(vault, OBJECTS_OF.format(name))
    assert verify(vault).status == "damaged"
    done, left = mended(vault, looker)
    assert left == []
    assert verify(vault, deep=True).status == "ok"
    assert bodies(vault) == before
    assert len(done.mended) == len(before[name])


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM objects WHERE id % 3 = 0",
        "UPDATE objects SET dictionary = NULL, size = 5 WHERE id % 3 = 0",
        "UPDATE objects SET sha256 = randomblob(32), data = x'00' WHERE id % 3 = 0",
        "UPDATE objects SET sum = 7 WHERE id % 3 = 0",
    ],
)
def test_whatever_is_wrong_with_objects_is_mended(
    vault: Path, looker: EmbeddedLooker, change: str
) -> None:
    before = bodies(vault)
    edit(vault, change)
    _, left = mended(vault, looker)
    assert left == []
    report = verify(vault, deep=True)
    assert (report.status, report.findings) == ("ok", [])
    assert report.checked["unreferenced_objects"] == 0
    assert bodies(vault) == before


def test_an_item_that_is_another_now_is_lost_with_the_run_that_last_had_it_whole(
    own_looker: EmbeddedLooker, tmp_path: Path
) -> None:
    path = tmp_path / "vault.db"
    edited, gone, same = own_looker.store.ids("dashboards")[:3]
    with extraction(own_looker, path) as one:
        one.run("dashboards")
        own_looker.store.edit("dashboards", edited, title="second")
        one.run("dashboards")
        own_looker.store.edit("dashboards", edited, title="third")
        one.run("dashboards")
    edit(
        path,
        "UPDATE objects SET data = x'00' WHERE id IN (SELECT object FROM versions WHERE"
        f" id IN ('{gone}', '{same}') OR (id = '{edited}' AND first_run > 1))",
    )
    own_looker.store.delete("dashboards", gone)
    _, left = mended(path, own_looker)
    assert left == [
        Lost("dashboards", edited, 2, 1),
        Lost("dashboards", gone, 1, None),
    ] or left == [Lost("dashboards", gone, 1, None), Lost("dashboards", edited, 2, 1)]
    with Repository.open(path, write=False) as repo:
        assert b"third" in (repo.body("dashboards", edited) or b"")
        assert repo.body("dashboards", edited, 1)
        assert repo.body("dashboards", same)


def test_the_damaged_file_is_kept_beside_for_its_owner_only(
    vault: Path, looker: EmbeddedLooker
) -> None:
    edit(vault, OBJECTS_OF.format("users"))
    damaged = vault.read_bytes()
    done, _ = mended(vault, looker)
    assert done.kept_aside == vault.with_name("vault.db.damaged-20251113T021320Z")
    assert done.kept_aside.read_bytes() == damaged
    assert stat.S_IMODE(done.kept_aside.stat().st_mode) == 0o600


def test_one_that_was_kept_within_the_same_second_is_not_overwritten(vault: Path) -> None:
    edit(vault, OBJECTS_OF.format("users"))
    kept = [mend(vault, nobody)[0].kept_aside.name for _ in range(2)]
    assert kept == ["vault.db.damaged-20251113T021320Z", "vault.db.damaged-20251113T021320Z-2"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE versions SET name = 'x' WHERE first_run = 1 AND id IN ('1', '3')",
        "UPDATE versions SET hash = zeroblob(32)",
        "UPDATE versions SET trashed = 1 - trashed",
        "UPDATE versions SET updated_at = 'x' WHERE updated_at IS NOT NULL",
        "UPDATE versions SET refs = '{}' WHERE refs IS NOT NULL",
        "UPDATE versions SET end_run = 77",
        "UPDATE versions SET redacted = 'x' WHERE redacted IS NULL",
        "UPDATE objects SET sha256 = randomblob(32)",
        "UPDATE objects SET size = size - 1",
        "UPDATE types SET name = 'usors' WHERE name = 'users'",
        "UPDATE meta SET value = 'x'",
        "UPDATE dictionaries SET data = x'00'",
        "UPDATE dictionary_copies SET sha256 = x'00'",
        "DELETE FROM dictionaries",
    ],
)
def test_what_a_sum_proves_is_mended_without_looker(vault: Path, change: str) -> None:
    before = bodies(vault)
    edit(vault, change)
    assert verify(vault).status == "damaged"
    done, left = mend(vault, nobody)
    assert left == []
    report = verify(vault, deep=True)
    assert (report.status, report.findings) == ("ok", [])
    assert bodies(vault) == before
    assert done.mended


def test_rows_that_no_column_explains_are_renewed_from_looker(
    vault: Path, looker: EmbeddedLooker
) -> None:
    edit(vault, "UPDATE versions SET name = 'x', folder_id = 'y', updated_at = 'z' WHERE id = '3'")
    _, left = mended(vault, looker)
    assert left == []
    assert verify(vault, deep=True).status == "ok"


def test_indexes_are_made_anew(vault: Path) -> None:
    root = column(vault, "SELECT rootpage FROM sqlite_schema WHERE name = 'objects_by_sha256'")[0]
    data = bytearray(vault.read_bytes())
    data[root * 8192 - 20] ^= 255  # within the last entry of that page
    vault.write_bytes(data)
    assert verify(vault).status == "damaged"
    done, left = mend(vault, nobody)
    assert (done.mended, left) == (["the indexes"], [])
    assert verify(vault).status == "ok"


def test_a_file_whose_structure_is_damaged_is_not_written_to(vault: Path) -> None:
    root = column(vault, "SELECT rootpage FROM sqlite_schema WHERE name = 'versions'")[0]
    data = bytearray(vault.read_bytes())
    data[(root - 1) * 8192 : root * 8192] = bytes(8192)
    vault.write_bytes(data)
    done, _ = mend(vault, nobody)
    assert done.mended == []
    assert verify(vault).status == "damaged"


def test_a_vault_that_is_being_written_is_not_repaired(vault: Path) -> None:
    report = verify(vault)
    with Repository.open(vault, write=True), pytest.raises(VaultError, match="in use"):
        repair(vault, report, nobody, now=NOW)


def test_a_call_that_fails_leaves_the_vault_as_it_was(vault: Path) -> None:
    edit(vault, OBJECTS_OF.format("users"))
    before = verify(vault).findings

    def refused(name: str, id: str, trashed: bool) -> Item | None:
        raise NotFoundError("nobody knows")

    with pytest.raises(NotFoundError):
        mend(vault, refused)
    assert verify(vault).findings == before
