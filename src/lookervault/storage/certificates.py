"""Certificates: what each run says of itself, chained by hashes, and signed where there is a key.

The statement is written in the transaction that seals the run, from the rows that it seals, so
that a run has both or none. Every byte is explained in docs/design/certificate-format.md.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

import msgspec

from lookervault.content.model import Missing
from lookervault.errors import DamagedError
from lookervault.storage import forgotten, runs
from lookervault.storage.findings import NO_SUCH_VALUE
from lookervault.storage.forgotten import Forgotten
from lookervault.storage.runs import RESUMABLE, RunRow
from lookervault.storage.schema import row_sum
from lookervault.storage.statements import (
    API_VERSION,
    ARGUMENTS,
    FORMAT,
    AsOf,
    Statement,
    TypeStatement,
    User,
    canonical,
    parse,
)


class Certificate(msgspec.Struct, frozen=True):
    """The statement's bytes, and the signature over just these."""

    statement: bytes
    signature: bytes | None = None

    @property
    def hash(self) -> str:
        return sha256(self.statement).hexdigest()


class Signer(Protocol):
    """Signs certificates; the same statement always gets the same signature."""

    @property
    def key(self) -> str:
        """The public key, as statements name it."""
        ...

    def sign(self, statement: bytes) -> bytes: ...


class CertificateRow(NamedTuple):
    """A certificate in its place. `sum` is the one that was written."""

    number: int
    run: int
    certificate: Certificate
    sum: int

    @property
    def is_whole(self) -> bool:
        return self.sum == _sum(self.number, self.run, self.certificate)


class Fault(NamedTuple):
    run: int | None
    detail: str


# Writing.


def issue(connection: sqlite3.Connection, run: int, signer: Signer | None) -> None:
    """Certifies a run that was just sealed. To be called in the same transaction."""
    last = next(_select(connection, "ORDER BY number DESC LIMIT 1"), None)
    number, previous = (1, None) if last is None else (last.number + 1, last.certificate.hash)
    key = None if signer is None else signer.key
    statement = canonical(state(connection, run, number=number, previous=previous, key=key))
    certificate = Certificate(statement, None if signer is None else signer.sign(statement))
    connection.execute(
        "INSERT INTO certificates VALUES (?, ?, CAST(? AS TEXT), ?, ?)",
        (number, run, statement, certificate.signature, _sum(number, run, certificate)),
    )


def state(
    connection: sqlite3.Connection, run: int, *, number: int, previous: str | None, key: str | None
) -> Statement:
    """What the vault's rows say of a run now.

    Raises `ValueError` where the run has not ended, or is not there.
    """
    row = runs.read(connection, run)
    seal = runs.read_seal(connection, run)
    if row is None or seal is None or row.finished is None:
        raise ValueError(f"run {run} has not ended")
    return _statement(
        row,
        seal,
        types=_types(connection, row),
        missing=runs.read_missing(connection, run),
        as_of=_as_of(connection, run),
        number=number,
        previous=previous,
        key=key,
    )


def _statement(
    row: RunRow,
    seal: bytes,
    *,
    types: dict[str, TypeStatement | None],
    missing: list[Missing],
    as_of: dict[str, AsOf],
    number: int,
    previous: str | None,
    key: str | None,
) -> Statement:
    """Raises `OverflowError` or `ValueError` where a time is none."""
    return Statement(
        format=FORMAT,
        number=number,
        previous=previous,
        key=key,
        run=row.run,
        instance=row.instance,
        base_url=row.base_url,
        looker_version=row.looker_version,
        api_version=API_VERSION,
        program_version=row.program_version,
        user=User(row.user_id, row.user),
        started=_time(row.started),
        finished=_time(row.finished or 0),
        arguments=shown(row.arguments),
        scope=row.scope,
        types=types,
        missing=missing,
        status=row.status,
        reasons=row.reasons,
        root=_hex(row.root),
        seal=seal.hex(),
        as_of=as_of,
    )


def _as_of(connection: sqlite3.Connection, run: int) -> dict[str, AsOf]:
    found = {}
    for proof in runs.read_proofs(connection, run):
        if proof.as_of is not None:
            finished = runs.finished(connection, proof.as_of)
            found[proof.type] = AsOf(proof.as_of, None if finished is None else _time(finished))
    return found


def _types(connection: sqlite3.Connection, row: RunRow) -> dict[str, TypeStatement | None]:
    read = {proof.type: proof.read for proof in runs.read_proofs(connection, row.run)}
    known = {
        one.type: TypeStatement(
            items=one.items,
            census=one.census,
            missing=one.missing,
            status=one.status,
            reason=one.reason,
            root=_hex(one.root),
            read=None if read.get(one.type, one.items) == one.items else read[one.type],
        )
        for one in runs.read_types(connection, row.run)
    }
    return {name: known.get(name) for name in {*row.types, *known}}


def shown(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: value if name in ARGUMENTS else None for name, value in arguments.items()}


def _time(seconds: float) -> str:
    try:
        text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
    except OSError as error:  # what the system says of times far beyond any calendar
        raise OverflowError(f"{seconds} is no time") from error
    return text.replace("+00:00", "Z")


def _hex(digest: bytes | None) -> str | None:
    return None if digest is None else digest.hex()


def _sum(number: int, run: int, certificate: Certificate) -> int:
    return row_sum((number, run, certificate.hash, _hex(certificate.signature)))


# Reading.

type _Columns = tuple[int, int, bytes, bytes | None, int]
_COLUMNS = "number, run, CAST(statement AS BLOB), signature, sum"


def read_all(connection: sqlite3.Connection) -> Iterator[CertificateRow]:
    return _select(connection, "ORDER BY number")


def _select(connection: sqlite3.Connection, rest: str) -> Iterator[CertificateRow]:
    query = f"SELECT {_COLUMNS} FROM certificates {rest}"  # noqa: S608  constants of this module
    for values in connection.execute(query):
        number, run, statement, signature, written = msgspec.convert(values, _Columns)
        yield CertificateRow(number, run, Certificate(statement, signature), written)


# Checking. Signatures are not looked at: keys are known to `proof` alone.


def faults(connection: sqlite3.Connection) -> Iterator[Fault]:
    """What is wrong with the chain, its rows, and the runs that they speak of.

    Raises SQLite's errors and `NO_SUCH_VALUE` where a table cannot be read.
    """
    rows = list(read_all(connection))
    yield from chain_faults(rows)
    newest = {row.run: row for row in rows}
    for row in newest.values():
        for detail in row_faults(connection, row):
            yield Fault(row.run, detail)
    for run in connection.execute("SELECT run FROM runs WHERE seal IS NOT NULL ORDER BY run"):
        if run[0] not in newest:
            yield Fault(run[0], "the run has ended, but its certificate is gone")


def chain_faults(rows: list[CertificateRow]) -> Iterator[Fault]:
    """`rows`: all certificates from the first on, in order."""
    newest = {row.run: row.number for row in rows}
    previous: str | None = None
    for number, row in enumerate(rows, start=1):
        if row.number != number:
            yield Fault(row.run, f"certificate {row.number} stands where {number} should")
        for detail in _own_faults(row, previous, newest=newest[row.run] == row.number):
            yield Fault(row.run, f"certificate {row.number}: {detail}")
        previous = row.certificate.hash


def _own_faults(row: CertificateRow, previous: str | None, *, newest: bool) -> Iterator[str]:
    if not row.is_whole:
        yield "its row is not the one that was written"
    try:
        statement = parse(row.certificate.statement)
    except ValueError as error:
        yield str(error)
        return
    if (statement.number, statement.run) != (row.number, row.run):
        yield f"it is certificate {statement.number}, of run {statement.run}"
    if statement.previous != previous:
        yield "it does not follow the certificate before it"
    if (statement.key is None) != (row.certificate.signature is None):
        yield "it names a key and has no signature, or the other way round"
    if not newest and statement.status not in RESUMABLE:
        yield f"its run was {statement.status}, and yet another certificate of it follows"


def row_faults(connection: sqlite3.Connection, row: CertificateRow) -> Iterator[str]:
    """Where the vault's rows now say something else than the newest certificate of a run."""
    try:
        said = parse(row.certificate.statement)
    except ValueError:
        return  # which the chain tells
    if runs.read(connection, row.run) is None:
        yield from _faults_of_forgotten(connection, row, said)
    elif runs.read_seal(connection, row.run) is not None:
        try:
            now = state(
                connection, row.run, number=said.number, previous=said.previous, key=said.key
            )
        except (ValueError, *NO_SUCH_VALUE) as error:
            yield f"what the vault says of the run cannot be read: {error}"
            return
        if others := _differing(said, now):
            yield f"the vault says otherwise than certificate {row.number}: {', '.join(others)}"
    elif said.status not in RESUMABLE:
        yield f"certificate {row.number} says {said.status}, and the run has lost its end"


def _faults_of_forgotten(
    connection: sqlite3.Connection, row: CertificateRow, said: Statement
) -> Iterator[str]:
    """Of its types and of what it missed, only the certificate itself tells."""
    try:
        told = forgotten.read(connection, row.run)
        if told is None:
            yield "the vault has no such run, but a certificate of it"
        elif told.seal is not None:
            now = _of_forgotten(told, said)
            if others := _differing(said, now):
                words = f"the run that was forgotten is not that of certificate {row.number}"
                yield f"{words}: {', '.join(others)}"
        elif said.status not in RESUMABLE:
            yield f"certificate {row.number} says {said.status}, and the run had lost its end"
    except (DamagedError, ValueError, *NO_SUCH_VALUE) as error:
        yield f"what the vault says of the forgotten run cannot be read: {error}"


def _of_forgotten(told: Forgotten, said: Statement) -> Statement:
    types: dict[str, TypeStatement | None] = dict.fromkeys(told.row.types)
    return _statement(
        told.row,
        told.seal or b"",
        types=types | said.types,
        missing=said.missing,
        as_of=said.as_of,
        number=said.number,
        previous=said.previous,
        key=said.key,
    )


def _differing(one: Statement, other: Statement) -> list[str]:
    return [
        name for name in Statement.__struct_fields__ if getattr(one, name) != getattr(other, name)
    ]
