"""`forget` and `gc`, as whoever looks after the vault uses them."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from lookervault.storage.repository import Repository
from lookervault.storage.verify import verify
from tests.cli.running import program
from tests.unit.storage.damaging import real
from tests.unit.storage.samples import end, page, start

pytestmark = pytest.mark.xdist_group("forget")

BEGUN = 1_763_000_000.0  # 2025-11-13, 02:13:20
DAY = 24 * 3600.0


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six runs, one a day; each changed half of the items."""
    path = tmp_path_factory.mktemp("made") / "vault.db"
    with Repository.open(path, write=True) as repo:
        for day in range(6):
            begun = BEGUN + day * DAY
            run = repo.begin_run(msgspec.structs.replace(start(), started=begun))
            items = [*page(range(day % 2, 60, 2), state=day), *page(range((day + 1) % 2, 60, 2))]
            repo.store(run, repo.pack([real(one) for one in items]), 0)
            root, _ = repo.root(run, ["users"])
            ended = msgspec.structs.replace(end(root=root), finished=begun + 60, types=[])
            repo.end_run(run, ended)
    return path


@pytest.fixture
def vault(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made, tmp_path / "vault.db"))


def test_a_dry_run_tells_what_would_be_and_changes_nothing(vault: Path) -> None:
    before = vault.read_bytes()
    arguments = ("forget", "--keep-last", 1, "--keep-weekly", 1, "--gc", "--vault", vault)
    told = program(*arguments, "--dry-run")
    assert told.code == 0
    assert "  5  2025-11-17T02:13:20Z  complete  forget  –" in told.text
    assert "keep    newest, newest complete, last, weekly" in told.text
    assert "Nothing was changed." in told.text
    would = program(*arguments, "-n", "--json").json
    assert vault.read_bytes() == before
    done = program(*arguments, "--json").json
    for name in ("kept", "forgotten", "versions_removed", "gc", "bytes_before"):
        assert done[name] == would[name]
    assert (would["dry_run"], done["dry_run"]) == (True, False)
    assert [one["run"] for one in done["kept"]] == [6]
    assert done["kept"][0]["reasons"] == ["newest", "newest complete", "last", "weekly"]
    assert done["bytes_after"] == vault.stat().st_size < len(before)
    assert verify(vault, deep=True).status == "ok"


def test_forgotten_runs_are_told_of_where_runs_are(vault: Path) -> None:
    done = program("forget", "--keep-daily", 2, "--vault", vault)
    assert (done.code, "Runs forgotten     4 of 6" in done.text) == (0, True), done
    assert "`lookervault gc` gives the space back" in done.text
    listed = program("runs", "--vault", vault)
    assert listed.text.endswith("\n4 forgotten.\n")
    assert [one["run"] for one in program("runs", "--json", "--vault", vault).json] == [5, 6]
    for command in (("runs", "show", 2), ("list", "users", "--run", 2)):
        refused = program(*command, "--vault", vault)
        assert (refused.code, refused.out) == (2, b"")
        assert "Run 2 was forgotten at 20" in refused.told
        assert "lookervault certificate show 2" in refused.told
    shown = program("certificate", "show", 2, "--json", "--vault", vault).json
    assert shown["statement"]["run"] == 2
    checked = program("certificate", "check", 2, "--vault", vault)
    assert checked.code == 0
    assert "Not checked: the content: the run was forgotten" in checked.text
    assert program("verify", "--vault", vault).code == 0


def test_gc_tells_the_space_before_and_after(vault: Path) -> None:
    assert program("forget", "--keep-last", 1, "--vault", vault).code == 0
    expected = program("gc", "--dry-run", "--json", "--vault", vault).json
    told = program("gc", "--vault", vault).text
    assert f"Objects freed  {expected['freed']['objects']} of " in told
    assert "Vault before" in told
    found = program("gc", "--json", "--vault", vault).json
    assert found["freed"] == {"objects": 0, "dictionaries": 0, "bytes": 0}
    assert found["status"] == "complete"
    assert found["bytes_after"] == found["bytes_before"] == vault.stat().st_size


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Nothing says which runs to keep"),
        (("--keep-within", "soon"), "'soon' is no length of time"),
        (("--keep-last", "0"), "should be greater than or equal to 1"),
    ],
)
def test_what_makes_no_policy_is_refused(
    vault: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = program("forget", *arguments, "--vault", vault)
    assert (done.code, done.out, said in done.told) == (2, b"", True), done


def test_a_deletion_stays_that_of_the_run_that_noticed_though_that_is_forgotten(
    vault: Path,
) -> None:
    with Repository.open(vault, write=True) as repo:
        body = repo.body("users", "9")
        for number in (7, 8):
            run = repo.begin_run(msgspec.structs.replace(start(), started=BEGUN + number * DAY))
            repo.vanish(run, "users", ["9"])
            repo.end_run(run, msgspec.structs.replace(end(), types=[]))
    assert program("forget", "--keep-last", 1, "--gc", "--vault", vault).code == 0
    gone = program("list", "users", "--deleted", "--json", "--vault", vault).json
    assert [(one["id"], one["deleted_in"]) for one in gone] == [("9", 7)]
    refused = program("diff", 1, 8, "--vault", vault)
    assert (refused.code, "Run 1 was forgotten" in refused.told) == (2, True)
    refused = program("show", "users", 9, "--vault", vault)
    assert refused.code == 1
    assert "run 7 found it gone. `lookervault show users 9 --last --vault" in refused.told
    assert program("show", "users", 9, "--last", "--vault", vault).out == body
    refused = program("show", "users", 9, "--last", "--run", 8, "--vault", vault)
    assert (refused.code, refused.out) == (2, b"")
    for of in (("users", 9), ("--all",), ("--all", "--type", "users", "--since", "2001-01-01")):
        logged = program("log", *of, "--json", "--vault", vault)
        found = [(one["run"], one["change"], one["id"]) for one in logged.json]
        assert (7, "deleted", "9") in found, of
        told = program("log", *of, "--vault", vault).text
        assert any(line.startswith("run 7, ") and "forgotten" in line for line in told.splitlines())
    growth = program("stats", "growth", "--json", "--vault", vault).json["growth"]
    assert [(one["run"], one["deleted"]) for one in growth] == [(8, 1)]
    assert program("forget", "--keep-last", 1, "--drop-deleted", "--vault", vault).code == 0
    assert program("list", "users", "--deleted", "--json", "--vault", vault).json == []


def test_gc_says_so_where_somebody_reads_and_the_file_stays_as_it_is(vault: Path) -> None:
    assert program("forget", "--keep-last", 1, "--vault", vault).code == 0
    with Repository.open(vault, write=False) as reader:
        bodies = reader.bodies("users")
        next(bodies)
        assert "Somebody reads the vault" in program("gc", "--vault", vault).text
        del bodies  # it holds the vault as long as it is there
    assert "Somebody reads" not in program("gc", "--vault", vault).text
    assert verify(vault).status == "ok"
