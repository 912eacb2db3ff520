"""What an index of a vault is made from: every version that some run shows, and its body."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from lookervault.storage import schema
from lookervault.storage.listing import object_row
from lookervault.storage.objects import Bodies


class Mark(NamedTuple):
    """Of an item: `sum` changes with any of its versions."""

    type: str
    id: str
    sum: int


class Interval(NamedTuple):
    """A version. `object` are the first bytes of its body's SHA-256; the end is exclusive."""

    first_run: int
    end_run: int | None
    trashed: bool
    name: str | None
    object: bytes


_PART = 0xFFFFFFFFFF
"""Forty bits of a row's sum: those of eight million rows can be added."""
_SHOWN = "first_run IS NOT end_run"
_DIGEST = f"""
SELECT count(*), coalesce(sum(sum & {_PART}), 0), coalesce(sum((sum >> 24) & {_PART}), 0)
FROM versions
"""  # noqa: S608  a number
_MARKS = f"""
SELECT t.name, v.id, sum(v.sum & {_PART}) FROM versions v JOIN types t ON t.id = v.type
WHERE {_SHOWN} GROUP BY v.type, v.id
"""  # noqa: S608  constants
_INTERVALS = f"""
SELECT v.first_run, v.end_run, v.trashed, v.name, substr(coalesce(o.sha256, x''), 1, 8)
FROM versions v LEFT JOIN objects o ON o.id = v.object
WHERE v.type = ? AND v.id = ? AND {_SHOWN} ORDER BY v.first_run
"""  # noqa: S608  constants


class Contents:
    """As of one moment; made by `Repository.contents`, for the thread that asked."""

    def __init__(self, connection: sqlite3.Connection, bodies: Bodies) -> None:
        self._connection = connection
        self._bodies = bodies
        self._types: dict[str, int | None] = {}

    def digest(self) -> str:
        """Changes with any version that comes, changes or goes."""
        return " ".join(map(str, self._connection.execute(_DIGEST).fetchone()))

    def marks(self) -> Iterator[Mark]:
        return (Mark(*row) for row in self._connection.execute(_MARKS))

    def intervals(self, type: str, id: str) -> list[Interval]:
        rows = self._connection.execute(_INTERVALS, (self._type_id(type), id))
        return [Interval(first, end, bool(trash), *rest) for first, end, trash, *rest in rows]

    def body(self, type: str, id: str, run: int) -> bytes:
        """As of a run that shows the item. Raises `DamagedError`, as `Repository.body` does."""
        type_id = self._type_id(type)
        row = None
        if type_id is not None:
            row = object_row(self._connection, type, type_id, id, run)
        if row is None:
            raise LookupError(f"{type} {id} of run {run}")
        return self._bodies.restore(self._connection, f"{type} {id}", row)

    def _type_id(self, type: str) -> int | None:
        if type not in self._types:
            self._types[type] = schema.type_id(self._connection, type)
        return self._types[type]
