"""Vaults with a few runs and their certificates."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lookervault.proof.keys import SigningKey
from lookervault.storage import statements
from lookervault.storage.certificates import Certificate, CertificateRow, Signer
from lookervault.storage.repository import Repository
from lookervault.storage.runs import TypeResult
from lookervault.storage.schema import row_sum
from tests.unit.storage.samples import end, page, start

OURS = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
THEIRS = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(32)))


def add_run(path: Path, state: int = 0, *, signer: Signer | None = OURS) -> int:
    """A complete run over three users."""
    with Repository.open(path, write=True, signer=signer) as vault:
        run = vault.begin_run(start("users"))
        vault.store(run, vault.pack(page(range(3), state)), 0)
        vault.vanish(run, "users", vault.open_ids("users") - vault.confirmed(run, "users"))
        _end(vault, run, "complete")
    return run


def stopped_run(path: Path, *, signer: Signer | None = OURS) -> int:
    """A run that was interrupted after its first page."""
    with Repository.open(path, write=True, signer=signer) as vault:
        run = vault.begin_run(start("users"))
        vault.store(run, vault.pack(page(range(3), 7)), 0)
        _end(vault, run, "interrupted")
    return run


def go_on(path: Path, run: int, *, signer: Signer | None = OURS) -> None:
    """... and its second part."""
    with Repository.open(path, write=True, signer=signer) as vault:
        vault.resume_run(run)
        vault.store(run, vault.pack(page(range(3, 6), 7)), 1)
        _end(vault, run, "complete")


def _end(vault: Repository, run: int, status: str) -> None:
    root, by_type = vault.root(run, ["users"])
    users = TypeResult(type="users", items=3, new=3, calls=2, census=3, root=by_type["users"])
    vault.end_run(run, msgspec.structs.replace(end(status, root=root), types=[users]))


def rows(path: Path) -> list[CertificateRow]:
    with Repository.open(path, write=False) as vault:
        return vault.certificates()


def change(path: Path, *statements: tuple[str, Sequence[object]]) -> None:
    """Writes behind the vault's back; each statement must change something."""
    with closing(sqlite3.connect(path)) as connection:
        for statement, values in statements:
            assert connection.execute(statement, values).rowcount > 0
        connection.commit()


def forge(path: Path, forged: Sequence[Certificate]) -> None:
    """Puts certificates in the place of the first ones, and their rows' sums right."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM certificates WHERE number <= ?", (len(forged),))
        for number, one in enumerate(forged, start=1):
            run = statements.parse(one.statement).run
            signature = None if one.signature is None else one.signature.hex()
            values = (number, run, one.statement, one.signature)
            written = row_sum((number, run, one.hash, signature))
            insert = "INSERT INTO certificates VALUES (?, ?, CAST(? AS TEXT), ?, ?)"
            connection.execute(insert, (*values, written))
        connection.commit()


def rewritten(chain: Sequence[Certificate], at: int, **members: object) -> list[Certificate]:
    """The chain with one statement changed, and all behind it chained anew, as nobody can sign."""
    found: list[Certificate] = []
    for place, one in enumerate(chain):
        said = statements.parse(one.statement)
        if place == at:
            said = msgspec.structs.replace(said, **members)
        if found:
            said = msgspec.structs.replace(said, previous=found[-1].hash)
        found.append(Certificate(statements.canonical(said), one.signature))
    return found
