"""Frees what no version of an item needs any more, and gives the space back to the file system."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import msgspec

from lookervault.storage import versions
from lookervault.storage.connections import open_reader
from lookervault.storage.failures import explaining
from lookervault.storage.file import check_header, disk_bytes
from lookervault.storage.log import log_path
from lookervault.storage.upkeep import upkeep


class Counted(msgspec.Struct, frozen=True):
    """`bytes` are those of the objects, compressed."""

    objects: int
    dictionaries: int
    bytes: int


class Collected(msgspec.Struct, frozen=True):
    """`bytes_before` and `bytes_after` are of the file with its log. `is_read`: somebody reads the
    vault, so that the file keeps its size until it is written the next time.
    """

    kept: Counted
    freed: Counted
    bytes_before: int = 0
    bytes_after: int = 0
    is_read: bool = False


def gc(path: Path, *, now: float) -> Collected:
    """Killed at any moment, or where the disk is full, the vault holds what it held.

    Raises `VaultError` where another process writes the vault, `DamagedError` where a version is
    not as it was written: what it needs cannot be known then.
    """
    check_header(path)
    before = disk_bytes(path)
    with upkeep(path, now) as writer:
        found = writer.write_durably(collect)
        if found.freed.objects or found.freed.dictionaries or writer.write(_free_pages):
            writer.compact()
    return msgspec.structs.replace(
        found, bytes_before=before, bytes_after=disk_bytes(path), is_read=log_path(path).exists()
    )


def preview(path: Path, released: Mapping[int, int] | None = None) -> Collected:
    """What `gc` would free; nothing is changed.

    `released` tells of objects how many of the versions that need them would be gone before.
    `bytes_after` is an estimate: pages that are half empty are not seen.
    """
    check_header(path)
    with explaining(path), closing(open_reader(path)) as connection:
        connection.execute("BEGIN")  # one state for all that follows
        found = _counted(connection, released or {})
        free = _free_pages(connection) * _page_size(connection)
    before = disk_bytes(path)
    after = max(before - free - found.freed.bytes, 0)
    return msgspec.structs.replace(found, bytes_before=before, bytes_after=after)


_OBJECTS = "SELECT id, length(data), dictionary FROM objects"
_NEWEST = """
SELECT max(id) FROM dictionaries WHERE type IN (SELECT type FROM versions) GROUP BY type
"""
"""Dictionaries that the next run goes on with."""
_USED = f"SELECT dictionary FROM objects WHERE dictionary IS NOT NULL UNION {_NEWEST}"  # noqa: S608  constants


def collect(connection: sqlite3.Connection) -> Collected:
    """As `gc`, in a transaction of the caller's; the file keeps its size."""
    for _ in versions.checked(connection, ""):
        pass  # it raises where what is needed cannot be told
    found = _counted(connection, {})
    connection.execute("DELETE FROM objects WHERE id NOT IN (SELECT object FROM versions)")
    for table in ("dictionaries", "dictionary_copies"):
        connection.execute(f"DELETE FROM {table} WHERE id NOT IN ({_USED})")  # noqa: S608  constants
    connection.execute(
        "DELETE FROM usage WHERE NOT EXISTS"
        " (SELECT 1 FROM versions v WHERE v.type = usage.type AND v.id = usage.id)"
    )
    return found


def _counted(connection: sqlite3.Connection, released: Mapping[int, int]) -> Collected:
    """What stays and what goes; sizes of the file are not known here."""
    needs: dict[int, int] = dict(
        connection.execute("SELECT object, count(*) FROM versions GROUP BY object")
    )
    objects: Counter[bool] = Counter()
    size: Counter[bool] = Counter()
    used = {newest for (newest,) in connection.execute(_NEWEST)}
    for number, length, dictionary in connection.execute(_OBJECTS):
        stays = needs.get(number, 0) > released.get(number, 0)
        objects[stays] += 1
        size[stays] += length
        if stays:
            used.add(dictionary)
    there = [number for (number,) in connection.execute("SELECT id FROM dictionaries")]
    staying = sum(number in used for number in there)
    return Collected(
        kept=Counted(objects[True], staying, size[True]),
        freed=Counted(objects[False], len(there) - staying, size[False]),
    )


def _free_pages(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA freelist_count").fetchone()[0])


def _page_size(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA page_size").fetchone()[0])
