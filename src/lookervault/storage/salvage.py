"""What is whole in a badly damaged vault, brought into a new one.

A body is kept where its hash proves it, an item where its sum proves its row and its body was
kept. Runs are kept to tell when things were seen, but none of them is complete any more.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from lookervault.content.registry import TYPES
from lookervault.errors import DamagedError, UsageError, VaultError
from lookervault.storage import certificates, dictionaries, early, file, runs, schema
from lookervault.storage.connections import open_writer
from lookervault.storage.failures import explaining
from lookervault.storage.findings import NO_SUCH_VALUE, Watch, unwatched
from lookervault.storage.lock import ProcessLock
from lookervault.storage.objects import Bodies, object_sum
from lookervault.storage.rows import Row, Rows, tables
from lookervault.storage.runs import RunRow, TypeResult
from lookervault.storage.versions import Version, overlap

STATUS = "salvaged"
_REASON = "salvaged from a damaged vault"
_TRANSACTION = 1000
"""Rows that are written at once."""


class Loss(msgspec.Struct, frozen=True, order=True):
    """A version that could be named but not kept. `run` is its first."""

    type: str
    id: str
    run: int
    reason: str


class Salvaged(msgspec.Struct, kw_only=True):
    """`unnamed`: items of the newest run with such a count, by type, that are not even named."""

    kept: Counter[str]
    lost: list[Loss]
    unnamed: dict[str, int]


def salvage(old: Path, new: Path, *, now: float, watch: Watch = unwatched) -> Salvaged:
    """Reads `old`, which stays as it is, and makes `new`.

    Raises `UsageError` where `new` is there already, `VaultError` where `old` is not, and
    `DamagedError` where nothing of it is left.
    """
    if new.exists():
        raise UsageError(f"{new} is there already.", hint="Name a file that is not.")
    if not old.is_file():
        raise VaultError(f"There is no vault at {old}.", hint="Name the damaged file.")
    early.check_sums(old)
    lock = ProcessLock(new, now=now)
    try:
        with closing(Rows(old)) as rows:
            return _into_new(rows, old, new, watch)
    finally:
        lock.release()


def _into_new(rows: Rows, old: Path, new: Path, watch: Watch) -> Salvaged:
    """Half of a vault is not left behind."""
    file.make(new)
    try:
        with explaining(new), closing(open_writer(new)) as connection:
            salvaged = _Salvage(rows, connection, watch).run()
            _check_something_is_left(salvaged, old, new)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except BaseException:
        file.remove(new)
        raise
    return salvaged


def _check_something_is_left(salvaged: Salvaged, old: Path, new: Path) -> None:
    if not salvaged.kept.total():
        raise DamagedError(
            f"Nothing of a vault is left in {old}, so {new} was not made.",
            hint="Is it the right file? Otherwise restore it from a copy.",
        )


class _Salvage:
    def __init__(self, rows: Rows, connection: sqlite3.Connection, watch: Watch) -> None:
        self._rows = rows
        self._new = connection
        self._watch = watch
        self._bodies = Bodies()
        self._names: dict[int, str] = {}
        self._kept: Counter[str] = Counter()
        self._lost: set[Loss] = set()
        self._inserts = {
            table.name: f"INSERT OR IGNORE INTO {table.name} VALUES"  # noqa: S608  names of our schema
            f" ({', '.join('?' * len(table.columns))})"
            for table in tables().values()
        }

    def run(self) -> Salvaged:
        self._new.execute("BEGIN")
        for name, take in (
            ("meta", self._take_note),
            ("types", self._take_type),
            ("dictionaries", self._take_dictionary),
            ("dictionary_copies", self._take_dictionary),
            ("objects", self._take_object),
            ("versions", self._take_version),
            ("runs", self._take_run),
            ("run_types", self._take_type_result),
            ("missing", self._take_missing),
            ("proofs", self._take_proof),
            ("usage", self._take_usage),
            ("months", self._take_month),
            ("forgotten", self._take_forgotten),
        ):
            self._rows.of(name, take)
        self._end_overlapping()
        self._add_lost_runs()
        self._seal()
        unnamed = self._unnamed()
        self._new.execute("COMMIT")
        kept = self._kept_versions()
        lost = sorted(one for one in self._lost if (one.type, one.id, one.run) not in kept)
        return Salvaged(kept=self._kept, lost=lost, unnamed=unnamed)

    def _insert(self, table: str, row: tuple[Any, ...]) -> bool:
        self._new.execute(self._inserts[table], row)
        self._kept[table] += 1
        if self._kept[table] % _TRANSACTION == 0:
            self._new.execute("COMMIT")
            self._new.execute("PRAGMA wal_checkpoint").fetchall()
            self._new.execute("BEGIN")
            self._watch(table, self._kept[table], self._kept[table])
        return True

    # Rows that serve others.

    def _take_note(self, row: Row) -> bool:
        plausible = isinstance(row[0], str) and isinstance(row[1], str)
        return plausible and _has_sum(row, *row[:2]) and self._insert("meta", row)

    def _take_type(self, row: Row) -> bool:
        number, name, _ = row
        if not isinstance(name, str) or not _has_sum(row, name):
            return False
        self._names[number] = name
        return self._insert("types", row)

    def _take_dictionary(self, row: Row) -> bool:
        """Into both places, from whichever has it whole."""
        if dictionaries.unpacked(row[2], row[3]) is None:
            return False
        return self._insert("dictionaries", row) and self._insert("dictionary_copies", row)

    # Bodies and items.

    def _take_object(self, row: Row) -> bool:
        try:
            number, digest, size, dictionary, data, _ = msgspec.convert(
                row, tuple[int, bytes, int, int | None, bytes, Any]
            )
            self._bodies.restore(self._new, "", (digest, size, dictionary, data))
        except (DamagedError, *NO_SUCH_VALUE):
            return False
        written = object_sum(digest, size, dictionary, data)
        return self._insert("objects", (number, digest, size, dictionary, data, written))

    def _take_version(self, row: Row) -> bool:
        try:
            version = msgspec.convert(row[:-1], Version)
        except NO_SUCH_VALUE:
            return False
        query = "SELECT sha256 FROM objects WHERE id = ?"
        found = self._new.execute(query, (version.object,)).fetchone()
        name = self._names.get(version.type, "")
        if found is None:
            if name:
                self._lose(name, version, "its body is damaged or gone")
            return False
        name = self._name_of(version, found[0], row[-1]) or ""
        if not name:
            self._lose(self._names.get(version.type, "?"), version, "its row is damaged")
            return False
        return self._insert("versions", row)

    def _name_of(self, version: Version, digest: bytes, written: object) -> str | None:
        """The type's name, which the row's sum covers: where the name was lost, it is found so."""
        known = self._names.get(version.type)
        for name in [known] if known else TYPES:
            if _sum_of(version, name, digest) == written:
                if not known:
                    self._take_type((version.type, name, schema.row_sum((name,))))
                return name
        return None

    def _lose(self, name: str, version: Version, reason: str) -> None:
        self._lost.add(Loss(name, version.id, version.first_run, reason))

    def _kept_versions(self) -> set[tuple[str, str, int]]:
        """Of those that seemed lost."""
        query = """SELECT 1 FROM versions v JOIN types t ON t.id = v.type
            WHERE t.name = ? AND v.id = ? AND v.first_run = ?"""
        keys = ((one.type, one.id, one.run) for one in self._lost)
        return {key for key in keys if self._new.execute(query, key).fetchone() is not None}

    def _end_overlapping(self) -> None:
        """A row that was replaced and still lies on some page may be open where it has ended."""
        columns = ", ".join(Version.__struct_fields__)
        last: Version | None = None
        query = f"SELECT {columns} FROM versions ORDER BY type, id, first_run"  # noqa: S608  columns
        changed: list[tuple[Version, int]] = []
        for row in self._new.execute(query):
            version = msgspec.convert(row, Version)
            if last is not None and overlap(last, version):
                changed.append((last, version.first_run))
            last = version
        for version, end in changed:
            self._end(version, end)

    def _end(self, version: Version, run: int) -> None:
        query = "SELECT sha256 FROM objects WHERE id = ?"
        (digest,) = self._new.execute(query, (version.object,)).fetchone()
        ended = msgspec.structs.replace(version, end_run=run)
        self._new.execute(
            "UPDATE versions SET end_run = ?, sum = ? WHERE type = ? AND id = ? AND first_run = ?",
            (
                run,
                ended.sum(self._names[version.type], digest),
                version.type,
                version.id,
                version.first_run,
            ),
        )

    # Runs.

    def _take_run(self, row: Row) -> bool:
        fields = dict(zip(tables()["runs"].columns, row, strict=True))
        try:
            told = runs.run_row(tuple(fields[name] for name in RunRow.__struct_fields__))
        except (*NO_SUCH_VALUE, TypeError):
            return False
        if told.run < 1:
            return False
        finished = told.started if told.finished is None else told.finished
        return self._insert_run(fields | {"finished": finished})

    def _insert_run(self, fields: dict[str, Any]) -> bool:
        fields |= {
            "status": STATUS,
            "reasons": json.dumps([_REASON]),
            "root": None,
            "whole": 0,
            "seal": None,
        }
        return self._insert("runs", tuple(fields[name] for name in tables()["runs"].columns))

    def _take_type_result(self, row: Row) -> bool:
        names = tables()["run_types"].columns
        fields = dict(zip(names, row, strict=True))
        try:
            msgspec.convert({k: v for k, v in fields.items() if k != "run"}, TypeResult)
        except NO_SUCH_VALUE:
            return False
        if not self._has_run(fields["run"]):
            return False
        fields |= {"root": None, "status": STATUS}
        return self._insert("run_types", tuple(fields[name] for name in names))

    def _take_missing(self, row: Row) -> bool:
        plausible = isinstance(row[0], int) and all(isinstance(v, str) for v in row[1:])
        return plausible and self._has_run(row[0]) and self._insert("missing", row)

    def _take_proof(self, row: Row) -> bool:
        """As nothing proven: what the run read is not known to be what is kept."""
        plausible = isinstance(row[0], int) and isinstance(row[1], str) and self._has_run(row[0])
        return plausible and self._insert("proofs", (*row[:2], 0, 0, 0, 0, 0, None))

    def _take_usage(self, row: Row) -> bool:
        type_id, id, viewed, count = row
        plausible = type_id in self._names and isinstance(id, str)
        plausible &= isinstance(viewed, str | None) and isinstance(count, int | None)
        return plausible and self._insert("usage", row)

    def _take_month(self, row: Row) -> bool:
        plausible = isinstance(row[0], str) and isinstance(row[1], int)
        return plausible and _has_sum(row, *row[:2]) and self._insert("months", row)

    def _take_forgotten(self, row: Row) -> bool:
        plausible = isinstance(row[0], int) and isinstance(row[1], str)
        whole = plausible and _has_sum(row, *row[:2]) and not self._has_run(row[0])
        return whole and self._insert("forgotten", row)

    def _has_run(self, run: object) -> bool:
        query = "SELECT 1 FROM runs WHERE run = ?"
        return isinstance(run, int) and self._new.execute(query, (run,)).fetchone() is not None

    def _add_lost_runs(self) -> None:
        """Runs that items name and that tell nothing of themselves any more."""
        named = """SELECT first_run FROM versions UNION SELECT end_run FROM versions
            WHERE end_run IS NOT NULL EXCEPT SELECT run FROM runs EXCEPT SELECT run FROM forgotten
            ORDER BY 1"""
        for (run,) in self._new.execute(named).fetchall():
            self._insert_run(_nothing_known(run))

    def _seal(self) -> None:
        for (run,) in self._new.execute("SELECT run FROM runs ORDER BY run").fetchall():
            seal = runs.seal_of(self._new, run)
            self._new.execute("UPDATE runs SET seal = ? WHERE run = ?", (seal, run))
            certificates.issue(self._new, run, None)

    def _unnamed(self) -> dict[str, int]:
        """Against what the newest run that read a type in full says of how many there were."""
        missing: dict[str, int] = {}
        for name, run, items in self._new.execute(
            "SELECT type, max(run), items FROM run_types GROUP BY type"
        ).fetchall():
            kept = self._kept_as_of(name, run)
            lost = sum(1 for one in self._lost if one.type == name)
            if items > kept + lost:
                missing[name] = items - kept - lost
        return missing

    def _kept_as_of(self, name: str, run: int) -> int:
        query = """SELECT count(*) FROM versions v JOIN types t ON t.id = v.type
            WHERE t.name = ? AND v.first_run <= ? AND (v.end_run IS NULL OR v.end_run > ?)"""
        (kept,) = self._new.execute(query, (name, run, run)).fetchone()
        return int(kept)


def _has_sum(row: Row, *values: object) -> bool:
    try:
        return bool(schema.row_sum(values) == row[-1])
    except NO_SUCH_VALUE:
        return False


def _sum_of(version: Version, name: str, digest: bytes) -> int | None:
    try:
        return version.sum(name, digest)
    except NO_SUCH_VALUE:
        return None


def _nothing_known(run: int) -> dict[str, Any]:
    fields: dict[str, Any] = dict.fromkeys(tables()["runs"].columns)
    texts = ("instance", "base_url", "user", "user_id", "looker_version", "program_version")
    return (
        fields
        | dict.fromkeys(texts, "")
        | {
            "run": run,
            "started": 0.0,
            "finished": 0.0,
            "arguments": "{}",
            "types": "[]",
        }
    )
