"""When an item was last proven: read, and not only taken for unchanged.

Each item has a place among `PLACES`, which follows from its id, or from that of its folder where
all of a folder is read at once (`ContentType.slice_key`). A run reads the items of a slice of
places although they seem unchanged, the next run those of the next slice: after as many runs as
there are slices, everything was read. Nothing has to be kept for that but the slice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import cache
from hashlib import sha256
from typing import NamedTuple

from lookervault.storage import forgotten, listing, runs, schema
from lookervault.storage.runs import PLACES, Proof


class Read(NamedTuple):
    """A run that read all of a type; `started` is in seconds since 1970."""

    run: int
    started: float


def last_reads(connection: sqlite3.Connection) -> dict[str, Read]:
    """Of each type, the newest run over the whole instance that was complete for it."""
    query = """SELECT t.type, max(t.run), r.started FROM run_types t JOIN runs r ON r.run = t.run
        WHERE t.status = 'complete' AND r.scope IS NULL GROUP BY t.type"""
    found = {name: Read(run, started) for name, run, started in connection.execute(query)}
    for started, run, proof in forgotten.reads(connection):
        if run > found.get(proof.type, Read(0, 0)).run:
            found[proof.type] = Read(run, started)
    return found


class Proving:
    """What is known of when things were read. Thread-safe as the vault is."""

    def __init__(self, reading: Callable[[], AbstractContextManager[sqlite3.Connection]]) -> None:
        self._reading = reading

    def last(self, type: str, until: int | None = None) -> Callable[[str, int], int]:
        """Tells which run read an item last, by its slice key and the first run of its version."""
        with self._reading() as connection:
            return last_proven(connection, type, until)

    def newest(self, before: int) -> dict[str, Proof]:
        """Of each type, what the newest run before this one read that was complete for it."""
        with self._reading() as connection:
            return newest_complete(connection, before)

    def reads(self) -> dict[str, Read]:
        """Of each type, the newest run over the whole instance that was complete for it."""
        with self._reading() as connection:
            return last_reads(connection)

    def silent_changes(self, run: int, type: str) -> int:
        """Items that the run found changed though their `updated_at` was the same."""
        with self._reading() as connection:
            type_id = schema.type_id(connection, type)
            return 0 if type_id is None else listing.silent_changes(connection, type_id, run)


def place(type_name: str, key: str) -> int:
    digest = sha256(f"{type_name}/{key}".encode()).digest()
    return int.from_bytes(digest[:4]) * PLACES >> 32


def in_slice(proof: Proof, key: str) -> bool:
    if proof.is_full:
        return True
    return (place(proof.type, key) - proof.start) % PLACES < proof.width


def last_proven(
    connection: sqlite3.Connection, type_name: str, until: int | None = None
) -> Callable[[str, int], int]:
    """Tells of an item, by its slice key and the first run of its version, which run read it last.

    Only runs over the whole instance that were complete for the type count, up to `until`. Runs of
    the first format read everything that can change. Those that were forgotten count, too. A
    version whose first run may have been one of them, and is only said to be the next one, counts
    as read by the oldest that it can have been: nothing seems proven that is not.
    """
    told = [
        (run, proof)
        for run, proof in _complete(connection)
        if proof.type == type_name and _counts(run, until)
    ]
    gone = forgotten.numbers(connection)

    @cache
    def oldest(first_run: int) -> int:
        while first_run - 1 in gone:
            first_run -= 1
        return first_run

    def of(key: str, first_run: int) -> int:
        since = oldest(first_run)
        later = (run for run, proof in told if run > since and in_slice(proof, key))
        return next(later, since)

    return of


def _counts(run: int, until: int | None) -> bool:
    return until is None or run <= until


def _complete(connection: sqlite3.Connection) -> list[tuple[int, Proof]]:
    """(run, what it read of a type for which it was complete), the newest run first."""
    told: Mapping[tuple[int, str], Proof] = {
        (run, proof.type): proof for run, proof in runs.read_all_proofs(connection)
    }
    query = """SELECT t.run, t.type FROM run_types t JOIN runs r ON r.run = t.run
        WHERE t.status = 'complete' AND r.scope IS NULL"""
    there = [
        (int(run), told.get((run, name), Proof(type=str(name))))
        for run, name in connection.execute(query)
    ]
    return sorted([*there, *forgotten.proofs(connection)], key=lambda one: -one[0])


def newest_complete(connection: sqlite3.Connection, before: int) -> dict[str, Proof]:
    """Of each type, what the newest run before this one read that was complete for it."""
    found: dict[str, Proof] = {}
    for run, proof in _complete(connection):
        if run < before and proof.as_of is None:
            found.setdefault(proof.type, proof)
    return found
