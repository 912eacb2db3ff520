"""Runs: what one extraction set out to do, what it brought, and the seal over both."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import msgspec

from lookervault.content.model import Missing
from lookervault.decoding import decodable
from lookervault.errors import VaultError

Digest = bytes
"""32 bytes. Where a field is called `bytes`, the type needs another name."""


PLACES = 10_000
"""Places of a type's items: which one an item has follows from its id (`storage.proving`)."""
IMPORT = "import"
"""The argument of a run that was imported: the number that it had in the vault it came from."""


class Role(msgspec.Struct, frozen=True):
    """What an API user may do (`permissions`) with what (`models`).

    `all_…`: whatever there is, also what Looker adds later.
    """

    name: str
    permissions: list[str]
    models: list[str]
    all_permissions: bool = False
    all_models: bool = False


class RunStart(msgspec.Struct, frozen=True, kw_only=True):
    """`started` is in seconds since 1970; `scope` the ids of folders, None for everything.

    `roles` is None where the user may not see them.
    """

    started: float
    instance: str
    base_url: str
    user: str
    user_id: str
    looker_version: str
    program_version: str
    arguments: dict[str, Any]
    types: list[str]
    scope: list[str] | None = None
    roles: list[Role] | None = None


@decodable
class TypeResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a run brought of one type. `census` is how many ids were listed."""

    type: str
    items: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    missing: int = 0
    calls: int = 0
    census: int = 0
    status: str = "complete"
    reason: str = ""
    root: Digest | None = None


@decodable
class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What a run read of one type, and what it took for unchanged without reading it.

    `start` and `width` are the slice of what seemed unchanged that was read all the same, in
    places (`storage.proving`); a width of all places is a type that was read in full. `read`
    counts items that were read, `proven` those of them that seemed unchanged, and `silent` those
    of these that were not. `as_of` is the run whose state this one left as it is, None where
    the type was looked at.
    """

    type: str
    start: int = 0
    width: int = PLACES
    read: int = 0
    proven: int = 0
    silent: int = 0
    as_of: int | None = None

    @property
    def is_full(self) -> bool:
        return self.width >= PLACES


class RunEnd(msgspec.Struct, frozen=True, kw_only=True):
    """`status` is complete, partial, interrupted or failed; `bytes` those that Looker sent."""

    finished: float
    status: str
    reasons: list[str] = []
    calls: int = 0
    retries: int = 0
    throttled: int = 0
    bytes: int = 0
    items: int = 0
    utilization: float = 0.0
    peak_memory_mb: float = 0.0
    root: Digest | None = None
    types: list[TypeResult] = []
    missing: list[Missing] = []
    proofs: list[Proof] = []


@decodable
class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """A run as it is stored. `status` is also `running`; what the end tells is then None."""

    run: int
    started: float
    instance: str
    base_url: str
    user: str
    user_id: str
    roles: list[Role] | None
    looker_version: str
    program_version: str
    arguments: dict[str, Any]
    scope: list[str] | None
    types: list[str]
    finished: float | None
    status: str
    reasons: list[str]
    calls: int | None
    retries: int | None
    throttled: int | None
    bytes: int | None
    items: int | None
    utilization: float | None
    peak_memory_mb: float | None
    root: Digest | None
    whole: bool
    """Everything that the vault held after this run was confirmed by it."""

    @property
    def imported(self) -> bool:
        """Whether its items came from a tree of files: the bodies are not Looker's own bytes."""
        return IMPORT in self.arguments


def over_all(rows: Iterable[RunRow]) -> list[RunRow]:
    """Those over the whole Looker. Ones over types that were named count only where there are no
    others: the vault is for these types then. Ones over folders never count.
    """
    whole = [row for row in rows if row.scope is None]
    return [row for row in whole if not row.arguments.get("types")] or whole


_START = ("started", "instance", "base_url", "user", "user_id", "looker_version", "program_version")
_JSON = ("arguments", "types", "scope", "roles")
_END = ("finished", "status", "calls", "retries", "throttled", "bytes", "items", "utilization")
_COLUMNS = RunRow.__struct_fields__
_TYPE_COLUMNS = TypeResult.__struct_fields__
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM runs"  # noqa: S608  names of this module
_SELECT_TYPES = (
    f"SELECT {', '.join(_TYPE_COLUMNS)} FROM run_types"  # noqa: S608  names of this module
    " WHERE run = ? ORDER BY type"
)


def begin(connection: sqlite3.Connection, start: RunStart) -> int:
    row = {name: getattr(start, name) for name in _START}
    for name in _JSON:
        value = getattr(start, name)
        row[name] = None if value is None else _text(value)
    run = _insert(connection, "runs", row)
    assert run is not None  # noqa: S101  the table has a row id
    return run


def end(connection: sqlite3.Connection, run: int, end: RunEnd, *, whole: bool) -> None:
    """Writes the end of a run and its seal, which covers everything that is known of the run."""
    row = {name: getattr(end, name) for name in (*_END, "peak_memory_mb", "root")}
    row |= {"reasons": _text(end.reasons), "whole": whole}
    assignments = ", ".join(f"{name} = :{name}" for name in row)
    changed = connection.execute(
        f"UPDATE runs SET {assignments} WHERE run = :run AND seal IS NULL",  # noqa: S608  names
        row | {"run": run},
    )
    if changed.rowcount != 1:
        raise VaultError(f"There is no open run {run} in the vault that could end.")
    for result in end.types:
        _insert(connection, "run_types", {"run": run} | msgspec.structs.asdict(result))
    for one in set(end.missing):
        _insert(connection, "missing", {"run": run} | msgspec.structs.asdict(one))
    for proof in end.proofs:
        _insert(connection, "proofs", {"run": run} | _proof_row(proof))
    connection.execute("UPDATE runs SET seal = ? WHERE run = ?", (seal_of(connection, run), run))


RESUMABLE = ("running", "interrupted", "failed")


def resume(connection: sqlite3.Connection, run: int, roles: list[Role] | None = None) -> None:
    """Opens a run again that did not come to its end: what it stored stays, its end goes.

    `roles` replace those that it began with.
    """
    row = read(connection, run)
    if row is None or row.status not in RESUMABLE:
        raise VaultError(f"There is no run {run} in the vault that could go on.")
    connection.execute("DELETE FROM run_types WHERE run = ?", (run,))
    connection.execute("DELETE FROM missing WHERE run = ?", (run,))
    connection.execute("DELETE FROM proofs WHERE run = ?", (run,))
    connection.execute(
        "UPDATE runs SET finished = NULL, status = NULL, reasons = NULL, root = NULL, seal = NULL"
        " WHERE run = ?",
        (run,),
    )
    if roles is not None:
        connection.execute("UPDATE runs SET roles = ? WHERE run = ?", (_text(roles), run))


def close(connection: sqlite3.Connection, run: int) -> None:
    """A run that was interrupted or failed and that nobody goes on with: all else of it stays."""
    row = read(connection, run)
    if row is None or row.finished is None or row.status not in RESUMABLE:
        raise VaultError(f"There is no run {run} in the vault that could be closed.")
    connection.execute("UPDATE runs SET status = 'partial' WHERE run = ?", (run,))
    connection.execute("UPDATE runs SET seal = ? WHERE run = ?", (seal_of(connection, run), run))


def seal_of(connection: sqlite3.Connection, run: int) -> bytes:
    """SHA-256 over the canonical JSON of the rows of a run, as they are in the vault now."""
    statement = {
        "run": _plain(connection, f"{_SELECT} WHERE run = ?", run),
        "types": _plain(connection, _SELECT_TYPES, run),
        "missing": _plain(connection, _SELECT_MISSING, run),
    }
    if proofs := _plain(connection, f"{_SELECT_PROOFS} WHERE run = ? ORDER BY type", run):
        statement["proofs"] = proofs  # runs of the first format have none
    text = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).digest()


def plain_row(connection: sqlite3.Connection, run: int) -> dict[str, Any]:
    """Every column of a run's row, its seal among them, as the seal spells them."""
    columns = ", ".join((*_COLUMNS, "seal"))
    (row,) = _plain(connection, f"SELECT {columns} FROM runs WHERE run = ?", run)  # noqa: S608  names
    return row


def remove(connection: sqlite3.Connection, run: int) -> None:
    """With everything that is told of it alone."""
    for table in ("runs", "run_types", "missing", "proofs", "pages"):
        connection.execute(f"DELETE FROM {table} WHERE run = ?", (run,))  # noqa: S608  constants


def read_seal(connection: sqlite3.Connection, run: int) -> Digest | None:
    """As it was written; None where the run has not ended, or is not there."""
    row = connection.execute("SELECT seal FROM runs WHERE run = ?", (run,)).fetchone()
    return None if row is None else msgspec.convert(row[0], Digest | None)


def is_sealed(connection: sqlite3.Connection, run: int) -> bool:
    seal = read_seal(connection, run)
    return seal is not None and seal == seal_of(connection, run)


def is_whole(connection: sqlite3.Connection, run: int, type_name: str) -> bool:
    """Whether the run confirmed all there was of a type, so that the intervals tell what."""
    row = read(connection, run)
    return row is not None and row.whole and type_name in row.types


def read_all(connection: sqlite3.Connection) -> list[RunRow]:
    return [run_row(row) for row in connection.execute(f"{_SELECT} ORDER BY run")]


def read(connection: sqlite3.Connection, run: int) -> RunRow | None:
    row = connection.execute(f"{_SELECT} WHERE run = ?", (run,)).fetchone()
    return None if row is None else run_row(row)


def read_types(connection: sqlite3.Connection, run: int) -> list[TypeResult]:
    rows = connection.execute(_SELECT_TYPES, (run,))
    named = [dict(zip(_TYPE_COLUMNS, row, strict=True)) for row in rows]
    return msgspec.convert(named, list[TypeResult])


_SELECT_MISSING = "SELECT type, id, reason FROM missing WHERE run = ? ORDER BY type, id, reason"


def read_missing(connection: sqlite3.Connection, run: int) -> list[Missing]:
    rows = connection.execute(_SELECT_MISSING, (run,))
    named = [dict(zip(("type", "id", "reason"), row, strict=True)) for row in rows]
    return msgspec.convert(named, list[Missing])


_PROOF_COLUMNS = ("type", "slice_start", "slice_width", "read", "proven", "silent", "as_of")
_SELECT_PROOFS = f"SELECT {', '.join(_PROOF_COLUMNS)} FROM proofs"  # noqa: S608  names


def read_proofs(connection: sqlite3.Connection, run: int) -> list[Proof]:
    """In order of types. Empty for a run of the first format, which read everything."""
    rows = connection.execute(f"{_SELECT_PROOFS} WHERE run = ? ORDER BY type", (run,))
    return [_proof(row) for row in rows]


def finished(connection: sqlite3.Connection, run: int) -> float | None:
    """When a run ended, also one that was forgotten."""
    row = connection.execute("SELECT finished FROM runs WHERE run = ?", (run,)).fetchone()
    if row is not None:
        return msgspec.convert(row[0], float | None)
    query = "SELECT told FROM forgotten WHERE run = ?"
    row = connection.execute(query, (run,)).fetchone()
    return (
        None
        if row is None
        else msgspec.convert(json.loads(row[0])["run"]["finished"], float | None)
    )


def read_all_proofs(connection: sqlite3.Connection) -> list[tuple[int, Proof]]:
    """(run, proof), the newest run first."""
    columns = ", ".join(_PROOF_COLUMNS)
    rows = connection.execute(f"SELECT run, {columns} FROM proofs ORDER BY run DESC, type")  # noqa: S608  names
    return [(int(run), _proof(tuple(row))) for run, *row in rows]


def _proof(row: tuple[Any, ...]) -> Proof:
    return msgspec.convert(dict(zip(Proof.__struct_fields__, row, strict=True)), Proof)


def _proof_row(proof: Proof) -> dict[str, Any]:
    return dict(zip(_PROOF_COLUMNS, msgspec.structs.astuple(proof), strict=True))


def run_row(row: tuple[Any, ...]) -> RunRow:
    fields = dict(zip(_COLUMNS, row, strict=True))
    fields["whole"] = bool(fields["whole"])
    fields["status"] = fields["status"] or "running"
    fields["reasons"] = json.loads(str(fields["reasons"] or "[]"))
    for name in _JSON:
        fields[name] = json.loads(str(fields[name] or "null"))
    return msgspec.convert(fields, RunRow)


def _insert(connection: sqlite3.Connection, table: str, row: dict[str, Any]) -> int | None:
    names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608  names
    return connection.execute(statement, row).lastrowid


def _plain(connection: sqlite3.Connection, query: str, run: int) -> list[dict[str, Any]]:
    cursor = connection.execute(query, (run,))
    names = [column[0] for column in cursor.description]
    return [
        {
            name: value.hex() if isinstance(value, bytes) else value
            for name, value in zip(names, row, strict=True)
        }
        for row in cursor
    ]


def _text(value: Any) -> str:
    value = msgspec.to_builtins(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
