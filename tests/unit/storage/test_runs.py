"""What is known of a run, and the seal over it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from lookervault.content.model import Missing
from lookervault.errors import VaultError
from lookervault.storage.repository import Repository
from lookervault.storage.runs import Role
from lookervault.storage.verify import verify
from tests.unit.storage.samples import column, edit, end, finished_run, item, start


def test_a_run_is_read_as_it_was_written(repo: Repository) -> None:
    run = repo.begin_run(start("users", "looks", scope=["1", "2"]))
    repo.end_run(run, end("partial", root=b"r" * 32))
    row = repo.run(run)
    assert row is not None
    told = {name: getattr(row, name) for name in row.__struct_fields__}
    for written in (start("users", "looks", scope=["1", "2"]), end("partial", root=b"r" * 32)):
        for name in set(written.__struct_fields__) - {"missing", "proofs"}:
            if name != "types" or written.types[0] == "users":
                assert told[name] == getattr(written, name), name
    assert repo.type_results(run) == end(root=b"r" * 32).types
    assert repo.missing(run) == sorted(end().missing)
    assert [one.run for one in repo.runs()] == [run]


def test_a_run_that_goes_on_is_running_for_everyone(repo: Repository, vault: Path) -> None:
    run = repo.begin_run(start())
    with Repository.open(vault, write=False) as reader:
        for here in (repo, reader):
            row = here.run(run)
            assert row is not None
            assert (row.status, row.finished, row.root, row.calls) == ("running", None, None, None)


def test_a_run_that_nobody_ends_any_more_is_interrupted(vault: Path) -> None:
    with Repository.open(vault, write=True) as repo:
        repo.begin_run(start())
    for write in (False, True):
        with Repository.open(vault, write=write) as later:
            assert [row.status for row in later.runs()] == ["interrupted"]
            assert not later.is_sealed(1)


def test_only_the_newest_open_run_is_the_one_that_another_process_works_on(vault: Path) -> None:
    with Repository.open(vault, write=True) as repo:
        repo.begin_run(start())
    with Repository.open(vault, write=True) as repo:
        repo.begin_run(start())
        with Repository.open(vault, write=False) as reader:
            assert [row.status for row in reader.runs()] == ["interrupted", "running"]


def test_a_run_ends_once(repo: Repository) -> None:
    run = repo.begin_run(start())
    repo.end_run(run, end())
    with pytest.raises(VaultError, match=f"no open run {run}"):
        repo.end_run(run, end())
    with pytest.raises(VaultError, match="no open run 99"):
        repo.end_run(99, end())


def test_a_missing_item_named_twice_is_kept_once(repo: Repository) -> None:
    run = repo.begin_run(start())
    twice = end().missing * 2
    repo.end_run(run, type(end())(finished=1.0, status="partial", missing=twice))
    assert repo.missing(run) == [
        Missing("looks", "*", "forbidden"),
        Missing("users", "9", "forbidden"),
    ]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE runs SET status = 'complete'",
        "UPDATE runs SET finished = finished + 1",
        "UPDATE runs SET arguments = '{}'",
        "UPDATE runs SET root = zeroblob(32)",
        "UPDATE runs SET seal = zeroblob(32)",
        "UPDATE runs SET seal = NULL",
        "UPDATE runs SET whole = 1",
        "UPDATE run_types SET deleted = 1",
        "DELETE FROM run_types",
        "UPDATE missing SET id = '10' WHERE id = '9'",
        "DELETE FROM missing WHERE id = '*'",
    ],
)
def test_the_seal_covers_everything_that_is_known_of_a_run(vault: Path, change: str) -> None:
    with Repository.open(vault, write=True) as repo:
        run = repo.begin_run(start())
        repo.end_run(run, end("partial", root=b"r" * 32))
        assert repo.is_sealed(run)
    edit(vault, change)
    with Repository.open(vault, write=False) as reader:
        assert not reader.is_sealed(run)


def test_no_run_is_no_sealed_run(repo: Repository) -> None:
    assert not repo.is_sealed(1)


def test_checkpoints_go_when_the_intervals_tell_the_same(repo: Repository, vault: Path) -> None:
    run = finished_run(repo, [item("1"), item("2")])
    assert column(vault, "SELECT 1 FROM pages") == []
    assert repo.confirmed(run, "users") == {"1", "2"}
    assert repo.confirmed(run, "looks") == set()
    finished_run(repo, [item("2")])
    assert repo.confirmed(run, "users") == {"1", "2"}


@pytest.mark.parametrize("case", ["partial", "scope", "unconfirmed", "other type"])
def test_checkpoints_stay_when_the_vault_holds_more_than_was_confirmed(
    repo: Repository, vault: Path, case: str
) -> None:
    finished_run(repo, [item("1"), item("2")])
    run = repo.begin_run(start(scope=["3"] if case == "scope" else None))
    stored = [item("1")] if case == "unconfirmed" else [item("1"), item("2")]
    stored += [item("1", type="looks")] if case == "other type" else []
    repo.store(run, repo.pack(stored), 0)
    repo.end_run(run, end("partial" if case == "partial" else "complete"))
    assert column(vault, "SELECT 1 FROM pages") != []
    assert repo.confirmed(run, "users") == {one.id for one in stored if one.type == "users"}


# The user's roles, and what a run that goes on takes back.

VIEWER = Role("Viewer", ["access_data", "see_looks"], ["sales"])
ADMIN = Role("Admin", ["administer"], [], all_permissions=True, all_models=True)


@pytest.mark.parametrize("roles", [None, [], [VIEWER, ADMIN]])
def test_the_roles_of_the_user_are_read_as_they_were_written(
    roles: list[Role] | None, repo: Repository
) -> None:
    run = repo.begin_run(msgspec.structs.replace(start(), roles=roles))
    row = repo.run(run)
    assert row is not None
    assert row.roles == roles


def test_the_roles_of_a_run_are_under_its_seal(repo: Repository, vault: Path) -> None:
    run = repo.begin_run(msgspec.structs.replace(start(), roles=[VIEWER]))
    repo.end_run(run, end())
    assert repo.is_sealed(run)
    edit(vault, "UPDATE runs SET roles = replace(roles, 'sales', 'secret')")
    assert not repo.is_sealed(run)


def test_a_run_that_goes_on_has_the_roles_it_is_given(repo: Repository) -> None:
    run = repo.begin_run(msgspec.structs.replace(start(), roles=[VIEWER]))
    for given, kept in ((None, [VIEWER]), ([ADMIN], [ADMIN]), (None, [ADMIN])):
        repo.end_run(run, end("interrupted"))
        repo.resume_run(run, given)
        row = repo.run(run)
        assert row is not None
        assert row.roles == kept


def test_what_vanished_in_a_run_is_there_again_when_it_goes_on(vault: Path) -> None:
    with Repository.open(vault, write=True) as repo:
        finished_run(repo, [item("1"), item("2"), item("3"), item("4")])
        run = repo.begin_run(start())
        repo.store(run, repo.pack([item("2", 1), item("3", 1), item("5")]), 1)
        assert repo.vanish(run, "users", ["1", "3", "5"]) == 3
        assert repo.open_ids("users") == {"2", "4"}
        repo.end_run(run, end("interrupted"))
        repo.resume_run(run)
        assert repo.open_ids("users") == {"1", "2", "3", "4", "5"}
        assert repo.body("users", "3") == item("3", 1).body
        assert repo.body("users", "3", run=run - 1) == item("3").body
        assert repo.changes(run, "users") == (1, 2, 0)
        repo.end_run(run, end("partial"))
    assert [one for one in verify(vault).findings if one.id is not None] == []
