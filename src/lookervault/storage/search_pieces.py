"""Which items hold one or two characters: less than the trigrams of `grams` are made of.

A piece is a character, or two that stand side by side in a text. FTS5 keeps for each of them the
numbers of the documents that have it. An item has up to four: the pieces of its name (kind 0) and
of its other texts (1), now and in versions that have ended, each without what a document of no
higher kind and no older version has anyway.
"""

from __future__ import annotations

import json
import sqlite3
import string
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise

LONGEST = 2
NAME, TEXT, REFERENCE = range(3)
"""The last two bits of a key's number."""
_SEPARATOR = "\x01"
"""No folded text has this sign. Any other is part of a piece, whatever it means elsewhere."""
_SIGNS = (string.punctuation + " \x7f").replace("'", "''").replace('"', '""')
TABLE = f"""
CREATE VIRTUAL TABLE pieces USING fts5 (
  text, content = '', columnsize = 0, detail = none, tokenize = "ascii tokenchars '{_SIGNS}'"
);
"""
_KNOWN = 2_000_000
"""Pieces of texts that are kept at hand while an index is written: some 20 MB."""

type Keys = Iterable[int]
type Pieces = Collection[str]


def holding(
    connection: sqlite3.Connection, piece: str, *, past: bool
) -> Iterator[tuple[int, int, list[int]]]:
    """(kind, number of a type, items): those that have it now, or with `past` at any time."""
    query = """SELECT json_group_array(rowid >> 2) FROM pieces
        WHERE pieces MATCH ? AND rowid & 3 = ?"""
    for part in range(4 if past else 2):
        (found,) = connection.execute(query, (quoted(piece), part)).fetchone()
        items = sorted(json.loads(found))
        while items:
            type = items[0] >> 32
            end = bisect_left(items, (type + 1) << 32)
            yield part & 1, type, [item & 0xFFFFFFFF for item in items[:end]]
            items = items[end:]


def quoted(token: str) -> str:
    """As FTS5 takes it, whatever signs it has."""
    return '"' + token.replace('"', '""') + '"'


class _Pairs(dict[tuple[str, str], str]):
    """One string for each pair of characters, however many texts have it."""

    def __missing__(self, pair: tuple[str, str]) -> str:
        self[pair] = joined = "".join(pair)
        return joined


class PieceWriter:
    """Keeps the documents of items as the items change."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._pairs = _Pairs()
        self._known: dict[int, Pieces] = {}
        self._room = _KNOWN
        self._lost = False

    def learn(self, key: int, text: str) -> Pieces:
        """That a key has this text."""
        pieces = (*{*text, *map(self._pairs.__getitem__, pairwise(text))},)
        self._room -= 1 + len(pieces)
        if self._room < 0:
            self._known.clear()
            self._room = _KNOWN
        self._known[key] = pieces
        return pieces

    def change(
        self, item: int, type: int, before: tuple[Keys, Keys], after: tuple[Keys, Keys]
    ) -> None:
        """Both are the keys that it has now, and those that only its past has."""
        had, has = self._documents(*before), self._documents(*after)
        for part, (old, new) in enumerate(zip(had, has, strict=True)):
            if old != new:
                document = (type << 32 | item) << 2 | part
                self._write("delete", document, old)
                self._write(None, document, new)
        self._lost = self._lost or bool(set().union(*had).difference(*has))

    def finish(self) -> None:
        """What no version has any more leaves the file."""
        if self._lost:
            self._connection.execute("INSERT INTO pieces (pieces) VALUES ('optimize')")

    def _documents(self, now: Keys, past: Keys) -> list[set[str]]:
        name, other = self._pieces(now)
        old_name, old_other = self._pieces(past)
        old_name -= name
        return [name, other - name, old_name, old_other.difference(name, other, old_name)]

    def _pieces(self, keys: Keys) -> tuple[set[str], set[str]]:
        """Of names and of other texts."""
        texts: tuple[list[Pieces], list[Pieces]] = [], []
        for key in keys:
            if not key & REFERENCE:
                texts[key & TEXT].append(self._known.get(key) or self._read(key))
        return set().union(*texts[0]), set().union(*texts[1])

    def _read(self, key: int) -> Pieces:
        query = "SELECT text FROM texts WHERE key = ?"
        return self.learn(key, *self._connection.execute(query, (key,)).fetchone())

    def _write(self, command: str | None, document: int, pieces: Pieces) -> None:
        if pieces:
            query = "INSERT INTO pieces (pieces, rowid, text) VALUES (?, ?, ?)"
            self._connection.execute(query, (command, document, _SEPARATOR.join(pieces)))
