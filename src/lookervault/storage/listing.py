"""What the vault holds, now or as of a run."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from typing import Any, NamedTuple

import msgspec

from lookervault.decoding import decodable
from lookervault.storage.objects import Row, damaged
from lookervault.storage.versions import VERSION_COLUMNS, Version


@decodable
class ItemRow(msgspec.Struct, frozen=True):
    """An item as of some run. `size` is that of its body, the end of the interval is exclusive."""

    type: str
    id: str
    name: str | None
    updated_at: str | None
    trashed: bool
    hash: bytes
    size: int
    first_run: int
    end_run: int | None
    folder_id: str | None
    raw_hashed: bool
    redacted: tuple[str, ...]

    def is_like(self, other: ItemRow) -> bool:
        """Whether nothing changed that counts."""
        return (self.hash, self.trashed) == (other.hash, other.trashed)


_NATURAL = """
ORDER BY v.id GLOB '*[^0-9]*', iif(v.id GLOB '*[^0-9]*', 0, length(v.id)), v.id
"""
"""Ids that are numbers in order of the numbers, then the others."""

_AS_OF = "v.first_run <= :run AND (v.end_run IS NULL OR v.end_run > :run)"
_OPEN = "v.end_run IS NULL"


def _when(run: int | None) -> str:
    return _OPEN if run is None else _AS_OF


COLUMNS = """v.id, v.name, v.updated_at, v.trashed, v.hash, o.size, v.first_run, v.end_run,
v.folder_id, v.raw_hashed, v.redacted"""
"""What `item_row` is made of: versions `v` with their objects `o`."""


def items(
    connection: sqlite3.Connection, type_name: str, type_id: int, run: int | None
) -> Iterator[ItemRow]:
    rows = connection.execute(
        f"""SELECT {COLUMNS} FROM versions v LEFT JOIN objects o ON o.id = v.object
            WHERE v.type = :type AND {_when(run)} {_NATURAL}""",  # noqa: S608  constants
        {"type": type_id, "run": run},
    )
    for row in rows:
        yield item_row(type_name, *row)


def item_row(type_name: str, *row: Any) -> ItemRow:
    item_id, name, updated_at, trashed, digest, size, first, end, folder, raw, redacted = row
    if size is None:
        raise damaged(f"{type_name} {item_id}", "the object that holds it is gone")
    fields = {
        "type": type_name,
        "id": item_id,
        "name": name,
        "updated_at": updated_at,
        "trashed": bool(trashed),
        "hash": digest,
        "size": size,
        "first_run": first,
        "end_run": end,
        "folder_id": folder,
        "raw_hashed": bool(raw),
        "redacted": json.loads(str(redacted or "[]")),
    }
    return msgspec.convert(fields, ItemRow)


_VERSION = f"""
SELECT {VERSION_COLUMNS}, v.sum, o.sha256, o.size, o.dictionary, o.data
FROM versions v JOIN objects o ON o.id = v.object
WHERE v.type = ? AND v.id = ? AND v.first_run = ?
"""  # noqa: S608  names of columns


def object_row(
    connection: sqlite3.Connection, type_name: str, type_id: int, id: str, run: int | None
) -> Row | None:
    """An item's object. Raises `DamagedError` where the item's row is not what was written."""
    found = connection.execute(
        f"SELECT v.first_run FROM versions v WHERE v.type = :type AND v.id = :id AND {_when(run)}",  # noqa: S608  constants
        {"type": type_id, "id": id, "run": run},
    ).fetchone()
    return None if found is None else _proven(connection, type_name, type_id, id, found[0])[1]


def last_object_row(
    connection: sqlite3.Connection, type_name: str, type_id: int, id: str
) -> Row | None:
    """As `object_row`, of the last version, whether it has ended or not."""
    query = "SELECT max(first_run) FROM versions WHERE type = ? AND id = ?"
    (first_run,) = connection.execute(query, (type_id, id)).fetchone()
    return None if first_run is None else _proven(connection, type_name, type_id, id, first_run)[1]


def object_rows(
    connection: sqlite3.Connection, type_name: str, type_id: int
) -> Generator[tuple[str, Row]]:
    """All open ones in natural order of ids; only ids are sorted, so memory stays small.

    To be closed: until then, whatever the connection reads is the vault as it is now.
    """
    query = f"SELECT v.id, v.first_run FROM versions v WHERE v.type = :type AND {_OPEN} {_NATURAL}"  # noqa: S608  constants
    with closing(connection.execute(query, {"type": type_id})) as ids:
        for item_id, first_run in ids:
            yield item_id, _proven(connection, type_name, type_id, item_id, first_run)[1]


def versions(
    connection: sqlite3.Connection, type_name: str, type_id: int, run: int
) -> Iterator[tuple[Version, Row]]:
    """All as of a run in natural order of ids; as in `object_rows`, only ids are sorted."""
    ids = connection.execute(
        f"SELECT v.id, v.first_run FROM versions v WHERE v.type = :type AND {_AS_OF} {_NATURAL}",  # noqa: S608  constants
        {"type": type_id, "run": run},
    )
    for item_id, first_run in ids:
        yield _proven(connection, type_name, type_id, item_id, first_run)


def _proven(
    connection: sqlite3.Connection, type_name: str, type_id: int, id: str, first_run: int
) -> tuple[Version, Row]:
    found = connection.execute(_VERSION, (type_id, id, first_run)).fetchone()
    if found is None:
        raise damaged(f"{type_name} {id}", "the object that holds it is gone")
    *columns, written, sha256, size, dictionary, data = found
    version = msgspec.convert(columns, Version)
    if version.sum(type_name, sha256) != written:
        raise damaged(f"{type_name} {id}", "its row is not the one that was written")
    return version, (sha256, size, dictionary, data)


def hashes(connection: sqlite3.Connection, type_id: int, run: int) -> Iterator[tuple[str, bytes]]:
    """(id, content hash) as of a run, in order of the ids' bytes."""
    rows = connection.execute(
        f"SELECT v.id, v.hash FROM versions v WHERE v.type = :type AND {_AS_OF} ORDER BY v.id",  # noqa: S608  constants
        {"type": type_id, "run": run},
    )
    for row in rows:
        yield msgspec.convert(row, tuple[str, bytes])


def open_ids(connection: sqlite3.Connection, type_id: int, run: int | None = None) -> set[str]:
    query = f"SELECT v.id FROM versions v WHERE v.type = :type AND {_when(run)}"  # noqa: S608  constants
    return {row[0] for row in connection.execute(query, {"type": type_id, "run": run})}


class Stamp(NamedTuple):
    """What a census row can be held against."""

    updated_at: str | None
    trashed: bool
    folder_id: str | None
    first_run: int


def stamps(connection: sqlite3.Connection, type_id: int) -> dict[str, Stamp]:
    query = f"""SELECT v.id, v.updated_at, v.trashed, v.folder_id, v.first_run FROM versions v
        WHERE v.type = ? AND {_OPEN}"""  # noqa: S608  constants
    return {
        item_id: Stamp(updated_at, bool(trashed), folder_id, first_run)
        for item_id, updated_at, trashed, folder_id, first_run in connection.execute(
            query, (type_id,)
        )
    }


def sizes(connection: sqlite3.Connection, type_id: int) -> dict[str, int]:
    """Bytes of each item's body."""
    query = f"""SELECT v.id, o.size FROM versions v JOIN objects o ON o.id = v.object
        WHERE v.type = ? AND {_OPEN}"""  # noqa: S608  constants
    return dict(connection.execute(query, (type_id,)))


class Changes(NamedTuple):
    """How many items of a type a run found new, changed and gone."""

    new: int = 0
    changed: int = 0
    deleted: int = 0


_CHANGES = """
WITH begun AS (
  SELECT v.id FROM versions v
  WHERE v.type = :type AND v.first_run = :run AND (v.end_run IS NULL OR v.end_run > :run)
), ended AS (
  SELECT v.id FROM versions v WHERE v.type = :type AND v.end_run = :run AND v.first_run < :run
)
SELECT (SELECT count(*) FROM begun WHERE id NOT IN ended),
       (SELECT count(*) FROM begun WHERE id IN ended),
       (SELECT count(*) FROM ended WHERE id NOT IN begun)
"""


def changes(connection: sqlite3.Connection, type_id: int, run: int) -> Changes:
    return Changes(*connection.execute(_CHANGES, {"type": type_id, "run": run}).fetchone())


_SILENT = """
SELECT count(*) FROM versions n
JOIN versions o ON o.type = n.type AND o.id = n.id AND o.end_run = n.first_run
WHERE n.type = :type AND n.first_run = :run AND n.hash <> o.hash
  AND n.updated_at = o.updated_at AND n.trashed = o.trashed AND n.folder_id IS o.folder_id
"""


def silent_changes(connection: sqlite3.Connection, type_id: int, run: int) -> int:
    """Items that the run found changed though nothing that a census tells had changed."""
    row: tuple[int] = connection.execute(_SILENT, {"type": type_id, "run": run}).fetchone()
    return row[0]


class Held(NamedTuple):
    """Items that are not deleted; `in_trash` of them are in Looker's trash."""

    items: int = 0
    in_trash: int = 0


def held(connection: sqlite3.Connection, run: int) -> dict[str, Held]:
    rows = connection.execute(
        f"""SELECT t.name, count(*), sum(v.trashed) FROM versions v JOIN types t ON t.id = v.type
        WHERE {_AS_OF} GROUP BY t.name""",  # noqa: S608  constants
        {"run": run},
    )
    return {name: Held(items, in_trash) for name, items, in_trash in rows}


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    return dict(
        connection.execute(
            f"""SELECT t.name, count(*) FROM versions v JOIN types t ON t.id = v.type
            WHERE {_OPEN} GROUP BY t.name ORDER BY t.name"""  # noqa: S608  constants
        )
    )


class _References(msgspec.Struct):
    has: dict[str, list[str]] = {}
    needs: dict[str, list[str]] = {}


_decode = msgspec.json.Decoder(_References).decode


def needed(
    connection: sqlite3.Connection, target_type: str, among: Mapping[str, set[str]], *, others: bool
) -> set[str]:
    """What `Repository.needed` says. Two passes, so that only ids that are needed are in memory."""
    found: set[str] = set()
    for references in _references(connection, among, others=others):
        found.update(references.needs.get(target_type, ()))
    if found:
        for references in _references(connection, among, others=others):
            found.difference_update(references.has.get(target_type, ()))
    return found


def _references(
    connection: sqlite3.Connection, among: Mapping[str, set[str]], *, others: bool
) -> Iterator[_References]:
    rows = connection.execute(
        f"""SELECT t.name, v.id, v.refs FROM versions v JOIN types t ON t.id = v.type
        WHERE v.refs IS NOT NULL AND {_OPEN}"""  # noqa: S608  constants
    )
    for type_name, item_id, refs in rows:
        if item_id in among[type_name] if type_name in among else others:
            yield _decode(str(refs))


def object_bytes(connection: sqlite3.Connection) -> tuple[int, int]:
    """Bytes of all bodies, as they came and as they are stored."""
    row: tuple[int, int] = connection.execute(
        "SELECT coalesce(sum(size), 0), coalesce(sum(length(data)), 0) FROM main.objects"
    ).fetchone()
    return row
