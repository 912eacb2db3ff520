from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lookervault.errors import LookerVaultError, UsageError
from lookervault.storage.repository import Repository
from lookervault.tree.directory import Directory
from lookervault.tree.marker import INDEX, MARKER, WHOLE
from tests.unit.storage.samples import finished_run, page
from tests.unit.tree.trees import changed, exported, files, run

FOLDERS = {"1": {"name": "Shared", "parent_id": None}, "2": {"name": "Sales", "parent_id": "1"}}
DASHBOARDS = {
    "7": {"title": "Revenue", "folder_id": "2", "deleted": False, "view_count": 4},
    "8": {"title": "Cost", "folder_id": "1", "deleted": False},
}
CONTENT: dict[str, dict[str, Any]] = {"folders": FOLDERS, "dashboards": DASHBOARDS}
REVENUE = "folders/Shared/Sales/Revenue.dashboard.json"


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repository]:
    with Repository.open(tmp_path / "v.db", write=True) as vault:
        yield vault


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "tree"


def edited(**fields: Any) -> dict[str, Any]:
    return CONTENT | {"dashboards": DASHBOARDS | {"7": DASHBOARDS["7"] | fields}}


def test_a_file_is_the_item_sorted_and_without_what_moves_by_itself(
    repo: Repository, folder: Path
) -> None:
    body = b'{"id":"7","view_count":4,"title":"a\\u202eb","folder_id":"2","x":[1.0,1e5,%d]}'
    exported(repo, run(repo, {"dashboards": {"7": body % 10**30}}), folder)
    (text,) = files(folder).values()
    assert text == (
        b'{\n  "folder_id": "2",\n  "id": "7",\n  "title": "a\\u202eb",\n  "x": [\n    1.0,\n'
        b"    1e5,\n    1000000000000000000000000000000\n  ]\n}\n"
    )


def test_what_is_hashed_by_its_bytes_is_written_byte_for_byte(
    repo: Repository, folder: Path
) -> None:
    body = b'{"id":"7", "a":1,"a":2, "view_count":9}'
    exported(repo, run(repo, {"dashboards": {"7": body}}), folder)
    assert list(files(folder).values()) == [body]


def test_an_item_of_a_release_with_another_hash_is_written_as_all_are(
    repo: Repository, folder: Path
) -> None:
    exported(repo, finished_run(repo, page([1])), folder)
    (text,) = files(folder).values()
    assert text.startswith(b'{\n  "created_at"')


def test_exporting_twice_changes_no_file(repo: Repository, folder: Path) -> None:
    number = run(repo, CONTENT)
    first = exported(repo, number, folder)
    assert first.counts() == {"new": 4, "changed": 0, "moved": 0, "deleted": 0}
    times = {path: path.stat() for path in folder.rglob("*")}
    again = exported(repo, number, folder)
    assert (again.items, again.changes, again.written) == (4, [], False)
    assert {path: path.stat() for path in folder.rglob("*")} == times
    for path, told in times.items():
        assert stat.S_IMODE(told.st_mode) == (0o700 if path.is_dir() else 0o600)


def test_an_edit_changes_one_file_and_a_view_none(repo: Repository, folder: Path) -> None:
    exported(repo, run(repo, CONTENT), folder)
    before, index = files(folder), (folder / INDEX).read_bytes()
    exported(repo, run(repo, edited(view_count=5)), folder)
    assert files(folder) == before
    outcome = exported(repo, run(repo, edited(description="new")), folder)
    assert changed(before, files(folder)) == {REVENUE}
    assert (folder / INDEX).read_bytes() == index
    assert outcome.changes == [("changed", "dashboards", "7")]


def test_what_moves_is_moved_and_what_is_gone_is_removed(repo: Repository, folder: Path) -> None:
    exported(repo, run(repo, CONTENT), folder)
    moved = exported(repo, run(repo, edited(folder_id="1")), folder)
    assert moved.counts() == {"new": 0, "changed": 1, "moved": 0, "deleted": 0}
    renamed = {"folders": FOLDERS | {"1": {"name": "SHARED", "parent_id": None}}}
    outcome = exported(repo, run(repo, edited(folder_id="1") | renamed), folder)
    assert outcome.counts() == {"new": 0, "changed": 1, "moved": 3, "deleted": 0}
    assert "folders/SHARED/Revenue.dashboard.json" in files(folder)
    gone = {"folders": {"1": {"name": "SHARED", "parent_id": None}}, "dashboards": {}}
    assert exported(repo, run(repo, gone), folder).counts()["deleted"] == 3
    assert list(files(folder)) == ["folders/SHARED/folder.json"]
    assert not (folder / "folders/SHARED/Sales").exists()


def test_an_earlier_run_brings_back_what_was_there(repo: Repository, folder: Path) -> None:
    first = run(repo, CONTENT)
    exported(repo, first, folder)
    before = files(folder)
    exported(repo, run(repo, {"folders": {}, "dashboards": {}}), folder)
    assert files(folder) == {}
    exported(repo, first, folder)
    assert files(folder) == before


def test_a_folder_that_no_export_made_is_left_alone(repo: Repository, folder: Path) -> None:
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="no export made it"):
        exported(repo, run(repo, CONTENT), folder)
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_files_of_others_stay_and_are_never_overwritten(repo: Repository, folder: Path) -> None:
    exported(repo, run(repo, CONTENT), folder)
    for name in ("README.md", "folders/Shared/Sales/mine.json", "folders/Shared/New.look.json"):
        (folder / name).write_text("mine")
    exported(repo, run(repo, {"folders": {}, "dashboards": {}}), folder)
    assert (folder / "folders/Shared/Sales/mine.json").read_text() == "mine"
    look = {"looks": {"3": {"title": "New", "folder_id": "1"}}}
    with pytest.raises(UsageError, match="New.look.json is there already"):
        exported(repo, run(repo, CONTENT | look), folder)
    assert (folder / "README.md").read_text() == "mine"


def test_links_are_not_followed(repo: Repository, folder: Path, tmp_path: Path) -> None:
    number = run(repo, CONTENT)
    exported(repo, number, folder)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x").write_text("mine")
    (folder / REVENUE).unlink()
    (folder / REVENUE).symlink_to(outside / "x")
    exported(repo, number, folder)
    assert not (folder / REVENUE).is_symlink()
    (folder / "folders").rename(tmp_path / "aside")
    (folder / "folders").symlink_to(outside)
    with pytest.raises(UsageError, match="is no folder: a link"):
        exported(repo, number, folder)
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"x": "mine"}


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../x", ".git/config", "a//x", "x"])
def test_an_index_that_leads_out_is_refused(repo: Repository, folder: Path, path: str) -> None:
    number = run(repo, CONTENT)
    exported(repo, number, folder)
    (folder / INDEX).write_text(json.dumps([{"path": path, "type": "looks", "id": "1"}]))
    with pytest.raises(UsageError, match="names the file"):
        exported(repo, number, folder)


def test_another_instance_is_refused(repo: Repository, folder: Path) -> None:
    number = run(repo, CONTENT)
    exported(repo, number, folder)
    marker = json.loads((folder / MARKER).read_bytes())
    (folder / MARKER).write_text(json.dumps(marker | {"instance": "other"}))
    with pytest.raises(UsageError, match="holds other"):
        exported(repo, number, folder)


def test_two_at_once_are_one_too_many(repo: Repository, folder: Path) -> None:
    number = run(repo, CONTENT)
    with (
        Directory(folder, make=True),
        pytest.raises(LookerVaultError, match="Another process"),
    ):
        exported(repo, number, folder)


def test_one_that_was_stopped_is_made_good_by_the_next(
    repo: Repository, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported(repo, run(repo, CONTENT), folder)
    left = {"dashboards": {"9": {"title": "New", "folder_id": "1"}}}
    number = run(repo, CONTENT | left)
    write = Directory.write

    def stopped(self: Directory, path: str, data: bytes) -> None:
        write(self, path, data)
        if path.endswith("New.dashboard.json"):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Directory, "write", stopped)
        with pytest.raises(KeyboardInterrupt):
            exported(repo, number, folder)
    assert json.loads((folder / MARKER).read_bytes())["state"] == "being written"
    exported(repo, number, folder)
    fresh = folder.with_name("fresh")
    exported(repo, number, fresh)
    assert files(folder) == files(fresh)
    assert json.loads((folder / MARKER).read_bytes())["state"] == WHOLE
