"""All that a vault says, as rows, without the bodies: told, held against another, read in.

A vault without its bodies is an outline. Bodies and dictionaries go by their SHA-256: where they
are kept meanwhile, and how they come back, is up to whoever keeps them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import batched
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import quote

import msgspec
import zstandard

from lookervault.decoding import decodable
from lookervault.errors import DamagedError
from lookervault.storage import dictionaries, file, gc, objects
from lookervault.storage import forget as forgetting
from lookervault.storage.connections import open_reader
from lookervault.storage.failures import explaining
from lookervault.storage.retention import Choice
from lookervault.storage.rows import Table, tables
from lookervault.storage.runs import RunRow, run_row
from lookervault.storage.runs import read_all as read_runs

OBJECTS, DICTIONARIES = "objects", "dictionaries"
_COPIES = "dictionary_copies"
"""Made anew with the dictionaries."""
_DATA = "data"
_ROWS_AT_ONCE = 1_000
_CHUNK = 16
"""Objects that one query asks for."""
_DATA_OF = f"""SELECT id, sha256, size, dictionary, data, sum FROM objects
WHERE id IN ({", ".join("?" * _CHUNK)})"""  # noqa: S608  marks


@decodable
class Change(msgspec.Struct, frozen=True, array_like=True):
    """Rows of a table that are new or other, and keys of those that are gone.

    Values are what SQLite has: int, float, str, bytes or None.
    """

    table: str
    rows: list[list[Any]]
    gone: list[list[Any]]


class ForgottenRun(msgspec.Struct, frozen=True, array_like=True):
    """A run that is to be forgotten, told from others of its number by when it began; `at` is when
    that was decided. Both are in seconds since 1970.
    """

    run: int
    started: float
    at: float


class Blob(NamedTuple):
    """What is kept beside the rows: a body, compressed with a dictionary or none, or a dictionary.

    `id` is the row's number, `size` that of the body in bytes, `dictionary` the SHA-256 of the one
    that its data is compressed with.
    """

    table: str
    id: int
    sha256: bytes
    size: int
    dictionary: bytes | None


class Outliner:
    """A vault as it was when this was opened, whatever is written meanwhile. For one thread."""

    def __init__(self, vault: Path, base: Path | None = None) -> None:
        """`base` is another vault, or an outline, that changes are told against."""
        file.check_header(vault)
        self._vault = vault
        self._with_base = base is not None
        with explaining(vault):
            self._connection = open_reader(vault)
            if base is not None:
                self._connection.execute(f"ATTACH 'file:{quote(str(base))}?mode=ro' AS base")
            self._connection.execute("BEGIN")
            self._connection.execute("SELECT count(*) FROM meta").fetchone()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def changes(self) -> Iterator[Change]:
        """What makes this vault's rows of those of the base; without one, all rows."""
        with explaining(self._vault):
            for table in tables().values():
                if table.name != _COPIES:
                    yield from self._of_table(table)

    def _of_table(self, table: Table) -> Iterator[Change]:
        key = table.columns[: table.key]
        same_key = " AND ".join(f"b.{c} = n.{c}" for c in key)
        same = " AND ".join(f"b.{c} IS n.{c}" for c in table.columns if c != _DATA)
        found = ", ".join("x''" if c == _DATA else f"n.{c}" for c in table.columns)
        query = f"SELECT {found} FROM {table.name} n"  # noqa: S608  names of our schema
        if self._with_base:
            query += f" WHERE NOT EXISTS (SELECT 1 FROM base.{table.name} b WHERE {same})"  # noqa: S608  the same
        rows = self._connection.execute(f"{query} ORDER BY {', '.join(f'n.{c}' for c in key)}")
        for some in batched(rows, _ROWS_AT_ONCE, strict=False):
            yield Change(table.name, [list(row) for row in some], [])
        if self._with_base:
            gone = ", ".join(f"b.{c}" for c in key)
            keys = self._connection.execute(
                f"SELECT {gone} FROM base.{table.name} b"  # noqa: S608  names of our schema
                f" WHERE NOT EXISTS (SELECT 1 FROM {table.name} n WHERE {same_key}) ORDER BY {gone}"
            )
            for some in batched(keys, _ROWS_AT_ONCE, strict=False):
                yield Change(table.name, [], [list(one) for one in some])

    def runs(self) -> list[RunRow]:
        with explaining(self._vault):
            return read_runs(self._connection)

    def blobs(self) -> Iterator[Blob]:
        """Dictionaries first, each kind in the order of its table."""
        digest_of: dict[int | None, bytes] = {}
        with explaining(self._vault):
            query = "SELECT id, sha256 FROM dictionaries ORDER BY id"
            for id, digest in self._connection.execute(query):
                digest_of[id] = digest
                yield Blob(DICTIONARIES, id, digest, 0, None)
            query = "SELECT id, sha256, size, dictionary FROM objects ORDER BY id"
            for id, digest, size, dictionary in self._connection.execute(query):
                yield Blob(OBJECTS, id, digest, size, digest_of.get(dictionary))

    def items_of(self, digests: Collection[bytes]) -> Iterator[tuple[str, str, str | None]]:
        """Type, id and name of items of which any version has a body with one of these SHA-256s, or
        one that is compressed with such a dictionary.
        """
        query = """SELECT DISTINCT t.name, v.id, v.name, o.sha256, d.sha256 FROM versions v
            JOIN types t ON t.id = v.type JOIN objects o ON o.id = v.object
            LEFT JOIN dictionaries d ON d.id = o.dictionary ORDER BY t.name, v.id, v.first_run"""
        with explaining(self._vault):
            for type, id, name, *of in self._connection.execute(query):
                if any(digest in digests for digest in of):
                    yield type, id, name

    def sizes(self) -> dict[tuple[str, int], int]:
        """Bytes of the data, by table and number; of dictionaries about."""
        with explaining(self._vault):
            return {
                (table, id): size
                for table, id, size in self._connection.execute(
                    "SELECT 'objects', id, length(data) FROM objects"
                    " UNION ALL SELECT 'dictionaries', id, length(data) FROM dictionaries"
                )
            }

    def content_as_of(self, run: int) -> tuple[int, int]:
        """How many items there are as of a run, and how many bytes their bodies, as they came."""
        query = """SELECT count(*), coalesce(sum(o.size), 0)
            FROM versions v JOIN objects o ON o.id = v.object
            WHERE v.first_run <= :run AND (v.end_run IS NULL OR v.end_run > :run)"""
        with explaining(self._vault):
            items, size = self._connection.execute(query, {"run": run}).fetchone()
        return int(items), int(size)

    def data(self, blob: Blob) -> bytes:
        """A zstd frame. Raises `DamagedError` where the row is not what was written."""
        return next(self.data_of([blob]))

    def data_of(self, blobs: Iterable[Blob]) -> Iterator[bytes]:
        """As `data`, of each of them."""
        with explaining(self._vault):
            for chunk in batched(blobs, _CHUNK, strict=False):
                rows = self._objects([blob.id for blob in chunk if blob.table == OBJECTS])
                for blob in chunk:
                    if blob.table == DICTIONARIES:
                        yield dictionaries.read_frame(self._connection, blob.id)
                    else:
                        yield self._checked(blob.id, rows[blob.id])

    def _objects(self, ids: list[int]) -> dict[int, list[Any]]:
        asked = ids + ids[-1:] * (_CHUNK - len(ids))  # one statement for every length
        rows = self._connection.execute(_DATA_OF, asked) if ids else ()
        return {id: row for id, *row in rows}

    def _checked(self, id: int, row: Sequence[Any]) -> bytes:
        *covered, written = row
        if objects.object_sum(*covered) != written:
            raise DamagedError(
                f"Object {id} of the vault {self._vault} is damaged.",
                hint="`lookervault verify` tells what else is, and what can be done.",
            )
        return bytes(row[3])


class Builder:
    """Makes a vault of rows, and of data that comes later; for one thread.

    `vault` must not be there. Until `finish`, it is a draft that no command takes for a vault; what
    is left of one is removed.
    """

    def __init__(self, vault: Path) -> None:
        self._vault = vault
        self._draft = vault.with_name(f"{vault.name}.draft")
        file.remove(self._draft)
        file.make(self._draft)
        with explaining(vault):
            self._connection = sqlite3.connect(self._draft, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode = OFF")
            self._connection.execute("PRAGMA synchronous = OFF")
            self._connection.execute("PRAGMA temp_store = MEMORY")
            self._connection.execute("BEGIN")
            # a row is put in its place once, with its data: one that grew would leave gaps
            for name in (OBJECTS, DICTIONARIES):
                query = f"CREATE TEMP TABLE {name} AS SELECT * FROM main.{name}"  # noqa: S608  ours
                self._connection.execute(query)
                self._connection.execute(f"CREATE UNIQUE INDEX temp.{name}_by_id ON {name} (id)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        file.remove(self._draft)

    def apply(self, change: Change) -> None:
        """In the order in which they were told. Raises `DamagedError` where one does not fit."""
        table = tables().get(change.table)
        if table is None or table.name == _COPIES:
            raise DamagedError(
                f"The rows name a table {change.table!r}, which no vault has.",
                hint="Update LookerVault; else the rows are damaged.",
            )
        marks = ", ".join("?" * len(table.columns))
        key = " AND ".join(f"{c} = ?" for c in table.columns[: table.key])
        delete = f"DELETE FROM {table.name} WHERE {key}"  # noqa: S608  names of our schema
        insert = f"INSERT OR REPLACE INTO {table.name} VALUES ({marks})"  # noqa: S608  the same
        try:
            with explaining(self._vault):
                self._connection.executemany(delete, change.gone)
                self._connection.executemany(insert, change.rows)
        except (sqlite3.ProgrammingError, OverflowError) as error:  # too few values, or of no type
            raise DamagedError(f"The rows do not fit the table {table.name}: {error}.") from None

    def forget(self, runs: Collection[ForgottenRun]) -> None:
        """Those of them that are in it, but its newest, and what nothing needs then: before any
        data comes. Raises `DamagedError` as `storage.forget.forget` does.
        """
        when = {(one.run, one.started): one.at for one in runs}
        with explaining(self._vault):
            rows = read_runs(self._connection)
            gone = {row.run for row in rows[:-1] if (row.run, row.started) in when}
            if not gone:
                return
            forgetting.within(
                self._connection,
                lambda rows: [Choice(row, [] if row.run in gone else ["kept"]) for row in rows],
                when=lambda row: when[row.run, row.started],
            )
            gc.collect(self._connection)

    def lacking(self) -> list[Blob]:
        """Whose data is not there yet, as `Outliner.blobs` tells them."""
        with explaining(self._vault):
            digest_of: dict[int, bytes] = dict(
                self._connection.execute("SELECT id, sha256 FROM temp.dictionaries ORDER BY id")
            )
            found = [Blob(DICTIONARIES, id, digest, 0, None) for id, digest in digest_of.items()]
            query = "SELECT id, sha256, size, dictionary FROM temp.objects ORDER BY id"
            found += [
                Blob(OBJECTS, id, digest, size, digest_of.get(dictionary))
                for id, digest, size, dictionary in self._connection.execute(query)
            ]
        return found

    def fill(self, blob: Blob, data: bytes) -> None:
        """The data may be compressed with no dictionary where the row has one: `blob` says so."""
        with explaining(self._vault):
            if blob.table == DICTIONARIES:
                self._connection.execute(
                    "INSERT INTO main.dictionaries SELECT id, type, sha256, ?"
                    " FROM temp.dictionaries WHERE id = ?",
                    (data, blob.id),
                )
                return
            query = "SELECT sha256, size, dictionary FROM temp.objects WHERE id = ?"
            digest, size, dictionary = self._connection.execute(query, (blob.id,)).fetchone()
            dictionary = None if blob.dictionary is None else dictionary
            covered = objects.object_sum(digest, size, dictionary, data)
            row = (blob.id, digest, size, dictionary, data, covered)
            self._connection.execute("INSERT INTO main.objects VALUES (?, ?, ?, ?, ?, ?)", row)

    def finish(self) -> None:
        """To the disk, and under its name."""
        with explaining(self._vault):
            for name in (OBJECTS, DICTIONARIES):
                rest = f"WHERE id NOT IN (SELECT id FROM main.{name})"  # noqa: S608  ours
                query = f"INSERT INTO main.{name} SELECT * FROM temp.{name} {rest}"  # noqa: S608  ours
                self._connection.execute(query)
            self._connection.execute(
                "INSERT INTO dictionary_copies SELECT * FROM main.dictionaries"
            )
            self._connection.execute("COMMIT")
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.close()
            file.sync(self._draft)
            self._draft.rename(self._vault)


def run_rows(changes: Iterable[Change]) -> list[RunRow]:
    """The runs that changes come to, in their order."""
    columns = tables()["runs"].columns
    found = []
    for change in merged(one for one in changes if one.table == "runs"):
        for row in change.rows:
            told = dict(zip(columns, row, strict=True))
            found.append(run_row(tuple(told[name] for name in RunRow.__struct_fields__)))
    return sorted(found, key=lambda row: row.run)


def merged(changes: Iterable[Change]) -> list[Change]:
    """What one change after the other comes to, in the order of `Outliner.changes`."""
    last: dict[str, dict[tuple[Any, ...], list[Any] | None]] = {}
    for change in changes:
        of_table = last.setdefault(change.table, {})
        key = tables()[change.table].key
        of_table.update((tuple(one), None) for one in change.gone)
        of_table.update((tuple(row[:key]), row) for row in change.rows)
    return [
        Change(
            name,
            [row for _, row in sorted(last[name].items()) if row is not None],
            [list(key) for key, row in sorted(last[name].items()) if row is None],
        )
        for name in tables()
        if name in last
    ]


def decoded(data: bytes, dictionary: bytes | None, largest: int) -> bytes:
    """What a frame holds, which is at most so many bytes. Raises `DamagedError`."""
    of = None if dictionary is None else zstandard.ZstdCompressionDict(dictionary)
    try:
        with closing(zstandard.ZstdDecompressor(dict_data=of).stream_reader(data)) as reader:
            found = reader.read(largest + 1)
    except zstandard.ZstdError as error:
        raise DamagedError(f"What is stored is no zstd frame: {error}.") from None
    if len(found) > largest:
        raise DamagedError("What is stored is larger than it says.")
    return found


def encoded(data: bytes, level: int) -> bytes:
    return zstandard.ZstdCompressor(level=level).compress(data)
