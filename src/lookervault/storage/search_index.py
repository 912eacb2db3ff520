"""The index of a vault: what stands in which item, in a file beside it that can be made anew.

It holds each text once, folded, with the trigrams it is made of, and for each text and each
reference the numbers of the items that have it: now, or only in a version that has ended. Numbers
of names are even, those of other texts are odd. `pieces` has what is shorter than a trigram. Why
it is built this way: docs/design/decisions/009-the-search-index.md.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import IntEnum
from hashlib import blake2b
from typing import NamedTuple, Self
from zlib import crc32

from lookervault.storage import search_pieces

APPLICATION_ID = 0x4C4B5649  # "LKVI"
FORMAT = 2
TABLES = f"""{search_pieces.TABLE}
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE types (type INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE items (
  item INTEGER PRIMARY KEY, type INTEGER NOT NULL, id TEXT NOT NULL, state INTEGER NOT NULL,
  mark INTEGER NOT NULL, versions BLOB NOT NULL, now BLOB NOT NULL, past BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX items_by_id ON items (type, id);
CREATE TABLE keys (hash INTEGER PRIMARY KEY, key INTEGER NOT NULL) STRICT;
CREATE TABLE texts (key INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
CREATE VIRTUAL TABLE grams USING fts5 (
  text, content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1'
);
CREATE TABLE postings (
  key INTEGER NOT NULL, type INTEGER NOT NULL, now BLOB NOT NULL, past BLOB NOT NULL,
  sum INTEGER NOT NULL, PRIMARY KEY (key, type)
) STRICT, WITHOUT ROWID;
CREATE TABLE ways (
  target INTEGER NOT NULL, source INTEGER NOT NULL, type INTEGER NOT NULL,
  PRIMARY KEY (target, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX ways_by_source ON ways (source);
"""
_GRAM = 3
_MOST_GRAMS = 30
"""Of what is searched for; whether a text holds all of it is looked at afterwards anyway."""
_MANY = 1000

type Numbers = array[int]
"""Of items, or of keys; 32 bits each."""


class State(IntEnum):
    UNKNOWN = 0
    """Something refers to it, and the vault has none of it."""
    PRESENT = 1
    TRASHED = 2
    DELETED = 3


class Unusable(Exception):
    """The index is damaged, or of another format: whoever meets this makes it anew."""


type _Holding = tuple[int, int, Iterable[int]]
"""(kind, number of a type, items)"""


class Item(NamedTuple):
    type: str
    id: str
    state: State


def numbers(values: Iterable[int] = ()) -> Numbers:
    return array("I", values)


def unpacked(data: bytes) -> Numbers:
    found = numbers()
    try:
        found.frombytes(data)
    except (TypeError, ValueError) as error:
        raise Unusable(str(error)) from error
    return found


def posting_sum(now: bytes, past: bytes) -> int:
    return crc32(past, crc32(now))


@contextmanager
def guarded() -> Iterator[None]:
    """Raises `Unusable` for what SQLite finds wrong."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise  # a mistake of this program
    except (sqlite3.Error, UnicodeDecodeError, OverflowError) as error:
        raise Unusable(str(error)) from error


class SearchIndex:
    """For one thread. Whatever reads it may raise `Unusable`."""

    def __init__(self, connection: sqlite3.Connection, *, writable: bool) -> None:
        self.connection = connection
        self.writable = writable
        self._salt = self.get("salt").encode()
        self._types: dict[int, str] = {}

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def one_state(self) -> Iterator[None]:
        """As of one moment, whatever another process writes meanwhile: it waits."""
        with guarded():
            self.connection.execute("BEGIN")
        try:
            yield
        finally:
            with guarded():
                self.connection.execute("ROLLBACK")

    def get(self, key: str) -> str:
        with guarded():
            row = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
            return "" if row is None else row[0]

    def note(self, key: str, value: str) -> None:
        with guarded():
            self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def note_if_free(self, key: str, value: str) -> None:
        """Where nobody else writes just now: for what the next one may as well find out."""
        with guarded():
            (patience,) = self.connection.execute("PRAGMA busy_timeout").fetchone()
            self.connection.execute("PRAGMA busy_timeout = 0")
        try:
            with suppress(Unusable):
                self.note(key, value)
        finally:
            with guarded():
                self.connection.execute(f"PRAGMA busy_timeout = {patience}")

    def hash_of(self, kind: int, text: str) -> int:
        """Of a key. Salted, so that nobody can make two texts that are one here."""
        data = b"%d %s" % (kind, text.encode(errors="replace"))
        return int.from_bytes(blake2b(data, digest_size=8, key=self._salt).digest(), signed=True)

    def containing(self, folded: str, *, past: bool) -> Iterator[tuple[int, str, Iterable[int]]]:
        """(kind, type, items): those that have a text which holds this one, now, or with `past`
        at any time. An item may come several times.
        """
        finds = self._in_pieces if len(folded) <= search_pieces.LONGEST else self._in_texts
        with guarded():
            for kind, type, items in finds(folded, past=past):
                yield kind, self.type_name(type), items

    def _in_pieces(self, folded: str, *, past: bool) -> Iterator[_Holding]:
        return search_pieces.holding(self.connection, folded, past=past)

    def _in_texts(self, folded: str, *, past: bool) -> Iterator[_Holding]:
        text, condition, asked = "", "", [_grams(folded)]
        if len(folded) > _GRAM:
            text = "CROSS JOIN texts t ON t.key = g.rowid"
            condition = "AND instr(t.text, ?)"
            asked.append(folded)
        query = f"""SELECT p.key & 1, p.type, p.now, p.past, p.sum
            FROM grams g {text} CROSS JOIN postings p ON p.key = g.rowid
            WHERE grams MATCH ? {condition}"""  # noqa: S608  constants
        found: defaultdict[tuple[int, int], list[bytes]] = defaultdict(list)
        for kind, type, *lists in self.connection.execute(query, asked):
            found[kind, type].append(_proven(*lists, past_too=past))
        for kind, type in found:
            yield kind, type, unpacked(b"".join(found[kind, type]))

    def having(self, kind: int, value: str, *, past: bool = False) -> dict[str, Numbers]:
        """The items of each type that have this now, or with `past` at any time."""
        query = """SELECT p.type, p.now, p.past, p.sum FROM postings p
            JOIN keys k ON k.key = p.key WHERE k.hash = ?"""
        with guarded():
            rows = self.connection.execute(query, (self.hash_of(kind, value),)).fetchall()
        found = {
            self.type_name(type): unpacked(_proven(*lists, past_too=past)) for type, *lists in rows
        }
        return {type: items for type, items in found.items() if items}

    def sources(self, targets: Collection[int]) -> Iterator[tuple[int, int, str]]:
        """(target, source, its type): the items that refer to one of these; perhaps to others,
        too, where there are many.
        """
        query = "SELECT target, source, type FROM ways"
        with guarded():
            if len(targets) > _MANY:  # a whole table costs less than so many searches in it
                rows = self.connection.execute(query).fetchall()
            else:
                query += " WHERE target = ?"
                asked = (self.connection.execute(query, (each,)) for each in sorted(targets))
                rows = [row for found in asked for row in found]
            for target, source, type in rows:
                yield target, source, self.type_name(type)

    def number(self, type: str, id: str) -> int | None:
        query = """SELECT i.item FROM items i JOIN types t ON t.type = i.type
            WHERE t.name = ? AND i.id = ?"""
        with guarded():
            row = self.connection.execute(query, (type, id)).fetchone()
            return None if row is None else row[0]

    def items(self, wanted: Sequence[int]) -> list[Item]:
        """In the same order."""
        query = "SELECT type, id, state FROM items WHERE item = ?"
        found = []
        with guarded():
            for one in wanted:
                row = self.connection.execute(query, (one,)).fetchone()
                if row is None:
                    raise Unusable(f"item {one} is not there")
                found.append(Item(self.type_name(row[0]), row[1], State(row[2])))
        return found

    def type_name(self, number: int) -> str:
        if number not in self._types:
            query = "SELECT name FROM types WHERE type = ?"
            row = self.connection.execute(query, (number,)).fetchone()
            if row is None:
                raise Unusable(f"type {number} is not there")
            self._types[number] = row[0]
        return self._types[number]


def _proven(now: bytes, past: bytes, written: int, *, past_too: bool = False) -> bytes:
    if posting_sum(now, past) != written:
        raise Unusable("a list of items is not the one that was written")
    return now + past if past_too else now


def _grams(folded: str) -> str:
    """As a query of FTS5: all of them, each in quotes."""
    found = dict.fromkeys(folded[i : i + _GRAM] for i in range(len(folded) - _GRAM + 1))
    return " AND ".join(search_pieces.quoted(gram) for gram in [*found][:_MOST_GRAMS])
