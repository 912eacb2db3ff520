"""The index follows the vault, whatever happens to either."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from lookervault.search.index import ask
from lookervault.storage.repository import Repository
from lookervault.storage.search_file import index_path, writing
from tests.unit.search.making import Objects, found, ids, made, run
from tests.unit.storage.samples import column, edit, start

FIRST = {("looks", "1"): {"title": "Alpha"}, ("looks", "2"): {"title": "Beta"}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    run(tmp_path / "vault.db", FIRST)
    return tmp_path / "vault.db"


def test_it_lies_beside_the_vault_for_its_owner_alone(path: Path) -> None:
    assert ids(path, "alpha") == ["1"]
    assert {file.name for file in path.parent.iterdir()} == {
        "vault.db",
        "vault.db.lock",
        "vault.db.index",
    }
    assert stat.S_IMODE(index_path(path).stat().st_mode) == 0o600


def test_it_has_a_title_once(path: Path) -> None:
    assert ids(path, "alpha") == ["1"]
    assert sorted(column(index_path(path), "SELECT text FROM texts")) == ["alpha", "beta"]


def test_a_search_writes_only_what_is_new(path: Path) -> None:
    assert ids(path, "alpha") == ["1"]
    before = index_path(path).stat().st_ino
    run(path, FIRST | {("looks", "3"): {"title": "Alphabet"}})
    assert ids(path, "alpha") == ["1", "3"]
    assert index_path(path).stat().st_ino == before


def test_it_is_the_same_whether_made_at_once_or_run_by_run(path: Path) -> None:
    """With an item that went, came back, was trashed and changed between two searches."""
    states: list[Objects] = [
        FIRST,
        {("looks", "1"): {"title": "Alpha two"}},
        FIRST | {("dashboards", "1"): {"title": "Gamma", "description": "alpha"}},
        {("looks", "1"): {"title": "Alpha", "deleted": True}},
        {("looks", "1"): {"title": "Delta"}, ("looks", "3"): {"title": "beta"}},
    ]
    for number, state in enumerate(states):
        run(path, state)
        if number != 2:
            ids(path, "x")
    grown = contents_of(path)
    index_path(path).unlink()
    ids(path, "x")
    assert grown == contents_of(path)


def contents_of(path: Path) -> set[object]:
    """(text, type, id, now or past) of all that the index has."""
    index = index_path(path)
    query = """SELECT json_array(t.key & 1, t.text, y.name, hex(p.now) <> '', hex(p.past) <> '')
        FROM postings p JOIN types y ON y.type = p.type LEFT JOIN texts t ON t.key = p.key"""
    items = (
        "SELECT json_array(name, id, state, mark, hex(versions)) FROM items JOIN types USING (type)"
    )
    return {*column(index, query), *column(index, items), *pieces_of(path)}


def pieces_of(path: Path) -> set[tuple[str, str, str, int]]:
    """(piece, type, id, part): whether of a name, and whether of the past."""
    query = """SELECT v.term, y.name, i.id, v.doc & 3 FROM temp.v
        JOIN items i ON i.item = v.doc >> 2 & 0xFFFFFFFF JOIN types y ON y.type = v.doc >> 34"""
    with closing(sqlite3.connect(index_path(path))) as connection:
        connection.execute("CREATE VIRTUAL TABLE temp.v USING fts5vocab(main, pieces, instance)")
        return set(connection.execute(query))


def spoil_header(index: Path) -> None:
    index.write_bytes(b"nothing" + index.read_bytes()[7:])


def spoil_middle(index: Path) -> None:
    data = bytearray(index.read_bytes())
    for page in range(1, len(data) // 4096):
        data[page * 4096 : page * 4096 + 8] = b"\xff" * 8
    index.write_bytes(data)


def spoil_postings(index: Path) -> None:
    edit(index, "UPDATE postings SET now = x'02000000' WHERE now = x'01000000'")


def other_format(index: Path) -> None:
    with closing(sqlite3.connect(index)) as connection:
        connection.execute("PRAGMA user_version = 99")


def other_vault(index: Path) -> None:
    edit(index, "UPDATE meta SET value = 'elsewhere' WHERE key IN ('instance', 'stamp', 'digest')")


def cut_off(index: Path) -> None:
    os.truncate(index, 5000)


def empty(index: Path) -> None:
    index.write_bytes(b"")


@pytest.mark.parametrize(
    "spoil",
    [spoil_header, spoil_middle, spoil_postings, other_format, other_vault, cut_off, empty],
)
def test_one_that_cannot_be_used_is_made_anew(path: Path, spoil: object) -> None:
    assert ids(path, "alpha") == ["1"]
    before = index_path(path).stat().st_ino
    assert callable(spoil)
    spoil(index_path(path))
    assert ids(path, "alpha") == ["1"]
    assert index_path(path).stat().st_ino != before


def test_versions_that_vanish_from_the_vault_are_found_no_more(path: Path) -> None:
    """As `forget` does it: the version goes, and its words go from the index's file."""
    run(path, {("looks", "1"): {"title": "Secretword 売"}, ("looks", "2"): {"title": "Beta"}})
    run(path, {("looks", "1"): {"title": "Omega"}, ("looks", "2"): {"title": "Beta"}})
    assert ids(path, "secretword", past=True) == ["1"]
    assert b"secretword" in index_path(path).read_bytes()
    edit(path, "DELETE FROM versions WHERE name = 'Secretword 売'")
    assert ids(path, "secretword", past=True) == []
    assert ids(path, "alpha", past=True) == ["1"]
    edit(path, "DELETE FROM versions WHERE id = '1'")
    assert ids(path, "alpha", past=True) == ids(path, "omega") == []
    assert ids(path, "beta") == ["2"]
    for word in ("secretword", "売", "alpha", "omega"):
        assert word.encode() not in index_path(path).read_bytes()
    assert {piece for piece, *_ in pieces_of(path)} == {*"beta", "be", "et", "ta"}


def test_a_vault_that_was_written_a_moment_ago_is_not_known_by_its_times(path: Path) -> None:
    """The next change may leave them as they are."""
    ids(path, "alpha")
    ids(path, "alpha")
    assert column(index_path(path), "SELECT value FROM meta WHERE key = 'stamp'") == [""]


def test_an_old_vault_is_known_by_its_files(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lookervault.search.index._SETTLED_S", -1.0)
    ids(path, "alpha")
    assert column(index_path(path), "SELECT value FROM meta WHERE key = 'stamp'") != [""]
    before = index_path(path).stat().st_ino
    edit(index_path(path), "UPDATE meta SET value = 'other' WHERE key = 'digest'")
    assert ids(path, "alpha") == ["1"]
    assert column(index_path(path), "SELECT value FROM meta WHERE key = 'digest'") == ["other"]
    run(path, FIRST | {("looks", "3"): {"title": "Alphabet"}})
    assert ids(path, "alpha") == ["1", "3"]
    run(path, {("looks", "2"): {"title": "Alpha again"}})
    assert ids(path, "alpha") == ["2"]
    assert index_path(path).stat().st_ino == before


def test_a_search_does_not_wait_for_somebody_who_writes_the_index(path: Path) -> None:
    assert ids(path, "alpha") == ["1"]
    with closing(sqlite3.connect(index_path(path), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE meta SET value = '' WHERE key = 'stamp'")
        assert ids(path, "alpha") == ["1"]
        other.execute("ROLLBACK")


def test_a_run_that_is_going_on_is_searched_as_far_as_it_came(path: Path) -> None:
    assert ids(path, "alpha") == ["1"]
    with Repository.open(path, write=True) as vault:
        number = vault.begin_run(start("looks"))
        vault.store(number, vault.pack([made("looks", "7", {"title": "Alpha seven"})]), 0)
        assert ids(path, "alpha") == ["1", "7"]
        vault.store(number, vault.pack([made("looks", "7", {"title": "Other"})]), 1)
        assert ids(path, "alpha") == ["1"]
        vault.vanish(number, "looks", ["1"])
        assert ids(path, "alpha") == []
    assert ids(path, "other") == ["7"]


def test_many_at_once_make_one(path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: ids(path, "alpha"), range(8))) == [["1"]] * 8
    assert not list(path.parent.glob("*.new"))


def test_whoever_writes_it_keeps_the_others_out(path: Path) -> None:
    draft = index_path(path).with_name("vault.db.index.new")
    with writing(path), draft.open() as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert not draft.exists()


def test_what_a_killed_process_left_does_no_harm(path: Path) -> None:
    ids(path, "alpha")
    left = index_path(path).with_name("vault.db.index.new")
    left.write_bytes(b"half of something")
    index_path(path).unlink()
    assert ids(path, "alpha") == ["1"]
    assert not left.exists()


def test_a_filling_that_fails_leaves_the_index_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids(path, "alpha")
    before = contents_of(path)
    run(path, FIRST | {("looks", "3"): {"title": "Alphabet"}})

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("lookervault.search.index.read", interrupt)
    with pytest.raises(KeyboardInterrupt):
        ids(path, "alpha")
    assert contents_of(path) == before
    index_path(path).unlink()
    with pytest.raises(KeyboardInterrupt):
        ids(path, "alpha")
    assert not list(path.parent.glob("*.index*"))
    monkeypatch.undo()
    assert ids(path, "alpha") == ["1", "3"]


def test_a_damaged_body_is_found_by_its_name_and_told(path: Path) -> None:
    edit(path, "UPDATE objects SET data = x'00' WHERE id = 1")
    told: list[str] = []
    (one,) = found(path, "alpha", told)
    assert one.id == "1"
    assert "1 bodies are damaged" in told[-1]


def test_rebuild_makes_it_anew(path: Path) -> None:
    ids(path, "alpha")
    before = index_path(path).stat().st_ino
    with Repository.open(path, write=False) as vault:
        assert ask(vault, lambda index, _: index.number("looks", "1"), print, anew=True) == 1
    assert index_path(path).stat().st_ino != before
