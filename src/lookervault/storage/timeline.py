"""What changed from run to run, told by the bounds of intervals: no unchanged item is looked at.

An interval that ends where it begins is of an item that came and went within one run: none shows
it. As the last one of its item it tells what is deleted. Of deleted items, the last one may begin,
and end, with runs that were forgotten.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import batched, groupby
from typing import Any, NamedTuple

from lookervault.storage import schema, versions
from lookervault.storage.listing import COLUMNS, ItemRow, item_row

type Reading = Callable[[], AbstractContextManager[sqlite3.Connection]]


class Pair(NamedTuple):
    """An item at two times, None where it was not there."""

    before: ItemRow | None
    after: ItemRow | None


class Event(NamedTuple):
    """What `run` found of an item. With both, it was there before, perhaps long before."""

    run: int
    before: ItemRow | None
    after: ItemRow | None


_SHOWN = "v.first_run IS NOT v.end_run"
_LAST = """NOT EXISTS (SELECT 1 FROM versions l
  WHERE l.type = v.type AND l.id = v.id AND l.first_run > v.first_run)"""
_TABLES = "versions v JOIN types t ON t.id = v.type LEFT JOIN objects o ON o.id = v.object"
_FROM = f"SELECT t.name, {COLUMNS} FROM {_TABLES}"  # noqa: S608  names of our schema
_NAMES = """SELECT v.id, v.name FROM versions v WHERE v.type = ? AND v.first_run <= ?
AND (v.end_run IS NULL OR v.end_run > ?) AND v.name IS NOT NULL AND v.id IN (%s)"""
_AT_ONCE = 500
_NAMED = "(:types IS NULL OR t.name IN (SELECT value FROM json_each(:types)))"
_BETWEEN = f"""{_FROM} WHERE {_NAMED} AND (
  v.first_run > :low AND v.first_run <= :high AND (v.end_run IS NULL OR v.end_run > :high)
  OR v.first_run <= :low AND v.end_run > :low AND v.end_run <= :high)"""
BEGAN = """(SELECT b.type, min(b.first_run) AS run
  FROM versions b JOIN runs r ON r.run = b.first_run GROUP BY b.type)"""
"""The first run of those there are that shows something of a type."""
_MOVED = f"""{_FROM} LEFT JOIN {BEGAN} began ON began.type = v.type
  WHERE {_NAMED} AND {_SHOWN} AND (
  v.first_run > began.run AND v.first_run BETWEEN :low AND :high
  OR v.end_run BETWEEN :low AND :high)
  ORDER BY v.type, v.id, v.first_run"""
_BEFORE = f"""{_FROM} WHERE t.name = :type AND v.id = :id AND {_SHOWN} AND v.end_run <= :run
  ORDER BY v.first_run DESC LIMIT 1"""
_ITEM = f"""{_FROM} WHERE t.name = :type AND v.id = :id AND ({_SHOWN} OR {_LAST})
  ORDER BY v.first_run"""
_GONE = f"""{_FROM} WHERE {_NAMED} AND v.end_run <= :run AND NOT EXISTS (
  SELECT 1 FROM versions n WHERE n.type = v.type AND n.id = v.id AND n.first_run > v.first_run
  AND n.first_run <= :run)
  ORDER BY t.name, v.id"""  # noqa: S608  constants
_BOUNDS = """
SELECT run, count(*) FROM (
  SELECT first_run AS run FROM versions WHERE first_run IS NOT end_run
  UNION ALL SELECT end_run FROM versions WHERE end_run IS NOT NULL AND first_run <> end_run)
GROUP BY run ORDER BY run DESC
"""
_FIRST = f"SELECT t.name, began.run FROM {BEGAN} began JOIN types t ON t.id = began.type"  # noqa: S608  a constant
_FOREVER = 2**62


class Timeline:
    """Of one vault; made by its `Repository`, and as thread-safe."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def between(self, low: int, high: int, types: Sequence[str] | None = None) -> list[Pair]:
        """Items that are not in both states the same, of `low` and of the later run `high`."""
        pairs: dict[tuple[str, str], list[ItemRow | None]] = {}
        for row in self._rows(_BETWEEN, types, low=low, high=high):
            pairs.setdefault((row.type, row.id), [None, None])[row.first_run > low] = row
        return [Pair(*pair) for pair in pairs.values() if not _undone(*pair)]

    def events(self, low: int, high: int, types: Sequence[str] | None = None) -> list[Event]:
        """What each of these runs found; not what a type began with."""
        began = self.beginnings()
        rows = self._rows(_MOVED, types, low=low, high=high)
        found: list[Event] = []
        for (type, _), item in groupby(rows, key=lambda row: (row.type, row.id)):
            found += self._of_item(list(item), max(low, began.get(type, _FOREVER) + 1), high)
        return found

    def of_item(self, type: str, id: str) -> list[Event]:
        """The same of one item, with its beginning."""
        rows = list(self._rows(_ITEM, None, type=type, id=id))
        return list(self._of_item(rows, 0, _FOREVER))[::-1]

    def as_of(self, type: str, id: str, run: int) -> ItemRow | None:
        rows = self._rows(_ITEM, None, type=type, id=id)
        return next((row for row in rows if row.first_run <= run < (row.end_run or _FOREVER)), None)

    def _of_item(self, rows: list[ItemRow], low: int, high: int) -> Iterator[Event]:
        before: ItemRow | None = None
        for row in rows:
            goes_on = before is not None and before.end_run == row.first_run
            if before is not None and not goes_on:
                yield from _end(before, high)
            shown = row.first_run != row.end_run
            if shown and row.first_run >= low and not (goes_on and _undone(before, row)):
                yield Event(row.first_run, before or self._before(row), row)
            before = row
        if before is not None:
            yield from _end(before, high)

    def gone(self, types: Sequence[str] | None, run: int | None) -> list[ItemRow]:
        """The last version of each item that is deleted: now, or as of a run."""
        return list(self._rows(_GONE, types, run=_FOREVER if run is None else run))

    def bounds(self) -> list[tuple[int, int]]:
        """(run, how many intervals begin or end there), the newest first."""
        with self._reading() as connection:
            return connection.execute(_BOUNDS).fetchall()

    def beginnings(self) -> dict[str, int]:
        """Of each type, the first run that shows something of it."""
        with self._reading() as connection:
            return dict(connection.execute(_FIRST))

    def named(self, type: str, ids: Iterable[str], run: int) -> dict[str, str]:
        """What items were called as of a run, by id; those without a name are left out."""
        found: dict[str, str] = {}
        with self._reading() as connection:
            type_id = schema.type_id(connection, type)
            for some in batched(ids, _AT_ONCE, strict=False):
                asked = (type_id, run, run, *some)
                found |= connection.execute(_NAMES % versions.marks(some), asked)
        return found

    def _before(self, row: ItemRow) -> ItemRow | None:
        asked = {"type": row.type, "id": row.id, "run": row.first_run}
        return next(self._rows(_BEFORE, None, **asked), None)

    def _rows(self, query: str, types: Sequence[str] | None, **asked: Any) -> Iterator[ItemRow]:
        named = None if types is None else json.dumps(list(types))
        with self._reading() as connection:
            for name, *columns in connection.execute(query, {"types": named, **asked}):
                yield item_row(name, *columns)


def _undone(before: ItemRow | None, after: ItemRow | None) -> bool:
    return before is not None and after is not None and before.is_like(after)


def _end(row: ItemRow, high: int) -> list[Event]:
    """That the item was gone then, where no later version goes on from there."""
    if row.end_run is None or row.end_run > high:
        return []
    return [Event(row.end_run, row, None)]
