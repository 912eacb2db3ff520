"""Every row of a damaged vault that can still be had, through SQLite and past it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from lookervault.storage import log, schema
from lookervault.storage.anatomy import HEADER_BYTES, Pages, Unreadable, free_pages, record, tree
from lookervault.storage.connections import open_reader
from lookervault.storage.verify_file import page_size_of

type Row = tuple[Any, ...]
type Key = tuple[Any, ...]


class Table(NamedTuple):
    """`key`: how many of the first columns are unique. `numbered`: the first is the row's number,
    which its record does not hold.
    """

    name: str
    columns: tuple[str, ...]
    key: int
    numbered: bool


@cache
def tables() -> dict[str, Table]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(schema.tables())
        query = "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
        found = connection.execute(query).fetchall()
        return {
            name: Table(name, *_columns(connection, name), numbered=not without_number)
            for name, without_number in found
            if not name.startswith("sqlite_")
        }


def _columns(connection: sqlite3.Connection, table: str) -> tuple[tuple[str, ...], int]:
    columns = connection.execute("SELECT name, pk FROM pragma_table_info(?)", (table,)).fetchall()
    return tuple(name for name, _ in columns), sum(place > 0 for _, place in columns)


class Rows:
    """Reads a vault that SQLite may not be able to read, or not all of.

    A row that only the pages show may be one that was replaced or removed; whoever asks must have
    a proof of it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        with suppress(sqlite3.Error, UnicodeError):  # an error may quote what is no text
            self._connection = open_reader(path)
        recent = log.read(path)
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._log = os.open(log.log_path(path), os.O_RDONLY) if recent.pages else None
        size = self._page_size()
        in_file = -(-os.fstat(self._file).st_size // size)
        count = max(in_file, recent.vault_pages or 0)
        self._pages = Pages(self._file, size, count, recent.pages, self._log)

    def close(self) -> None:
        for file in (self._file, self._log):
            if file is not None:
                os.close(file)
        if self._connection is not None:
            self._connection.close()

    def _page_size(self) -> int:
        size = page_size_of(os.pread(self._file, HEADER_BYTES, 0).ljust(HEADER_BYTES, b"\x00"))
        plausible = 512 <= size <= 65536 and size & (size - 1) == 0  # noqa: PLR2004  SQLite's limits
        return size if plausible else schema.PAGE_SIZE

    def of(self, name: str, take: Callable[[Row], bool]) -> bool:
        """Offers each row once to `take`, which says whether it is one; SQLite's rows come first.

        Returns whether SQLite could read the whole table.
        """
        table = tables()[name]
        taken = _Keys(table, take)
        if self._through_sqlite(table, taken.offer):
            return True
        for row in self._on_pages(table):
            taken.offer(row)
        return False

    # Through SQLite.

    def _through_sqlite(self, table: Table, offer: Callable[[Row], None]) -> bool:
        """From the beginning, and where that breaks off, from the end."""
        if self._connection is None:
            return False
        key = table.columns[: table.key]
        for direction in ("ASC", "DESC"):
            order = ", ".join(f"{column} {direction}" for column in key)
            query = (
                f"SELECT {', '.join(table.columns)} FROM {table.name} NOT INDEXED ORDER BY {order}"  # noqa: S608  names of our schema
            )
            try:
                for row in self._connection.execute(query):
                    offer(row)
            except (sqlite3.Error, UnicodeError, OverflowError):
                continue
            if direction == "ASC":
                return True
        return False

    # Past it.

    def _on_pages(self, table: Table) -> Iterator[Row]:
        free = free_pages(self._pages)
        for number in range(1, self._pages.count + 1):
            if number not in free:
                with suppress(Unreadable):
                    yield from self._rows_of_page(number, table)

    def _rows_of_page(self, number: int, table: Table) -> Iterator[Row]:
        data = self._pages.read(number)
        page = tree(data, number)
        if page.is_index == table.numbered:
            return
        for cell in page.cells:
            try:
                values: Sequence[Any] = record(self._pages, data, cell)
            except Unreadable:
                continue
            if len(values) != len(table.columns):
                continue
            yield (cell.rowid, *values[1:]) if table.numbered else tuple(values)


class _Keys:
    """Lets each row through once. Keys are kept as hashes: memory grows by some bytes a row."""

    def __init__(self, table: Table, take: Callable[[Row], bool]) -> None:
        self._key = table.key
        self._take = take
        self._taken: set[int] = set()

    def offer(self, row: Row) -> None:
        key = hash(row[: self._key])
        if key not in self._taken and self._take(row):
            self._taken.add(key)
