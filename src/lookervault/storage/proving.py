"""When an item was last proven: read, and not only taken for unchanged.

Each item has a place among `PLACES`, which follows from its id. A run reads the items of a slice
of places although they seem unchanged, the next run those of the next slice: after as many runs as
there are slices, everything was read. Nothing has to be kept for that but the slice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from hashlib import sha256

from lookervault.storage import runs
from lookervault.storage.runs import PLACES, Proof


def place(type_name: str, id: str) -> int:
    digest = sha256(f"{type_name}/{id}".encode()).digest()
    return int.from_bytes(digest[:4]) * PLACES >> 32


def in_slice(proof: Proof, id: str) -> bool:
    if proof.is_full:
        return True
    return (place(proof.type, id) - proof.start) % PLACES < proof.width


def last_proven(
    connection: sqlite3.Connection, type_name: str, until: int | None = None
) -> Callable[[str, int], int]:
    """Tells of an item, by its id and the first run of its version, which run read it last.

    Only runs that were complete for the type count, up to `until`. Runs of the first format read
    everything that can change.
    """
    told = [(run, proof) for run, proof in _proofs(connection, type_name) if _counts(run, until)]

    def of(id: str, first_run: int) -> int:
        later = (run for run, proof in told if run > first_run and in_slice(proof, id))
        return next(later, first_run)

    return of


def _counts(run: int, until: int | None) -> bool:
    return until is None or run <= until


def _proofs(connection: sqlite3.Connection, type_name: str) -> list[tuple[int, Proof]]:
    """The newest first."""
    told: Mapping[tuple[int, str], Proof] = {
        (run, proof.type): proof for run, proof in runs.read_all_proofs(connection)
    }
    query = "SELECT run FROM run_types WHERE type = ? AND status = 'complete' ORDER BY run DESC"
    numbers = [int(run) for (run,) in connection.execute(query, (type_name,))]
    return [(n, told.get((n, type_name), Proof(type=type_name))) for n in numbers]


def newest_complete(connection: sqlite3.Connection, before: int) -> dict[str, Proof]:
    """Of each type, what the newest run before this one read that was complete for it."""
    query = "SELECT run, type FROM run_types WHERE status = 'complete'"
    complete = {(int(run), str(name)) for run, name in connection.execute(query)}
    found: dict[str, Proof] = {}
    for run, proof in runs.read_all_proofs(connection):
        if run < before and proof.as_of is None and (run, proof.type) in complete:
            found.setdefault(proof.type, proof)
    return found
