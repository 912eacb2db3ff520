"""Mends what can be mended in a vault, and says what cannot.

Nothing is guessed: a row is put right where its sum then proves it, a body where Looker still has
the item with the same content hash. The damaged file is kept aside first.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from lookervault.content.items import ItemReader
from lookervault.content.model import Answer, Item
from lookervault.content.registry import TYPES
from lookervault.errors import BadAnswerError, DamagedError
from lookervault.storage import dictionaries, objects, schema, verify_file
from lookervault.storage.aside import keep_aside, naming
from lookervault.storage.connections import open_reader, open_writer
from lookervault.storage.failures import explaining
from lookervault.storage.findings import NO_SUCH_VALUE, Finding, Report
from lookervault.storage.lock import ProcessLock
from lookervault.storage.objects import Bodies
from lookervault.storage.versions import VERSION_COLUMNS, Version, told_by

_NO_SPACE = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE)

OF_ITEMS = ("object", "item", "identity", "hash")
"""Kinds of findings that concern one version of an item."""

type Fetch = Callable[[str, str, bool], Item | None]
"""A type, an id and whether it is in the trash: the item as Looker has it now, if it does."""


class Lost(msgspec.Struct, frozen=True):
    """A version that stays damaged. `run` is its first, `last_whole` the last run before it that
    has the item whole, if any.
    """

    type: str
    id: str
    run: int
    last_whole: int | None


class Repaired(msgspec.Struct, frozen=True):
    kept_aside: Path
    mended: list[str]
    """What was put right, in words."""


def repair(path: Path, report: Report, fetch: Fetch, *, now: float) -> Repaired:
    """Mends what the report names.

    Raises `VaultError` where another process writes the vault, or the disk is full.

    Where the file's own structure is damaged, nothing is written to it: `salvage` helps there.
    """
    lock = ProcessLock(path, now=now)
    try:
        copy = keep_aside(path, now)
        with (
            naming(copy),
            explaining(path),
            closing(open_writer(path)) as connection,
        ):
            mended = list(_mend(path, connection, report, fetch))
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return Repaired(copy, mended)
    finally:
        lock.release()


def _mend(
    path: Path, connection: sqlite3.Connection, report: Report, fetch: Fetch
) -> Iterator[str]:
    if any(finding.kind == "structure" for finding in report.findings):
        if not _made_anew(path, connection):
            return
        yield "the indexes"
    if any(finding.kind in ("file", "header", "schema") for finding in report.findings):
        return
    connection.execute("BEGIN IMMEDIATE")
    yield from _mend_rows(connection)
    items = _Items(connection, fetch)
    for _, findings in groupby(sorted(_versions_in(report), key=_after), key=_after):
        connection.execute("COMMIT")  # the types that others are listed by can be read from here on
        connection.execute("BEGIN IMMEDIATE")
        for finding in findings:
            if how := items.mend(finding):
                yield f"{finding.type} {finding.id}: {how}"
    items.remove_replaced()
    connection.execute("COMMIT")


def _after(finding: Finding) -> int:
    """How many types must be there before this one can be asked for."""
    return _depth(finding.type or "")


def _depth(name: str) -> int:
    needed = TYPES[name].after if name in TYPES else ()
    return max((_depth(one) + 1 for one in needed), default=0)


def _made_anew(path: Path, connection: sqlite3.Connection) -> bool:
    """Whether the indexes were all that was wrong with the file's structure."""
    try:
        connection.execute("REINDEX")
    except (sqlite3.DatabaseError, UnicodeError) as error:
        if getattr(error, "sqlite_errorcode", None) in _NO_SPACE:
            raise
        return False  # the tables themselves cannot be read
    return not verify_file.structure_faults(path)


def _versions_in(report: Report) -> Iterable[Finding]:
    """One finding for each damaged version."""
    named = {
        (one.type, one.id, one.run): one
        for one in report.findings
        if one.kind in OF_ITEMS and one.run is not None
    }
    return named.values()


def _mend_rows(connection: sqlite3.Connection) -> Iterator[str]:
    """Those that are kept twice, or whose sum tells which of few values they had."""
    yield from _mend_dictionaries(connection)
    for number, name, written in connection.execute("SELECT id, name, sum FROM types").fetchall():
        for known in TYPES:
            if known != name and schema.row_sum((known,)) == written:
                update = "UPDATE types SET name = ? WHERE id = ?"
                connection.execute(update, (known, number))
                yield f"the name of the type {known}"
    query = "SELECT instance FROM runs WHERE seal IS NOT NULL ORDER BY run DESC"
    known_instances = [row[0] for row in connection.execute(query)]
    for key, value, written in connection.execute("SELECT key, value, sum FROM meta").fetchall():
        for instance in dict.fromkeys(known_instances):
            if value != instance and schema.row_sum((key, instance)) == written:
                schema.set_meta(connection, key, instance)
                yield f"the note of the vault's {key}"


def _mend_dictionaries(connection: sqlite3.Connection) -> Iterator[str]:
    tables = ("dictionaries", "dictionary_copies")
    rows: dict[str, dict[int, tuple[Any, ...]]] = {
        table: {
            row[0]: row
            for row in connection.execute(f"SELECT id, type, sha256, data FROM {table}")  # noqa: S608  one of two constants
        }
        for table in tables
    }
    for table, other in (tables, tables[::-1]):
        for number, row in rows[other].items():
            mine = rows[table].get(number)
            if mine != row and dictionaries.unpacked(row[2], row[3]):
                if mine is not None and dictionaries.unpacked(mine[2], mine[3]):
                    continue  # both are whole: nothing tells which of them is right
                replace = f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?, ?)"  # noqa: S608  one of two constants
                connection.execute(replace, row)
                yield f"dictionary {number} in {table}"


_ROW = f"""
SELECT {VERSION_COLUMNS}, v.sum FROM versions v
WHERE v.type = ? AND v.id = ? AND v.first_run = ?
"""  # noqa: S608  names of columns
_MARKS = ", ".join("?" * (len(Version.__struct_fields__) + 1))


class _Items:
    """Mends versions of items, one at a time, in the transaction that its caller began."""

    def __init__(self, connection: sqlite3.Connection, fetch: Fetch) -> None:
        self._connection = connection
        self._fetch = fetch
        self._bodies = Bodies()
        self._names = {
            name: number for number, name in connection.execute("SELECT id, name FROM types")
        }
        self._runs = [run for (run,) in connection.execute("SELECT run FROM runs ORDER BY run")]
        self._replaced: set[int] = set()

    def mend(self, finding: Finding) -> str:
        """How it was mended; nothing where it was not."""
        number = self._names.get(finding.type or "")
        key = (number, finding.id, finding.run)
        row = self._connection.execute(_ROW, key).fetchone()
        if row is None or finding.type not in TYPES:
            return ""
        *columns, written = row
        try:
            version = msgspec.convert(columns, Version)
        except NO_SUCH_VALUE:
            return ""
        here = self._from_here(finding.type, version, written)
        return here or self._from_looker(finding.type, version, written)

    # From what is in the vault.

    def _from_here(self, type_name: str, version: Version, written: int) -> str:
        """The body is whole, and one column of the item's row, or the object's row, is not."""
        query = "SELECT sha256, size, dictionary, data FROM objects WHERE id = ?"
        found = self._connection.execute(query, (version.object,)).fetchone()
        body = None if found is None else self._body(found[2], found[3])
        if body is None:
            return ""
        digest = sha256(body).digest()
        item = _read_again(type_name, version.id, body)
        for candidate in _candidates(version, item, self._runs):
            if candidate.sum(type_name, digest) == written:
                self._write_object(version.object, digest, body, found[2], found[3])
                self._replace(version, candidate, type_name, digest)
                return "its row was put right, as its sum proves"
        return ""

    def _body(self, dictionary: object, data: object) -> bytes | None:
        """Whatever the frame holds: whether it is the body is proven by the sum of the row."""
        if not isinstance(dictionary, int | None) or not isinstance(data, bytes):
            return None
        try:
            self._bodies.make_ready(self._connection, dictionary)
            return self._bodies.unpack("", dictionary, data)
        except DamagedError:
            return None

    def _write_object(
        self, number: int, digest: bytes, body: bytes, dictionary: int | None, data: bytes
    ) -> None:
        covered = objects.object_sum(digest, len(body), dictionary, data)
        self._connection.execute(
            "UPDATE OR REPLACE objects SET sha256 = ?, size = ?, dictionary = ?, data = ?, sum = ?"
            " WHERE id = ?",
            (digest, len(body), dictionary, data, covered, number),
        )

    # From Looker.

    def _from_looker(self, type_name: str, version: Version, written: int) -> str:
        item = self._fetch(type_name, version.id, bool(version.trashed))
        if item is None or not _same_state(item, version):
            return ""
        digest = sha256(item.body).digest()
        self._replaced.add(version.object)
        object_id = self._store(type_name, item)
        self._replaced.discard(object_id)
        was = self._connection.execute(
            "SELECT sha256 FROM objects WHERE id = ?", (version.object,)
        ).fetchone()
        proven = [digest, *(row[0] for row in [was] if row is not None)]
        if any(version.sum(type_name, one) == written for one in proven):
            candidate = msgspec.structs.replace(version, object=object_id)
        else:
            candidate = _renewed(version, item, object_id)
        self._replace(version, candidate, type_name, digest)
        return "fetched again from Looker, with the same content"

    def _store(self, type_name: str, item: Item) -> int:
        """The item's object, anew; one with the same hash may be there, and be the damaged one."""
        codec = dictionaries.newest_codec(self._connection, self._names[type_name])
        packed = objects.pack([item], lambda _, __: codec or dictionaries.PLAIN)
        one = packed.types[type_name][item.id]
        query = "SELECT id FROM objects WHERE sha256 = ?"
        if (there := self._connection.execute(query, (one.sha256,)).fetchone()) is not None:
            self._write_object(there[0], one.sha256, item.body, one.dictionary, one.data)
            return int(there[0])
        ids, _ = objects.insert(self._connection, [one])
        return ids[one.sha256]

    def _replace(self, old: Version, new: Version, type_name: str, digest: bytes) -> None:
        self._connection.execute(
            "DELETE FROM versions WHERE type = ? AND id = ? AND first_run = ?",
            (old.type, old.id, old.first_run),
        )
        self._connection.execute(
            f"INSERT OR REPLACE INTO versions VALUES ({_MARKS})",  # noqa: S608  marks
            new.row(type_name, digest),
        )

    def remove_replaced(self) -> None:
        """Damaged objects that no version refers to any more."""
        for (number,) in self._connection.execute("SELECT object FROM versions"):
            self._replaced.discard(number)
        self._connection.executemany(
            "DELETE FROM objects WHERE id = ?", [(number,) for number in self._replaced]
        )


def _same_state(item: Item, version: Version) -> bool:
    return (item.hash, item.raw_hashed, item.trashed) == (
        version.hash,
        bool(version.raw_hashed),
        bool(version.trashed),
    )


def _read_again(type_name: str, id: str, body: bytes) -> Item | None:
    content_type = TYPES[type_name]
    asked_for = None if content_type.key is not None else id
    try:
        return ItemReader(content_type).read(Answer(body, asked_for), body)
    except BadAnswerError:
        return None


def _candidates(version: Version, item: Item | None, runs: list[int]) -> Iterator[Version]:
    """The row as it is, and with one column as it may have been."""
    replace = msgspec.structs.replace
    yield version
    for run in runs:
        yield replace(version, first_run=run)
    for end in (None, *runs):
        yield replace(version, end_run=end)
    yield replace(version, redacted=None)
    if item is not None:
        for name, value in told_by(item).items():
            yield replace(version, **{name: value})


def _renewed(version: Version, item: Item, object_id: int) -> Version:
    return msgspec.structs.replace(version, object=object_id, **told_by(item))


# What stays damaged.


def lost(path: Path, report: Report) -> list[Lost]:
    """The damaged versions that a report names, after what could be mended was."""
    damaged = list(_versions_in(report))
    bad = {(one.type, one.id, one.run) for one in damaged}
    with explaining(path), closing(open_reader(path)) as connection:
        return [
            Lost(
                type=one.type or "",
                id=one.id or "",
                run=one.run or 0,
                last_whole=_last_whole(connection, one, bad),
            )
            for one in damaged
        ]


def _last_whole(
    connection: sqlite3.Connection, one: Finding, bad: set[tuple[Any, ...]]
) -> int | None:
    rows = connection.execute(
        """SELECT v.first_run, (SELECT max(r.run) FROM runs r WHERE r.run < v.end_run)
        FROM versions v JOIN types t ON t.id = v.type
        WHERE t.name = ? AND v.id = ? AND v.first_run < ? AND v.end_run > v.first_run
        ORDER BY v.first_run DESC""",
        (one.type, one.id, one.run),
    )
    return next((last for first, last in rows if (one.type, one.id, first) not in bad), None)
