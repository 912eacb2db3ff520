"""Items as intervals of runs.

A version begins with the run that saw it and ends with the run that no longer did: an unchanged
item costs nothing, and a deletion is an interval that ended.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import batched
from typing import Any, NamedTuple

import msgspec

from lookervault.content.model import Item
from lookervault.decoding import decodable
from lookervault.errors import DamagedError, VaultError
from lookervault.storage import objects
from lookervault.storage.findings import NO_SUCH_VALUE
from lookervault.storage.objects import PackedItem
from lookervault.storage.schema import row_sum


class Stored(NamedTuple):
    """Items of a page, against what was there before the run. `bytes` is what their new objects
    take, compressed. What the run has stored before counts as unchanged: it is counted already.
    """

    new: int
    changed: int
    unchanged: int
    bytes: int


@decodable
class Version(msgspec.Struct, array_like=True):
    """A row of the table, except its sum."""

    type: int
    id: str
    first_run: int
    end_run: int | None
    object: int
    hash: bytes
    raw_hashed: int
    trashed: int
    name: str | None
    updated_at: str | None
    folder_id: str | None
    refs: str | None
    redacted: str | None

    def row(self, type_name: str, sha256: bytes) -> tuple[Any, ...]:
        """Every column; `sha256` is the object's."""
        return (*msgspec.structs.astuple(self), self.sum(type_name, sha256))

    def sum(self, type_name: str, sha256: bytes) -> int:
        """The row's sum: ids of rows are replaced by what they stand for."""
        covered = (
            type_name,
            self.id,
            self.first_run,
            self.end_run,
            sha256.hex(),
            self.hash.hex(),
            self.raw_hashed,
            self.trashed,
            self.name,
            self.updated_at,
            self.folder_id,
            self.refs,
            self.redacted,
        )
        return row_sum(covered)


def overlap(before: Version, version: Version) -> bool:
    """Whether two rows, in order, are of one item and tell of the same run."""
    if (before.type, before.id) != (version.type, version.id):
        return False
    return before.end_run is None or before.end_run > version.first_run


VERSION_COLUMNS = ", ".join(f"v.{name}" for name in Version.__struct_fields__)
_MARKS = ", ".join("?" * (len(Version.__struct_fields__) + 1))
_CHECKED = f"""
SELECT {VERSION_COLUMNS}, v.sum, t.name, o.sha256
FROM versions v LEFT JOIN types t ON t.id = v.type LEFT JOIN objects o ON o.id = v.object
"""  # noqa: S608  names of this module
_INSERT = f"INSERT OR REPLACE INTO versions VALUES ({_MARKS})"  # noqa: S608  marks
_SELECT = f"""
SELECT {VERSION_COLUMNS}, coalesce(o.sha256, x'')
FROM versions v LEFT JOIN objects o ON o.id = v.object
WHERE v.type = ? AND v.id IN (%s)
ORDER BY v.id, v.first_run
"""  # noqa: S608  names of this module
_CHUNK = 500


def marks(ids: Sequence[str]) -> str:
    """A parameter for each. Not `json_each`: an id with a zero byte ends there for it."""
    return ", ".join("?" * len(ids))


def last_versions(
    connection: sqlite3.Connection, type_id: int, ids: Iterable[str]
) -> dict[str, tuple[Version, bytes]]:
    """The newest version of each id that has one, and its object's SHA-256 (empty: it is gone)."""
    found: dict[str, tuple[Version, bytes]] = {}
    for chunk in batched(ids, _CHUNK, strict=False):
        for *columns, sha256 in connection.execute(_SELECT % marks(chunk), (type_id, *chunk)):
            version = msgspec.convert(columns, Version)
            found[version.id] = (version, sha256)
    return found


def checked(
    connection: sqlite3.Connection, rest: str, parameters: tuple[Any, ...] = ()
) -> Iterator[tuple[Version, str, bytes]]:
    """Versions, each with its type's name and its object's SHA-256; `rest` says which, and in
    which order.

    Raises `DamagedError` at the first row that is not the one that was written: what is made of it
    would be taken for whole.
    """
    for *columns, written, name, sha256 in connection.execute(f"{_CHECKED} {rest}", parameters):
        version = _whole(columns, name, sha256, written)
        if version is None:
            raise DamagedError(
                f"{name} {columns[1]} is damaged: its row, or that of its object, is not the one"
                " that was written.",
                hint="Nothing was removed. `lookervault verify --repair` mends what it can; then"
                " run the same command again.",
            )
        yield version, name, sha256


def _whole(columns: list[Any], name: Any, sha256: Any, written: Any) -> Version | None:
    try:
        version = msgspec.convert(columns, Version)
        return version if sha256 and version.sum(name, sha256) == written else None
    except NO_SUCH_VALUE:
        return None


def replace(
    connection: sqlite3.Connection, old: Iterable[Version], new: Iterable[tuple[Any, ...]]
) -> None:
    """Whole rows for others."""
    connection.executemany(
        "DELETE FROM versions WHERE type = ? AND id = ? AND first_run = ?",
        [(one.type, one.id, one.first_run) for one in old],
    )
    connection.executemany(_INSERT, new)


def store(
    connection: sqlite3.Connection,
    run: int,
    type_name: str,
    type_id: int,
    page: dict[str, PackedItem],
) -> Stored:
    last = last_versions(connection, type_id, page)
    fresh: list[PackedItem] = []
    rewritten: list[tuple[Any, ...]] = []
    new = changed = 0
    for item_id, packed in page.items():
        item = packed.item
        version, sha256 = last.get(item_id, (None, b""))
        if version is None or version.end_run is not None:
            new += 1
            fresh.append(packed)
        elif _differs(version, item) or not sha256:  # its object is gone: store it anew
            changed += version.first_run < run  # else this run has it twice, and counted it
            fresh.append(packed)
            version.end_run = run
            rewritten.append(version.row(type_name, sha256))  # replaced below if of this run
        elif version.updated_at != item.updated_at:
            version.updated_at = item.updated_at
            rewritten.append(version.row(type_name, sha256))
    ids, size = objects.insert(connection, fresh)
    rewritten += (_opened(run, type_name, type_id, one, ids[one.sha256]) for one in fresh)
    connection.executemany(_INSERT, rewritten)
    return Stored(new, changed, len(page) - new - changed, size)


def _differs(version: Version, item: Item) -> bool:
    return version.hash != item.hash or version.trashed != item.trashed


def _opened(
    run: int, type_name: str, type_id: int, packed: PackedItem, object_id: int
) -> tuple[Any, ...]:
    told = told_by(packed.item)
    version = Version(type=type_id, first_run=run, end_run=None, object=object_id, **told)
    return version.row(type_name, packed.sha256)


def told_by(item: Item) -> dict[str, Any]:
    """The columns of a version that the item itself tells."""
    return {
        "id": item.id,
        "hash": item.hash,
        "raw_hashed": int(item.raw_hashed),
        "trashed": int(item.trashed),
        "name": item.name,
        "updated_at": item.updated_at,
        "folder_id": item.folder_id,
        "refs": None if item.refs is None else item.refs.decode(),
        "redacted": json.dumps(item.redacted) if item.redacted else None,
    }


def vanish(
    connection: sqlite3.Connection, run: int, type_name: str, type_id: int, ids: Iterable[str]
) -> int:
    """Ends the open versions of these ids; returns how many there were.

    One that began in this run becomes an empty interval: no run shows it.
    """
    last = last_versions(connection, type_id, ids)
    rows = []
    for version, sha256 in last.values():
        if version.end_run is None:
            version.end_run = run
            rows.append(version.row(type_name, sha256))
    connection.executemany(_INSERT, rows)
    return len(rows)


def unvanish(connection: sqlite3.Connection, run: int, *, but_of: Collection[str] = ()) -> None:
    """Opens again what vanished in this run, of every other type."""
    rows = connection.execute(
        """SELECT t.name, t.id, v.id FROM versions v JOIN types t ON t.id = v.type
        WHERE v.end_run = ?""",
        (run,),
    )
    ended: dict[tuple[str, int], list[str]] = {}
    for name, type_id, item_id in rows:
        if name not in but_of:
            ended.setdefault((name, type_id), []).append(item_id)
    for (name, type_id), ids in ended.items():
        reopened = []
        for version, sha256 in last_versions(connection, type_id, dict.fromkeys(ids)).values():
            if version.end_run == run:  # else it ended because it changed
                version.end_run = None
                reopened.append(version.row(name, sha256))
        connection.executemany(_INSERT, reopened)


def touch(
    connection: sqlite3.Connection, run: int, type_name: str, type_id: int, ids: Sequence[str]
) -> None:
    """Begins a new version like the last one, where that has ended."""
    ended = [
        one
        for chunk in batched(ids, _CHUNK, strict=False)
        for one in _not_open(connection, type_id, chunk)
    ]
    last = last_versions(connection, type_id, ended)
    if unknown := sorted(set(ended) - last.keys()):
        raise VaultError(f"The vault has no {type_name} {unknown[0]} that could be confirmed.")
    rows = []
    for version, sha256 in last.values():
        if version.end_run is not None:
            version.first_run, version.end_run = run, None
            rows.append(version.row(type_name, sha256))
    connection.executemany(_INSERT, rows)


def _not_open(connection: sqlite3.Connection, type_id: int, ids: tuple[str, ...]) -> list[str]:
    query = f"""SELECT id FROM versions WHERE type = ? AND end_run IS NULL
        AND id IN ({marks(ids)})"""  # noqa: S608  marks
    there = {id for (id,) in connection.execute(query, (type_id, *ids))}
    return [id for id in ids if id not in there]


def add_page(
    connection: sqlite3.Connection,
    run: int,
    type_name: str,
    type_id: int,
    ids: Iterable[str],
    *,
    number: int | None,
) -> None:
    """The checkpoint of a page, in the transaction of its items."""
    query = "SELECT coalesce(max(seq), 0) + 1 FROM pages WHERE run = ? AND type = ?"
    (seq,) = connection.execute(query, (run, type_id)).fetchone()
    text = json.dumps(list(ids), ensure_ascii=False)
    connection.execute(
        "INSERT INTO pages (run, type, seq, number, ids, sum) VALUES (?, ?, ?, ?, ?, ?)",
        (run, type_id, seq, number, text, page_sum(type_name, run, seq, number, text)),
    )


def page_sum(type_name: str, run: int, seq: int, number: int | None, ids: str) -> int:
    return row_sum((type_name, run, seq, number, ids))
