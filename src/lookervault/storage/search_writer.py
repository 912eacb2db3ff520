"""Brings an index up to date: one transaction, all of it or nothing."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import NamedTuple, Self

from lookervault.storage.search_index import (
    Numbers,
    SearchIndex,
    State,
    guarded,
    numbers,
    posting_sum,
    unpacked,
)
from lookervault.storage.search_pieces import NAME, REFERENCE, TEXT, PieceWriter

_PENDING = 400_000
"""Changes of lists of items that are collected before they are written: some 40 MB."""
_KNOWN_KEYS = 200_000
_ADD_NOW, _DROP_NOW, _ADD_PAST, _DROP_PAST = range(4)


class Key(NamedTuple):
    """Kind 0 is a name of an item. `text` is None for a reference: it is found by its kind and
    value alone.
    """

    kind: int
    value: str
    text: str | None


class Held(NamedTuple):
    """What the index has of an item. `versions` and `mark` are the caller's own notes."""

    state: State = State.UNKNOWN
    versions: bytes = b""
    now: Numbers = numbers()
    past: Numbers = numbers()


class IndexWriter:
    """Writes when the block ends; nothing where it ends by an exception."""

    def __init__(self, index: SearchIndex) -> None:
        self._index = index
        self._connection = index.connection
        self._pending: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        self._waiting = 0
        self._type_numbers: dict[str, int] = {}
        self._keys: dict[int, int] = {}
        self._next_key = self._next_item = 1
        self._unused: set[int] = set()
        self._pieces = PieceWriter(self._connection)

    def __enter__(self) -> Self:
        with guarded():
            self._connection.execute("BEGIN IMMEDIATE")
            self._next_key = int(self._index.get("next key") or 1)
            query = "SELECT coalesce(max(item), 0) + 1 FROM items"
            (self._next_item,) = self._connection.execute(query).fetchone()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with guarded():
            if error is None:
                self._flush()
                self._connection.execute("COMMIT")
            elif self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def known(self) -> dict[tuple[str, str], tuple[int, int]]:
        """(number, mark) of each item of which the index has a version, by type and id."""
        query = """SELECT t.name, i.id, i.item, i.mark FROM items i JOIN types t ON t.type = i.type
            WHERE i.state <> 0"""
        with guarded():
            rows = self._connection.execute(query)
            return {(type, id): (item, mark) for type, id, item, mark in rows}

    def number(self, type: str, id: str) -> int:
        """Of an item, which need not be there."""
        with guarded():
            type_number = self._type_number(type)
            query = "SELECT item FROM items WHERE type = ? AND id = ?"
            row = self._connection.execute(query, (type_number, id)).fetchone()
            if row is not None:
                return int(row[0])
            item, self._next_item = self._next_item, self._next_item + 1
            self._connection.execute(
                "INSERT INTO items VALUES (?, ?, ?, 0, 0, x'', x'', x'')", (item, type_number, id)
            )
            return item

    def _type_number(self, name: str) -> int:
        if name not in self._type_numbers:
            self._connection.execute("INSERT OR IGNORE INTO types (name) VALUES (?)", (name,))
            query = "SELECT type FROM types WHERE name = ?"
            (self._type_numbers[name],) = self._connection.execute(query, (name,)).fetchone()
        return self._type_numbers[name]

    def held(self, item: int) -> Held:
        query = "SELECT state, versions, now, past FROM items WHERE item = ?"
        with guarded():
            row = self._connection.execute(query, (item,)).fetchone()
            return Held(State(row[0]), row[1], unpacked(row[2]), unpacked(row[3]))

    def keys(self, wanted: Iterable[Key]) -> set[int]:
        """Numbers of keys, which are made where they are new."""
        if len(self._keys) > _KNOWN_KEYS:
            self._keys.clear()
        with guarded():
            return {self._key(key) for key in wanted}

    def _key(self, key: Key) -> int:
        hashed = self._index.hash_of(key.kind, key.value)
        if (number := self._keys.get(hashed)) is not None:
            return number
        query = "SELECT key FROM keys WHERE hash = ?"
        row = self._connection.execute(query, (hashed,)).fetchone()
        number = self._make(key, hashed) if row is None else int(row[0])
        self._keys[hashed] = number
        return number

    def _make(self, key: Key, hashed: int) -> int:
        what = REFERENCE if key.text is None else TEXT if key.kind else NAME
        number = self._next_key << 2 | what
        self._next_key += 1
        self._connection.execute("INSERT INTO keys VALUES (?, ?)", (hashed, number))
        if key.text is not None:
            row = (number, key.text)
            self._connection.execute("INSERT INTO texts VALUES (?, ?)", row)
            self._connection.execute("INSERT INTO grams (rowid, text) VALUES (?, ?)", row)
            self._pieces.learn(number, key.text)
        return number

    def save(
        self,
        item: int,
        type: str,
        before: Held,
        after: Held,
        *,
        mark: int,
        ways: Iterable[int],
    ) -> None:
        """`ways` are the numbers of the items that this one refers to now."""
        with guarded():
            type_number = self._type_number(type)
            now, past = (set(before.now), set(after.now)), (set(before.past), set(after.past))
            self._note(item, type_number, now[1] - now[0], _ADD_NOW)
            self._note(item, type_number, now[0] - now[1], _DROP_NOW)
            self._note(item, type_number, past[1] - past[0], _ADD_PAST)
            self._note(item, type_number, past[0] - past[1], _DROP_PAST)
            self._pieces.change(item, type_number, before[2:], after[2:])
            self._connection.execute(
                "UPDATE items SET state = ?, mark = ?, versions = ?, now = ?, past = ?"
                " WHERE item = ?",
                (after.state, mark, after.versions, *map(_packed, after[2:]), item),
            )
            self._connection.execute("DELETE FROM ways WHERE source = ?", (item,))
            rows = [(target, item, type_number) for target in ways]
            self._connection.executemany("INSERT OR IGNORE INTO ways VALUES (?, ?, ?)", rows)
            if self._waiting > _PENDING:
                self._flush()

    def _note(self, item: int, type: int, keys: set[int], what: int) -> None:
        for key in keys:
            self._pending[key, type].append(item * 4 + what)
        self._waiting += len(keys)

    def _flush(self) -> None:
        for (key, type), changes in sorted(self._pending.items()):
            if not self._change(key, type, changes):
                self._unused.add(key)
        self._pending.clear()
        self._waiting = 0

    def _change(self, key: int, type: int, changes: list[int]) -> bool:
        """Whether anything is left."""
        query = "SELECT now, past FROM postings WHERE key = ? AND type = ?"
        row = self._connection.execute(query, (key, type)).fetchone()
        now, past = (b"", b"") if row is None else row
        wanted: Mapping[int, list[int]] = {
            what: [change >> 2 for change in changes if change & 3 == what] for what in range(4)
        }
        now = _changed(now, wanted[_ADD_NOW], wanted[_DROP_NOW])
        past = _changed(past, wanted[_ADD_PAST], wanted[_DROP_PAST])
        if not now and not past:
            self._connection.execute("DELETE FROM postings WHERE key = ? AND type = ?", (key, type))
            return False
        self._connection.execute(
            "INSERT OR REPLACE INTO postings VALUES (?, ?, ?, ?, ?)",
            (key, type, now, past, posting_sum(now, past)),
        )
        return True

    def finish(self, notes: Mapping[str, str]) -> None:
        """Removes what nothing has any more, and keeps the notes."""
        with guarded():
            self._flush()
            self._connection.execute(
                "DELETE FROM items WHERE state = 0 AND item NOT IN (SELECT target FROM ways)"
            )
            self._drop_unused()
            self._pieces.finish()
            for key, value in (*notes.items(), ("next key", str(self._next_key))):
                self._index.note(key, value)

    def _drop_unused(self) -> None:
        """What stood only in versions that are no more is not kept here either."""
        query = "SELECT 1 FROM postings WHERE key = ? LIMIT 1"
        execute = self._connection.execute
        gone = [key for key in self._unused if execute(query, (key,)).fetchone() is None]
        for key in gone:
            if row := execute("SELECT text FROM texts WHERE key = ?", (key,)).fetchone():
                execute(
                    "INSERT INTO grams (grams, rowid, text) VALUES ('delete', ?, ?)",
                    (key, *row),
                )
                execute("DELETE FROM texts WHERE key = ?", (key,))
        if gone:
            wanted = json.dumps(gone)
            execute("DELETE FROM keys WHERE key IN (SELECT value FROM json_each(?))", (wanted,))
            execute("INSERT INTO grams (grams) VALUES ('optimize')")  # else trigrams stay behind


def _packed(values: Numbers) -> bytes:
    return values.tobytes()


def _changed(data: bytes, added: list[int], dropped: list[int]) -> bytes:
    if dropped:
        gone = set(dropped)
        data = numbers(each for each in unpacked(data) if each not in gone).tobytes()
    return data + numbers(added).tobytes() if added else data
