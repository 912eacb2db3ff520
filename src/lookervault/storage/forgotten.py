"""What stays of a run that was forgotten: its row, and what it had proven.

Its certificate stays, too. What can be told no more is its content: items are kept as of the runs
that are.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec

from lookervault.errors import DamagedError
from lookervault.storage import runs
from lookervault.storage.findings import NO_SUCH_VALUE
from lookervault.storage.runs import Digest, Proof, RunRow
from lookervault.storage.schema import row_sum


class Forgotten(msgspec.Struct, frozen=True):
    """`at`: when it was forgotten, in seconds since 1970. `proofs`: what it read of the types for
    which it was complete.
    """

    row: RunRow
    seal: Digest | None
    at: float
    proofs: list[Proof]


def remember(connection: sqlite3.Connection, run: int, now: float) -> None:
    """Notes a run that is about to be removed."""
    told = {
        "forgotten": now,
        "proofs": msgspec.to_builtins(_complete_proofs(connection, run)),
        "run": runs.plain_row(connection, run),
    }
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    connection.execute("INSERT INTO forgotten VALUES (?, ?, ?)", (run, text, row_sum((run, text))))


def _complete_proofs(connection: sqlite3.Connection, run: int) -> list[Proof]:
    """A run of the first format has none: it read everything. One over some folders read none."""
    row = runs.read(connection, run)
    if row is None or row.scope is not None:
        return []
    told = {proof.type: proof for proof in runs.read_proofs(connection, run)}
    complete = [one.type for one in runs.read_types(connection, run) if one.status == "complete"]
    return [told.get(name, Proof(type=name)) for name in complete]


def proofs(connection: sqlite3.Connection) -> Iterator[tuple[int, Proof]]:
    """(run, what it read of a type for which it was complete), the newest run first.

    A note that is damaged tells nothing; `verify` names it.
    """
    return ((run, proof) for _, run, proof in reads(connection))


def reads(connection: sqlite3.Connection) -> Iterator[tuple[float, int, Proof]]:
    """As `proofs`, with when the run began, in seconds since 1970."""
    query = "SELECT run, told, sum FROM forgotten ORDER BY run DESC"
    for row in connection.execute(query):
        if (found := _parsed(*row)) is not None:
            yield from ((found.row.started, found.row.run, proof) for proof in found.proofs)


def numbers(connection: sqlite3.Connection) -> set[int]:
    return {run for (run,) in connection.execute("SELECT run FROM forgotten")}


def read(connection: sqlite3.Connection, run: int) -> Forgotten | None:
    """Raises `DamagedError` where its row is not the one that was written."""
    return next(_select(connection, "WHERE run = ?", (run,)), None)


def read_all(connection: sqlite3.Connection) -> Iterator[Forgotten]:
    """In order of runs. Raises as `read` does."""
    return _select(connection, "ORDER BY run", ())


def _select(
    connection: sqlite3.Connection, rest: str, parameters: tuple[int, ...]
) -> Iterator[Forgotten]:
    query = f"SELECT run, told, sum FROM forgotten {rest}"  # noqa: S608  constants of this module
    for run, told, written in connection.execute(query, parameters):
        found = _parsed(run, told, written)
        if found is None:
            raise DamagedError(
                f"What the vault tells of run {run}, which was forgotten, is damaged.",
                hint="`lookervault verify` tells what else is.",
            )
        yield found


def faults(connection: sqlite3.Connection) -> Iterator[tuple[int, str]]:
    """(run, what is wrong with its note)."""
    there = {run for (run,) in connection.execute("SELECT run FROM runs")}
    for run, told, written in connection.execute("SELECT run, told, sum FROM forgotten"):
        if _parsed(run, told, written) is None:
            yield run, "the note of the forgotten run is not the one that was written"
        if run in there:
            yield run, "the run is noted as forgotten, and is there"


def _parsed(run: object, told: object, written: object) -> Forgotten | None:
    try:
        if row_sum((run, told)) != written:
            return None
        found = json.loads(str(told))
        if found["run"]["run"] != run:
            return None
        return _forgotten(found)
    except (*NO_SUCH_VALUE, KeyError, TypeError, ValueError):
        return None


def _forgotten(told: dict[str, Any]) -> Forgotten:
    row = told["run"]
    for name in ("root", "seal"):
        row[name] = None if row[name] is None else bytes.fromhex(row[name])
    return Forgotten(
        row=runs.run_row(tuple(row[name] for name in RunRow.__struct_fields__)),
        seal=row["seal"],
        at=float(told["forgotten"]),
        proofs=msgspec.convert(told["proofs"], list[Proof]),
    )
