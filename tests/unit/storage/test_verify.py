"""Every byte of a vault is proven, or counted as one that means nothing."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import msgspec
import pytest

from lookervault.errors import VaultError
from lookervault.storage.anatomy import tree
from lookervault.storage.findings import Report
from lookervault.storage.log import log_path
from lookervault.storage.repository import Repository
from lookervault.storage.verify import verify
from tests.unit.storage.damaging import DAMAGES, Damage, extract, readable, real, unused_bytes
from tests.unit.storage.samples import column, edit, item, page
from tests.unit.storage.test_repository_concurrency import child


def kinds(report: Report) -> set[str]:
    return {finding.kind for finding in report.findings}


def named(report: Report, kind: str) -> set[tuple[str | None, str | None]]:
    return {(one.type, one.id) for one in report.findings if one.kind == kind}


def told(path: Path) -> str:
    """The report's status, or the kind of error that stands for it."""
    try:
        return verify(path, threads=1).status
    except VaultError as error:
        return "no vault" if error.hint else "an error that does not help"


# What is whole.


def test_a_whole_vault_is_ok_and_what_was_looked_at_is_counted(made: Path) -> None:
    report = verify(made, deep=True)
    assert (report.status, report.findings) == ("ok", [])
    bodies = sum(column(made, "SELECT o.size FROM versions v JOIN objects o ON o.id = v.object"))
    versions = column(made, "SELECT count(*) FROM versions")
    assert report.checked["bytes"] == bodies
    assert [report.checked["items"]] == versions
    assert report.checked["runs"] == 3
    assert report.checked["roots"] == 6
    assert report.checked["dictionaries"] == 1
    assert report.checked["unreferenced_objects"] == 0
    assert report.unused_bytes == len(unused_bytes(made))


def test_looking_changes_nothing_and_leaves_nothing_behind(copy: Path) -> None:
    before = copy.read_bytes()
    verify(copy)
    assert copy.read_bytes() == before
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]


def test_a_new_vault_without_runs_is_ok(vault: Path) -> None:
    Repository.open(vault, write=True).close()
    assert verify(vault).status == "ok"


def test_quick_looks_at_no_item(made: Path) -> None:
    report = verify(made, quick=True)
    assert report.status == "ok"
    assert report.checked["items"] == report.checked["bytes"] == 0
    assert report.checked["runs"] == 3


def test_progress_is_told(made: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    verify(made, watch=lambda *progress: seen.append(progress))
    versions = column(made, "SELECT count(*) FROM versions")[0]
    assert ("items", versions, versions) in seen
    assert ("runs", 3, 3) in seen


def test_a_vault_that_is_being_written_is_proven_as_it_was_at_one_moment(vault: Path) -> None:
    with child(vault) as other:
        try:
            assert other.stdout is not None
            for _ in range(5):
                other.stdout.readline()
                assert kinds(verify(vault)) == {"unsealed"}
        finally:
            other.kill()


def test_an_object_that_nothing_refers_to_is_counted_and_no_damage(copy: Path) -> None:
    before = verify(copy).unused_bytes
    edit(
        copy,
        "INSERT INTO objects SELECT 999, zeroblob(32), size, NULL, data, 0 FROM objects LIMIT 1",
    )
    report = verify(copy)
    assert report.status == "ok"
    assert report.checked["unreferenced_objects"] == 1
    assert report.unused_bytes != before


# What is not.


@pytest.mark.parametrize(
    ("change", "kind", "where"),
    [
        ("UPDATE objects SET data = zeroblob(length(data)) WHERE id = 3", "object", ("users", "2")),
        ("UPDATE objects SET size = size + 1 WHERE id = 3", "object", ("users", "2")),
        ("UPDATE objects SET sum = sum + 1 WHERE id = 3", "object", ("users", "2")),
        ("UPDATE objects SET sha256 = randomblob(32) WHERE id = 3", "item", ("users", "2")),
        ("DELETE FROM objects WHERE id = 3", "object", ("users", "2")),
        ("UPDATE objects SET dictionary = 99 WHERE id = 3", "object", ("users", "2")),
        ("UPDATE versions SET name = 'x' WHERE id = '33'", "item", ("users", "33")),
        ("UPDATE versions SET end_run = 99 WHERE id = '33'", "reference", ("users", "33")),
        ("UPDATE versions SET end_run = 0 WHERE id = '33'", "interval", ("users", "33")),
        (
            "UPDATE versions SET end_run = NULL WHERE id = '3' AND first_run = 1",
            "interval",
            ("users", "3"),
        ),
        ("DELETE FROM versions WHERE id = '33'", "root", ("users", None)),
        ("UPDATE versions SET type = 77 WHERE id = '33'", "reference", ("type 77", "33")),
        ("UPDATE types SET name = 'usors' WHERE name = 'users'", "type", (None, None)),
        ("UPDATE meta SET value = 'x'", "note", (None, None)),
        ("UPDATE dictionaries SET data = zeroblob(9)", "dictionary", (None, None)),
        ("UPDATE dictionary_copies SET type = 9", "dictionary", (None, None)),
        ("DELETE FROM dictionary_copies", "dictionary", (None, None)),
        ("UPDATE pages SET ids = '[\"1\"]' WHERE type = 1", "checkpoint", ("users", None)),
        ("UPDATE pages SET ids = '[' WHERE type = 1", "root", (None, None)),
        ("DELETE FROM pages WHERE type = 1", "root", ("users", None)),
        (
            "UPDATE runs SET started = 4.7e18 WHERE run = 2",
            "run",
            (None, None),
        ),  # beyond any calendar
        ("UPDATE runs SET user = 'x' WHERE run = 2", "run", (None, None)),
        ("UPDATE runs SET root = zeroblob(32) WHERE run = 2", "run", (None, None)),
        ("UPDATE runs SET types = '[' WHERE run = 2", "run", (None, None)),
        ("UPDATE run_types SET items = 0 WHERE run = 2", "run", (None, None)),
        ("DELETE FROM runs WHERE run = 2", "reference", ("users", "1")),
        ("DROP INDEX objects_by_sha256", "schema", (None, None)),
        ("CREATE TABLE more (x)", "schema", (None, None)),
        ("CREATE INDEX more ON runs (run)", "schema", (None, None)),
    ],
)
def test_what_is_not_as_it_was_written_is_named(
    copy: Path, change: str, kind: str, where: tuple[str | None, str | None]
) -> None:
    with sqlite3.connect(copy) as connection:
        connection.execute(change)
    connection.close()
    report = verify(copy)
    assert report.status == "damaged"
    assert where in named(report, kind), report.findings


def test_deep_computes_the_content_hash_anew(vault: Path) -> None:
    with Repository.open(vault, write=True) as repo:
        extract(repo, [real(item("1")), item("2")], "users")
    assert verify(vault).status == "ok"
    report = verify(vault, deep=True)
    assert named(report, "hash") == {("users", "2")}


def test_a_body_of_another_item_is_named(vault: Path) -> None:
    with Repository.open(vault, write=True) as repo:
        wrong = msgspec.structs.replace(real(item("2")), id="3")
        extract(repo, [real(item("1")), wrong], "users")
    assert named(verify(vault), "identity") == {("users", "3")}


# Files that are none.


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 20_000, b"id,name\n1,x\n", b"SQLite format 3\x00"]
)
def test_a_file_that_is_no_vault_is_never_ok(vault: Path, content: bytes) -> None:
    vault.write_bytes(content)
    assert told(vault) in ("damaged", "no vault")


def test_another_database_is_no_vault(vault: Path) -> None:
    connection = sqlite3.connect(vault)
    connection.execute("CREATE TABLE versions (id)")
    connection.close()
    assert told(vault) == "no vault"


def test_what_is_not_there_or_is_a_folder_is_no_vault(vault: Path) -> None:
    assert told(vault) == "no vault"
    vault.mkdir()
    assert told(vault) == "no vault"


# The log.


def test_a_log_that_was_lost_is_never_ok(vault: Path) -> None:
    with child(vault) as other:
        assert other.stdout is not None
        other.stdout.readline()
        other.kill()
    log_path(vault).unlink()
    assert told(vault) == "incomplete"


@pytest.fixture
def killed(vault: Path) -> Path:
    """A vault whose newest transactions are in its log."""
    with child(vault) as other:
        assert other.stdout is not None
        for _ in range(5):
            other.stdout.readline()
        other.kill()
    return vault


def test_a_run_that_was_killed_is_named_and_nothing_else(killed: Path) -> None:
    report = verify(killed)
    assert report.status == "incomplete"
    assert [(one.kind, one.run) for one in report.findings] == [("unsealed", 1)]
    assert report.checked["items"] >= 50


def test_a_frame_of_the_log_that_is_not_whole_is_damage(killed: Path) -> None:
    log = bytearray(log_path(killed).read_bytes())
    log[len(log) // 2] ^= 1
    log_path(killed).write_bytes(log)
    assert "log" in kinds(verify(killed))


def test_the_end_of_a_log_that_was_never_written_is_no_damage(killed: Path) -> None:
    log = log_path(killed).read_bytes()
    log_path(killed).write_bytes(log[: len(log) - 100])
    assert kinds(verify(killed)) == {"unsealed"}


def test_a_log_whose_beginning_is_damaged_is_not_read_over(killed: Path) -> None:
    log = bytearray(log_path(killed).read_bytes())
    log[20] ^= 1
    log_path(killed).write_bytes(log)
    assert told(killed) in ("damaged", "no vault")


# Anywhere.

FLIPS = 40
"""In one case."""


@pytest.mark.parametrize("seed", range(4))
def test_a_flipped_bit_is_found_or_lies_where_nothing_is(
    made: Path, vault: Path, seed: int
) -> None:
    check_flips(made, vault, random.Random(seed), FLIPS)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_many_flipped_bits_are_found_or_lie_where_nothing_is(
    made: Path, vault: Path, seed: int
) -> None:
    check_flips(made, vault, random.Random(1000 + seed), 1000)


def test_a_row_of_the_schema_with_another_number_is_found(made: Path, vault: Path) -> None:
    whole = made.read_bytes()
    last = max(column(made, "SELECT rowid FROM sqlite_schema"))
    place = whole.index(b"\x81\r" + bytes([last])) + 2  # a length, then the number
    vault.write_bytes(whole[:place] + bytes([last ^ 2]) + whole[place + 1 :])
    assert readable(vault) == readable(made)
    assert told(vault) == "damaged"


def check_flips(made: Path, vault: Path, draw: random.Random, count: int) -> None:
    whole, unused, before = made.read_bytes(), unused_bytes(made), readable(made)
    used = [place for place in range(len(whole)) if place not in unused]
    for number in range(count):
        place = draw.randrange(len(whole)) if number % 4 == 0 else draw.choice(used)
        flipped = bytearray(whole)
        flipped[place] ^= 1 << draw.randrange(8)
        vault.write_bytes(flipped)
        if place in unused:
            assert readable(vault) == before, place
        else:
            assert told(vault) != "ok", place


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_whatever_happened_to_the_file_is_found_or_changes_nothing(
    made: Path, vault: Path, damage: Damage
) -> None:
    whole, before = made.read_bytes(), readable(made)
    draw = random.Random(damage.__name__)
    for _ in range(12):
        data = bytearray(whole)
        damage(data, draw)
        vault.write_bytes(data)
        if told(vault) == "ok":
            assert readable(vault) == before


def test_items_behind_a_page_that_is_gone_are_still_looked_at(vault: Path) -> None:
    with Repository.open(vault, write=True) as repo:
        extract(repo, [real(one) for one in page(range(300))], "users")
    edit(vault, "UPDATE versions SET name = 'x' WHERE id IN ('0', '99')")
    (first,) = column(vault, "SELECT rootpage FROM sqlite_schema WHERE name = 'versions'")
    leaf = leaves(vault, first)[2]
    data = bytearray(vault.read_bytes())
    data[(leaf - 1) * 8192 : leaf * 8192] = bytes(8192)
    vault.write_bytes(data)
    report = verify(vault)
    assert named(report, "item") == {("users", "0"), ("users", "99")}
    assert "structure" in kinds(report)


def leaves(vault: Path, root: int) -> list[int]:
    """The pages of a table of one level below its root, in order."""
    data = vault.read_bytes()
    page = tree(data[(root - 1) * 8192 : root * 8192], root)
    return [cell.child for cell in page.cells] + [page.right]
