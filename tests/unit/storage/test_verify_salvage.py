"""Whatever is left of a vault, what is whole in it comes into a new one, and that one is ok."""

from __future__ import annotations

import random
import sqlite3
import stat
from pathlib import Path

import pytest

from lookervault.errors import DamagedError, UsageError, VaultError
from lookervault.storage.log import log_path
from lookervault.storage.repository import Repository
from lookervault.storage.salvage import Loss, Salvaged, salvage
from lookervault.storage.verify import verify
from tests.unit.storage.damaging import DAMAGES, PAGE, Damage, extract, make, real
from tests.unit.storage.samples import column, edit, page
from tests.unit.storage.test_repository_concurrency import child

NOW = 1_763_000_000.0


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return tmp_path / "new.db"


def rescued(old: Path, new: Path) -> Salvaged:
    done = salvage(old, new, now=NOW)
    report = verify(new)
    assert (report.status, report.findings) == ("ok", [])
    return done


def versions(path: Path) -> set[tuple[str, str, int, bytes]]:
    """What there was: type, id, first run, body."""
    query = """SELECT t.name, v.id, v.first_run, v.end_run FROM versions v
        JOIN types t ON t.id = v.type"""
    found = set()
    connection = sqlite3.connect(path)
    with Repository.open(path, write=False) as repo:
        for name, id, first, _ in connection.execute(query).fetchall():
            found.add((name, id, first, repo.body(name, id, first) or b""))
    connection.close()
    return found


def test_a_whole_vault_comes_over_whole_but_for_its_runs(made: Path, new: Path) -> None:
    before = made.read_bytes()
    done = rescued(made, new)
    assert (done.lost, done.unnamed) == ([], {})
    assert versions(new) == versions(made)
    assert made.read_bytes() == before
    assert stat.S_IMODE(new.stat().st_mode) == 0o600
    with Repository.open(new, write=False) as repo, Repository.open(made, write=False) as old:
        assert {row.status for row in repo.runs()} == {"salvaged"}
        assert [row.started for row in repo.runs()] == [row.started for row in old.runs()]
        assert [row.root for row in repo.runs()] == [None] * 3
        assert repo.instance() == old.instance()
        for run in (1, 2):
            assert list(repo.items("users", run)) == list(old.items("users", run))


def test_the_next_run_goes_on_in_the_new_vault(made: Path, new: Path) -> None:
    rescued(made, new)
    with Repository.open(new, write=True) as repo:
        extract(repo, [real(one) for one in page(range(5))], "users", "looks")
    assert verify(new, deep=True).status == "ok"


@pytest.mark.parametrize("number", range(14))
def test_with_any_page_gone_what_lies_on_the_others_is_kept(
    made: Path, vault: Path, new: Path, number: int
) -> None:
    data = bytearray(made.read_bytes())
    pages = len(data) // PAGE
    data[number % pages * PAGE : (number % pages + 1) * PAGE] = bytes(PAGE)
    vault.write_bytes(data)
    done = rescued(vault, new)
    kept, before = versions(new), versions(made)
    assert kept <= before
    named = {(one.type, one.id, one.run) for one in done.lost}
    told = {one[:3] for one in kept} | named == {one[:3] for one in before}
    assert told or number in fatal(made)


def fatal(made: Path) -> set[int]:
    """Pages that hold all there is: the only leaf of the items, and that of small bodies."""
    query = "SELECT rootpage - 1 FROM sqlite_schema WHERE name IN ('versions', 'objects')"
    return set(column(made, query))


def test_what_could_be_named_and_not_kept_is_told(copy: Path, new: Path) -> None:
    edit(copy, "UPDATE objects SET data = x'00' WHERE id = 3")
    edit(copy, "UPDATE versions SET name = 'x' WHERE id = '33'")
    done = rescued(copy, new)
    assert done.lost == [
        Loss("users", "2", 1, "its body is damaged or gone"),
        Loss("users", "33", 1, "its row is damaged"),
    ]
    assert done.kept["versions"] == column(copy, "SELECT count(*) FROM versions")[0] - 2


def test_items_that_nothing_names_any_more_are_counted(vault: Path, new: Path) -> None:
    with Repository.open(vault, write=True) as repo:
        extract(repo, [real(one) for one in page(range(50))], "users")
    edit(vault, "DELETE FROM versions WHERE id IN ('3', '4')")
    done = rescued(vault, new)
    assert (done.lost, done.unnamed) == ([], {"users": 2})


def test_the_name_of_a_type_is_found_by_the_sums_of_its_items(copy: Path, new: Path) -> None:
    edit(copy, "DELETE FROM types")
    done = rescued(copy, new)
    assert done.lost == []
    with Repository.open(new, write=False) as repo:
        assert repo.types() == ["looks", "users"]


def test_a_run_that_is_gone_is_replaced_by_one_that_says_so(copy: Path, new: Path) -> None:
    edit(copy, "DELETE FROM runs WHERE run = 1")
    rescued(copy, new)
    with Repository.open(new, write=False) as repo:
        assert [(row.run, row.status) for row in repo.runs()] == [
            (1, "salvaged"),
            (2, "salvaged"),
            (3, "salvaged"),
        ]


def test_a_killed_run_and_its_log_are_read(vault: Path, new: Path) -> None:
    with child(vault) as other:
        assert other.stdout is not None
        for _ in range(4):
            other.stdout.readline()
        other.kill()
    for name in ("lookervault.db-shm",):
        vault.with_name(name).unlink(missing_ok=True)
    log = log_path(vault).read_bytes()
    done = rescued(vault, new)
    assert done.kept["versions"] >= 40
    assert log_path(vault).read_bytes() == log


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_whatever_happened_to_the_file_what_is_kept_is_what_was(
    made: Path, vault: Path, tmp_path: Path, damage: Damage
) -> None:
    before = versions(made)
    draw = random.Random(f"salvage {damage.__name__}")
    for number in range(6):
        data = bytearray(made.read_bytes())
        damage(data, draw)
        vault.write_bytes(data)
        new = tmp_path / f"{number}.db"
        if len(data) < 2 * PAGE:  # nothing is left, or only the names of the tables
            with pytest.raises(DamagedError):
                salvage(vault, new, now=NOW)
            continue
        rescued(vault, new)
        assert versions(new) <= before


@pytest.mark.parametrize("content", [b"", b"text", bytes(30_000), b"SQLite format 3\x00"])
def test_of_a_file_that_holds_nothing_no_vault_is_made(
    vault: Path, new: Path, content: bytes
) -> None:
    vault.write_bytes(content)
    with pytest.raises(DamagedError, match="Nothing of a vault is left"):
        salvage(vault, new, now=NOW)
    assert not new.exists()


def test_no_file_is_overwritten_and_none_is_made_from_nothing(vault: Path, new: Path) -> None:
    with pytest.raises(VaultError, match="no vault at"):
        salvage(vault, new, now=NOW)
    assert not new.exists()
    make(vault)
    new.write_text("mine")
    with pytest.raises(UsageError, match="there already"):
        salvage(vault, new, now=NOW)
    assert new.read_text() == "mine"


def test_half_a_vault_is_not_left_behind(vault: Path, new: Path) -> None:
    make(vault)
    with Repository.open(vault, write=True) as repo:
        extract(repo, [real(one) for one in page(range(3000, 4200))], "users", status="partial")

    def stop(what: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        salvage(vault, new, now=NOW, watch=stop)
    assert not new.exists()
