"""The history that `export --git` writes, in repositories that were set up to be in its way."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lookervault.cli.trees import Asked
from lookervault.cli.trees import export as asked_export
from lookervault.errors import LookerVaultError, UsageError
from lookervault.storage.repository import Repository
from tests.unit.tree.test_export import CONTENT, DASHBOARDS, REVENUE
from tests.unit.tree.trees import exported, files, run

USERS = {
    "3": {"display_name": "Anna <a>\n--x", "email": "anna@example.com"},
    "4": {"display_name": "...", "email": None},
}
BASE: dict[str, dict[str, Any]] = CONTENT | {"users": USERS, "queries": {}}
QUERY = b'{"id":"5","model":"m","view":"v"}'
INSTANCE = "looker.example.com|looker@looker.example.com"
ANNA = "Anna a--x|anna@example.com"
DAY = 86_400
FIRST = 1_763_000_060.5


def edited(by: object, **fields: Any) -> dict[str, dict[str, Any]]:
    seven = DASHBOARDS["7"] | {"last_updater_id": by} | fields
    return BASE | {"dashboards": DASHBOARDS | {"7": seven}}


def git(folder: Path, *arguments: str, config: bool = False) -> str:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder.parent), "LC_ALL": "C"}
    env |= {} if config else {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], env=env, capture_output=True, check=True
    )
    return done.stdout.decode()


def history(folder: Path, *pretty: str) -> list[str]:
    shown = git(folder, "log", "--reverse", f"--format={'|'.join(pretty)}")
    return shown.splitlines()


def commit(repo: Repository, folder: Path, number: int | None = None) -> dict[str, Any]:
    asked = Asked(number, None, git=True, all_runs=number is None)
    return asked_export(repo, asked, folder, "json", quiet=True)


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repository]:
    with Repository.open(tmp_path / "v.db", write=True) as vault:
        yield vault


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "tree"


def test_three_runs_are_three_commits_each_with_what_changed(
    repo: Repository, folder: Path
) -> None:
    run(repo, BASE, at=FIRST)
    run(repo, {"users": USERS}, "partial", at=FIRST + 5)
    run(repo, edited(3, description="new") | {"queries": {"5": QUERY}}, at=FIRST + DAY)
    gone = edited(3, description="new") | {"folders": {"1": {"name": "All", "parent_id": None}}}
    run(repo, gone, at=FIRST + 2 * DAY)
    told = commit(repo, folder)
    assert [one["run"] for one in told["runs"]] == [1, 3, 4]
    fourth = "1 changed, 2 moved, 2 deleted"
    assert history(folder, "%s", "%an", "%ae", "%at", "%ct", "%cn") == [
        f"Run 1, 2025-11-13: 6 new|{INSTANCE}|1763000060|1763000060|LookerVault",
        f"Run 3, 2025-11-14: 1 new, 1 changed|{ANNA}|1763086460|1763086460|LookerVault",
        f"Run 4, 2025-11-15: {fourth}|{INSTANCE}|1763172860|1763172860|LookerVault",
    ]
    changed = git(folder, "diff", "--name-status", "HEAD~2", "HEAD~1", "--", ".", ":!.lookervault*")
    assert changed.splitlines() == [f"M\t{REVENUE}", "A\tqueries/m_v.json"]
    assert git(folder, "status", "--porcelain") == ""
    assert commit(repo, folder)["runs"] == []
    assert commit(repo, folder, 4)["runs"][0]["commit"] is None


@pytest.mark.parametrize(
    ("content", "author"),
    [
        (edited(4, x=1), "Looker user 4|user-4@looker.example.com"),
        (edited("9", x=1), "Looker user 9|user-9@looker.example.com"),
        (edited(None, x=1), INSTANCE),
        (edited(4, deleted=True, deleter_id=3), ANNA),
        (BASE | {"dashboards": {"8": DASHBOARDS["8"]}}, INSTANCE),
        (
            edited(3, x=1) | {"looks": {"1": {"title": "x", "last_updater_id": 4}}},
            INSTANCE,
        ),
    ],
    ids=["no name", "unknown", "nobody", "trash", "deleted", "two"],
)
def test_the_author_is_who_made_all_of_it(
    repo: Repository, folder: Path, content: dict[str, Any], author: str
) -> None:
    run(repo, BASE, at=FIRST)
    run(repo, content, at=FIRST + DAY)
    commit(repo, folder)
    assert history(folder, "%an", "%ae")[1].startswith(author)


def test_older_runs_are_not_put_before_a_commit(repo: Repository, folder: Path) -> None:
    for day in range(3):
        run(repo, edited(3, x=day), at=FIRST + day * DAY)
    commit(repo, folder, 2)
    told = commit(repo, folder)
    assert ([one["run"] for one in told["runs"]], told["left_out"]) == ([3], 1)
    assert [line[:5] for line in history(folder, "%s")] == ["Run 2", "Run 3"]


def test_what_a_killed_export_did_not_commit_comes_with_the_next(
    repo: Repository, folder: Path
) -> None:
    commit(repo, folder, run(repo, BASE, at=FIRST))
    exported(repo, run(repo, edited(3, x=1), at=FIRST + DAY), folder)
    commit(repo, folder)
    assert history(folder, "%s", "%an")[1] == "Run 2, 2025-11-14: 1 changed|Anna a--x"


def test_nothing_that_is_set_comes_in_between(
    repo: Repository, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir()
    git(folder, "init", "-q")
    ran = folder.parent / "ran"
    script = f"#!/bin/sh\ntouch '{ran}'\nexit 1\n"
    for hook in ("pre-commit", "commit-msg", "post-commit", "reference-transaction"):
        path = folder / ".git/hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(script)
        path.chmod(0o755)
    for name, value in {
        "commit.gpgSign": "true",
        "gpg.program": f"touch '{ran}'",
        "core.autocrlf": "true",
        "core.fsmonitor": f"touch '{ran}'",
        "filter.x.clean": f"touch '{ran}'; tr a b",
        "log.showSignature": "true",
    }.items():
        git(folder, "config", name, value)
    (folder / ".git/info").mkdir(exist_ok=True)
    (folder / ".git/info/attributes").write_text("* filter=x text ident\n")
    (folder / ".git/info/exclude").write_text("*.json\n")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_AUTHOR_NAME"):
        monkeypatch.setenv(name, str(folder.parent / "elsewhere"))
    number = run(repo, BASE | {"looks": {"1": b'{"id":"1",\r\n"a":1,"a":"$Id$"}'}}, at=FIRST)
    told = commit(repo, folder, number)
    assert not ran.exists()
    assert told["runs"][0]["commit"]
    git(folder, "config", "core.fsmonitor", "false")
    assert git(folder, "diff-index", "--cached", "--name-only", "HEAD") == ""
    tree = git(folder, "ls-tree", "-r", "-z", "--name-only", "HEAD").split("\0")
    assert set(tree) - {""} == {*files(folder), ".lookervault.json", ".lookervault.items.json"}
    for name, data in files(folder).items():
        asked = ["git", "cat-file", "blob", f"HEAD:{name}"]
        raw = subprocess.check_output(asked, cwd=folder, env={"PATH": os.environ["PATH"]})
        assert raw == data


def test_what_others_have_is_theirs(repo: Repository, folder: Path) -> None:
    commit(repo, folder, run(repo, BASE, at=FIRST))
    (folder / "README.md").write_text("mine")
    git(folder, "add", "README.md")
    (folder / "notes.txt").write_text("mine")
    commit(repo, folder, run(repo, edited(3, x=1), at=FIRST + DAY))
    assert "README.md" not in git(folder, "ls-tree", "-r", "--name-only", "HEAD")
    assert git(folder, "status", "--porcelain") == "A  README.md\n?? notes.txt\n"


def test_a_folder_that_is_refused_becomes_no_repository(repo: Repository, folder: Path) -> None:
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="no export made it"):
        commit(repo, folder, run(repo, BASE))
    assert not (folder / ".git").exists()


def test_without_git_it_says_so(
    repo: Repository, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = run(repo, BASE)
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(LookerVaultError, match="needs the program `git`"):
        commit(repo, folder, number)


@pytest.mark.parametrize(
    "asked",
    [Asked(None, None, git=False, all_runs=True), Asked(1, None, git=True, all_runs=True)],
    ids=["alone", "of one"],
)
def test_all_runs_is_for_git_and_for_all(repo: Repository, folder: Path, asked: Asked) -> None:
    run(repo, BASE)
    with pytest.raises(UsageError, match="--all-runs"):
        asked_export(repo, asked, folder, "json", quiet=True)
    assert not folder.exists()
