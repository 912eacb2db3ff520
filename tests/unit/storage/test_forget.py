"""What is left of runs that were forgotten, and what is refused."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import msgspec
import pytest

from lookervault.errors import DamagedError, VaultError
from lookervault.proof.certificate import check_chain, check_in_vault, newest_of
from lookervault.storage import retention
from lookervault.storage.forget import Forgot, forget
from lookervault.storage.gc import gc
from lookervault.storage.repository import Repository
from lookervault.storage.retention import Choice, Policy
from lookervault.storage.runs import Proof, RunRow
from lookervault.storage.salvage import salvage
from lookervault.storage.schema import row_sum
from lookervault.storage.verify import verify
from tests.unit.storage.damaging import extract, real
from tests.unit.storage.samples import column, edit, end, item, page, start

NOW = 1_800_000_000.0


def keep_last(path: Path, count: int = 1, *, drop_deleted: bool = False) -> Forgot:
    choose = partial(retention.choose, policy=Policy(last=count))
    return forget(path, choose, drop_deleted=drop_deleted, now=NOW)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four runs; item 3 was changed in run 2, 29 was changed in run 2 and gone in run 3."""
    path = tmp_path_factory.mktemp("made") / "v.db"
    items = {str(n): real(item(str(n))) for n in range(30)}
    with Repository.open(path, write=True) as repo:
        repo.set_instance("looker.example.com")
        extract(repo, list(items.values()), "users")
        items |= {id: real(item(id, state=1)) for id in ("3", "29")}
        extract(repo, list(items.values()), "users")
        del items["29"]
        extract(repo, list(items.values()), "users")
        extract(repo, list(items.values()), "users")
    return path


@pytest.fixture
def vault(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made, tmp_path / "v.db"))


def keep_4_and_6(rows: list[RunRow]) -> list[Choice]:
    return [Choice(row, ["kept"] if row.run in (4, 6) else []) for row in rows]


def last_of_29(path: Path) -> list[str]:
    query = "SELECT first_run || ' ' || end_run FROM versions WHERE id = '29' AND end_run"
    return column(path, query)


def test_versions_go_whatever_their_id_is(tmp_path: Path) -> None:
    path = tmp_path / "v.db"
    with Repository.open(path, write=True) as repo:
        repo.set_instance("looker.example.com")
        for state in range(3):
            extract(repo, [real(item("a\x00b", state=state)), real(item("1"))], "users")
    keep_last(path)
    assert column(path, "SELECT count(*) FROM versions") == [2]
    assert verify(path).status == "ok"


def test_what_was_deleted_can_be_found_until_it_is_to_go(vault: Path) -> None:
    keep_last(vault)
    assert last_of_29(vault) == ["2 3"]
    assert gc(vault, now=NOW).freed.objects == 2
    keep_last(vault, drop_deleted=True)
    assert last_of_29(vault) == []
    assert gc(vault, now=NOW).freed.objects == 1
    assert verify(vault, deep=True).status == "ok"


def test_what_comes_back_takes_the_place_of_what_was_deleted(vault: Path) -> None:
    keep_last(vault)
    with Repository.open(vault, write=True) as repo:
        extract(repo, [real(item(str(n))) for n in range(30)], "users")
    keep_last(vault)
    assert last_of_29(vault) == []
    assert column(vault, "SELECT first_run FROM versions WHERE id = '29'") == [5]
    assert verify(vault).status == "ok"


def test_versions_that_only_a_forgotten_one_told_apart_are_one(vault: Path) -> None:
    with Repository.open(vault, write=True) as repo:
        extract(repo, [real(item("3"))], "users")
        extract(repo, [real(item("3", state=1))], "users")
    forget(vault, keep_4_and_6, now=NOW)
    query = "SELECT first_run || ' ' || coalesce(end_run, '') FROM versions WHERE id = '3'"
    assert column(vault, query) == ["4 "]
    assert verify(vault).status == "ok"


def test_numbers_of_runs_are_never_given_twice(vault: Path) -> None:
    keep_last(vault)
    with Repository.open(vault, write=True) as repo:
        assert repo.begin_run(start()) == 5


def test_a_run_that_is_gone_on_with_finds_what_it_had_stored(vault: Path) -> None:
    """It opens again what it ended itself, and nothing that a forgotten run had."""
    with Repository.open(vault, write=True) as repo:
        run = repo.begin_run(start("users"))
        repo.store(run, repo.pack([real(item("3", state=2))]), 0)
        repo.vanish(run, "users", ["7"])
        repo.end_run(run, end("interrupted"))
    assert [one.run.run for one in keep_last(vault).choices if one.reasons] == [4, 5]
    with Repository.open(vault, write=True) as repo:
        repo.resume_run(run)
        assert repo.confirmed(run, "users") == {"3"}
        assert repo.open_ids("users") == {str(n) for n in range(29)}


def test_certificates_of_forgotten_runs_stay_and_are_checked(vault: Path) -> None:
    keep_last(vault)
    with Repository.open(vault, write=False) as repo:
        assert check_chain(repo) == []
        row = newest_of(repo, 2)
        assert row is not None
        found = check_in_vault(repo, row.certificate)
        assert (found.findings, found.links, found.roots) == ([], 2, 0)
        assert "forgotten" in found.superseded
        assert [one.row.run for one in repo.forgotten()] == [1, 2, 3]
        assert {one.at for one in repo.forgotten()} == {NOW}
        assert repo.forgotten()[0].row.status == "complete"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM forgotten WHERE run = 2", "no such run, but a certificate"),
        ("UPDATE forgotten SET told = replace(told, '26.22.1', '26.22.2')", "is not the one"),
        ("UPDATE forgotten SET told = '{}' WHERE run = 2", "cannot be read"),
        ("UPDATE forgotten SET run = 4 WHERE run = 2", "as forgotten, and is there"),
    ],
)
def test_a_note_that_is_another_or_gone_is_found(vault: Path, statement: str, said: str) -> None:
    keep_last(vault)
    edit(vault, statement)
    report = verify(vault, quick=True)
    assert report.status == "damaged"
    assert any(said in one.detail for one in report.findings), report.findings


def test_a_note_with_a_right_sum_is_held_against_the_certificate(vault: Path) -> None:
    keep_last(vault)
    told = column(vault, "SELECT told FROM forgotten WHERE run = 2")[0]
    false = told.replace('"status":"complete"', '"status":"partial"')
    assert false != told
    new = f"told = '{false}', sum = {row_sum((2, false))}"
    edit(vault, f"UPDATE forgotten SET {new} WHERE run = 2")
    (found,) = verify(vault).findings
    assert (found.kind, found.run) == ("certificate", 2)
    assert "is not that of certificate 2: status" in found.detail


def test_what_forgotten_runs_had_proven_is_still_known(tmp_path: Path) -> None:
    """And of what they read because it had changed, no more than is sure."""
    path = tmp_path / "v.db"
    with Repository.open(path, write=True) as repo:
        for number in range(4):
            run = repo.begin_run(start())
            repo.store(run, repo.pack(page(range(20), state=number // 2)), 0)
            proof = Proof(type="users", start=number * 1000, width=1000)
            repo.end_run(run, msgspec.structs.replace(end(), proofs=[proof]))
        before = {str(id): repo.proving().last("users")(str(id), 3) for id in range(20)}
        newest = repo.proving().newest(5)
    assert {3, 4} == set(before.values())
    keep_last(path)
    with Repository.open(path, write=False) as repo:
        after = {
            row.id: repo.proving().last("users")(row.id, row.first_run)
            for row in repo.items("users")
        }
        assert repo.proving().newest(5) == newest
        assert {row.first_run for row in repo.items("users")} == {4}
    assert {1, 2, 3, 4} == set(after.values())
    assert all(after[id] <= run for id, run in before.items())
    assert all(after[id] == 4 for id, run in before.items() if run == 4)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE versions SET name = 'x' WHERE id = '3' AND first_run = 1", "users 3 is damaged"),
        ("UPDATE runs SET looker_version = '1' WHERE run = 2", "run 2 is not what was sealed"),
    ],
)
def test_damage_is_not_written_over(vault: Path, statement: str, said: str) -> None:
    edit(vault, statement)
    before = column(vault, "SELECT sum FROM versions")
    with pytest.raises(DamagedError, match=said):
        keep_last(vault)
    assert column(vault, "SELECT run FROM runs") == [1, 2, 3, 4]
    assert column(vault, "SELECT sum FROM versions") == before


def test_no_object_is_freed_while_it_is_not_sure_what_is_needed(vault: Path) -> None:
    edit(vault, "UPDATE versions SET object = object + 1 WHERE id = '5'")
    before = column(vault, "SELECT id FROM objects")
    with pytest.raises(DamagedError, match="users 5 is damaged"):
        gc(vault, now=NOW)
    assert column(vault, "SELECT id FROM objects") == before


def test_dictionaries_and_usage_of_what_is_gone_for_good_are_freed(tmp_path: Path) -> None:
    path = tmp_path / "v.db"
    with Repository.open(path, write=True) as repo:
        extract(repo, [real(one) for one in page(range(40))], "users")
        extract(repo, [real(one) for one in page(range(40), 5, type="looks")], "users", "looks")
    edit(path, "INSERT INTO usage SELECT type, id, NULL, 3 FROM versions")
    keep_last(path, drop_deleted=True)
    freed = gc(path, now=NOW).freed
    assert (freed.objects, freed.dictionaries) == (40, 1)
    kinds = column(path, "SELECT DISTINCT t.name FROM usage u JOIN types t ON t.id = u.type")
    assert kinds == ["looks"]
    assert len(column(path, "SELECT id FROM dictionary_copies")) == 1
    assert verify(path, deep=True).status == "ok"
    with Repository.open(path, write=True) as repo:
        extract(repo, [real(one) for one in page(range(40))], "users")
    assert verify(path, deep=True).status == "ok"


def test_the_file_becomes_smaller_while_somebody_reads(vault: Path) -> None:
    with Repository.open(vault, write=True) as repo:
        for state in range(2, 9):
            extract(repo, [real(one) for one in page(range(200), state)], "users")
    keep_last(vault)
    with Repository.open(vault, write=False) as reader:
        bodies = reader.bodies("users")
        first = next(bodies)
        size = vault.stat().st_size
        gc(vault, now=NOW)
        assert len(dict([first, *bodies])) == 200
    done = gc(vault, now=NOW)
    assert done.bytes_after < size / 2
    assert vault.stat().st_size == done.bytes_after
    assert {file.name for file in vault.parent.iterdir()} == {"v.db", "v.db.lock"}
    assert verify(vault, deep=True).status == "ok"


def test_whoever_writes_the_vault_is_not_disturbed(vault: Path) -> None:
    with Repository.open(vault, write=True):
        for disturb in (lambda: keep_last(vault), lambda: gc(vault, now=NOW)):
            with pytest.raises(VaultError, match="in use by"):
                disturb()


def test_a_salvaged_vault_knows_what_was_forgotten(vault: Path, tmp_path: Path) -> None:
    keep_last(vault)
    gc(vault, now=NOW)
    salvage(vault, tmp_path / "new.db", now=NOW)
    with Repository.open(tmp_path / "new.db", write=False) as repo:
        assert [one.row.run for one in repo.forgotten()] == [1, 2, 3]
    assert verify(tmp_path / "new.db").status == "ok"
