"""What a run confirmed, as ids and as Merkle roots.

While a run goes on, the checkpoints of its pages tell what it confirmed. When it ends and has
confirmed everything that the vault holds of its types, the intervals tell the same and the
checkpoints go.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import msgspec

from lookervault.storage import listing, merkle, runs, schema
from lookervault.storage.runs import RunEnd

_decode_ids = msgspec.json.Decoder(list[str]).decode


def confirmed(connection: sqlite3.Connection, run: int, type_name: str) -> set[str]:
    type_id = schema.type_id(connection, type_name)
    if type_id is None:
        return set()
    there = {item_id for item_id, _ in listing.hashes(connection, type_id, run)}
    if runs.is_whole(connection, run, type_name):
        return there
    return there & _on_pages(connection, run, type_id)


def of_type(connection: sqlite3.Connection, run: int, type_name: str) -> bytes:
    type_id = schema.type_id(connection, type_name)
    if type_id is None:
        return merkle.EMPTY
    hashes: Iterable[tuple[str, bytes]] = listing.hashes(connection, type_id, run)
    if not runs.is_whole(connection, run, type_name):
        ids = _on_pages(connection, run, type_id)
        hashes = (one for one in hashes if one[0] in ids)
    return merkle.type_root(type_name, hashes)


def end_run(connection: sqlite3.Connection, run: int, end: RunEnd) -> None:
    whole = end.status == "complete" and _confirmed_everything(connection, run)
    runs.end(connection, run, end, whole=whole)
    if whole:
        connection.execute("DELETE FROM pages WHERE run = ?", (run,))


def _on_pages(connection: sqlite3.Connection, run: int, type_id: int) -> set[str]:
    query = "SELECT ids FROM pages WHERE run = ? AND type = ?"
    pages = connection.execute(query, (run, type_id))
    return {item_id for (ids,) in pages for item_id in _decode_ids(str(ids))}


def _confirmed_everything(connection: sqlite3.Connection, run: int) -> bool:
    """Whether the run's types have no open item beside those on its pages, and no page is left."""
    start = runs.read(connection, run)
    if start is None or start.scope is not None:
        return False
    ids = (schema.type_id(connection, name) for name in start.types)
    known = {type_id for type_id in ids if type_id is not None}
    paged = connection.execute("SELECT DISTINCT type FROM pages WHERE run = ?", (run,))
    return {row[0] for row in paged} <= known and all(
        _on_pages(connection, run, type_id) >= listing.open_ids(connection, type_id)
        for type_id in known
    )
