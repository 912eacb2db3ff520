"""When content was last looked at: the newest values that a listing showed, outside history."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple


class Usage(NamedTuple):
    """`last_viewed_at` is the API's own spelling; None where it was never viewed, or is unknown."""

    id: str
    last_viewed_at: str | None
    view_count: int | None


def write(connection: sqlite3.Connection, type_id: int, rows: Sequence[Usage]) -> None:
    connection.executemany(
        """INSERT INTO usage VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE
        SET last_viewed_at = excluded.last_viewed_at, view_count = excluded.view_count
        WHERE (last_viewed_at, view_count) IS NOT (excluded.last_viewed_at, excluded.view_count)""",
        ((type_id, *row) for row in rows),
    )


def read(connection: sqlite3.Connection, type_id: int) -> dict[str, Usage]:
    query = "SELECT id, last_viewed_at, view_count FROM usage WHERE type = ?"
    return {
        id: Usage(id, viewed, views) for id, viewed, views in connection.execute(query, (type_id,))
    }
