from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lookervault.content.items import ItemReader
from lookervault.content.model import Answer, Item
from lookervault.content.registry import TYPES
from lookervault.errors import LookerVaultError, UsageError
from lookervault.storage.repository import Repository
from lookervault.storage.verify import verify
from lookervault.tree.marker import INDEX, MARKER
from tests.unit.storage.samples import end, start
from tests.unit.tree.test_export import CONTENT, DASHBOARDS, REVENUE
from tests.unit.tree.trees import exported, files, imported, run, state


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repository]:
    with Repository.open(tmp_path / "v.db", write=True) as vault:
        vault.set_instance("looker.example.com")
        yield vault


def round_trip(repo: Repository, number: int, folder: Path) -> tuple[Any, Any]:
    """The state of the run, and that of the run that is imported from its tree."""
    exported(repo, number, folder / "tree")
    done = imported(folder / "tree", folder / "new.db")
    with Repository.open(folder / "new.db", write=False) as other:
        assert verify(folder / "new.db", deep=True).findings == []
        row = other.run(done.run)
        assert row is not None
        assert (row.imported, row.arguments["import"], row.calls) == (True, number, 0)
        assert all((p.width, p.read) == (0, 0) for p in other.proofs(done.run))
        return state(repo, number), state(other, done.run)


TILE = {"id": "1", "query_id": "44", "query": {"id": "44", "can": {}}, "merge_result_id": "m"}
ODD: dict[str, dict[str, Any]] = {
    "folders": CONTENT["folders"],
    "dashboards": DASHBOARDS
    | {
        "8": {"title": "Gone", "folder_id": "2", "deleted": True, "updated_at": "2026-01-01"},
        "9": {"title": "\u202e../..", "folder_id": None, "dashboard_elements": [TILE]},
        "10": b'{"id":"10", "a":1,"a":2,"folder_id":"1"}',
        "11": b'{"id":"11","title":"\\ud800","n":1.00000000000000000001}',
        "12": b'{"id":"12","x":%b}' % (b"[" * 3000 + b"]" * 3000),
    },
    "connections": {"main": {"name": "main", "password": "hunter2"}},
    "role_members": {"4": b'[{"id":"2"},{"id":"1"}]'},
    "looks": {},
}


def test_an_imported_run_is_the_exported_one(repo: Repository, tmp_path: Path) -> None:
    run(repo, {"looks": {"1": {"title": "older"}}, "folders": {}})
    one, other = round_trip(repo, run(repo, ODD), tmp_path)
    assert one == other
    assert other["items"]["connections"][0][-1] == '["password"]'


def test_a_partial_run_stays_one_and_claims_no_more(repo: Repository, tmp_path: Path) -> None:
    run(repo, CONTENT)
    less = {"dashboards": {"7": DASHBOARDS["7"]}, "themes": {}}
    one, other = round_trip(repo, run(repo, less, "partial"), tmp_path)
    assert one == other
    assert other["confirmed"] == {"dashboards": {"7"}, "themes": set()}
    assert len(other["items"]["folders"]) == 2


def test_a_run_that_could_be_gone_on_with_cannot_be_any_more(
    repo: Repository, tmp_path: Path
) -> None:
    number = run(repo, CONTENT, "interrupted")
    exported(repo, number, tmp_path / "tree")
    assert imported(tmp_path / "tree", tmp_path / "new.db").status == "partial"


def test_what_a_file_does_not_tell_is_in_the_index(repo: Repository, tmp_path: Path) -> None:
    body = b'{"id":"7","title":"Revenue"}'
    number = repo.begin_run(start("dashboards"))
    read = item_of(body)
    item = msgspec.structs.replace(
        read, name=None, updated_at="2026-11-01", folder_id="5", trashed=True, refs=b'{"has":{}}'
    )
    repo.store(number, repo.pack([item]), None)
    repo.end_run(number, end(root=repo.root(number, ["dashboards"])[0]))
    one, other = round_trip(repo, number, tmp_path)
    assert one["items"] == other["items"]


def item_of(body: bytes) -> Item:

    item = ItemReader(TYPES["dashboards"]).read(Answer(body, "7"), body)
    assert item is not None
    return item


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda f: f.write_bytes(f.read_bytes().replace(b"Revenue", b"revenue")), "another hash"),
        (lambda f: f.unlink(), "is gone"),
        (lambda f: f.write_text('{"id": "8"}'), "is not the file"),
        (lambda f: f.write_text("{"), "is not the file"),
    ],
    ids=["edited", "gone", "another", "cut"],
)
def test_files_that_were_changed_are_no_backup(
    repo: Repository, tmp_path: Path, harm: Callable[[Path], Any], message: str
) -> None:
    exported(repo, run(repo, CONTENT), tmp_path / "tree")
    harm(tmp_path / "tree" / REVENUE)
    with pytest.raises(LookerVaultError, match=message):
        imported(tmp_path / "tree", tmp_path / "new.db")
    assert {path.name for path in tmp_path.glob("new*")} <= {"new.db.lock"}


def test_a_vault_that_is_there_is_never_written(repo: Repository, tmp_path: Path) -> None:
    exported(repo, run(repo, CONTENT), tmp_path / "tree")
    (tmp_path / "new.db").write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        imported(tmp_path / "tree", tmp_path / "new.db")
    assert (tmp_path / "new.db").read_text() == "mine"


def test_yaml_and_what_is_no_whole_tree_are_refused(repo: Repository, tmp_path: Path) -> None:
    number = run(repo, CONTENT)
    exported(repo, number, tmp_path / "yaml", "yaml")
    assert set(files(tmp_path / "yaml")) == {
        path.replace(".json", ".yaml") for path in written(repo, number, tmp_path / "tree")
    }
    (tmp_path / "empty").mkdir()
    marker = tmp_path / "tree" / MARKER
    marker.write_text(json.dumps(json.loads(marker.read_bytes()) | {"state": "being written"}))
    for folder, why in (("yaml", "only JSON"), ("empty", "not made by"), ("tree", "was stopped")):
        with pytest.raises(UsageError, match=why):
            imported(tmp_path / folder, tmp_path / "new.db")
    for name in (MARKER, INDEX):
        (tmp_path / "tree" / name).write_text("[1]")
        with pytest.raises(UsageError, match="is not as `export` writes it"):
            imported(tmp_path / "tree", tmp_path / "new.db")
        exported(repo, number, tmp_path / "fresh")
        (tmp_path / "tree" / MARKER).write_bytes((tmp_path / "fresh" / MARKER).read_bytes())


def written(repo: Repository, number: int, folder: Path) -> dict[str, bytes]:
    exported(repo, number, folder)
    return files(folder)
