"""Calls that were sent to Looker, by calendar month in UTC."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from lookervault.storage.schema import row_sum


def month_of(seconds: float) -> str:
    """`2026-11`, of a time in seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m")


def add(connection: sqlite3.Connection, month: str, calls: int) -> None:
    row = connection.execute("SELECT calls FROM months WHERE month = ?", (month,)).fetchone()
    total = calls + (row[0] if row else 0)
    connection.execute(
        "INSERT OR REPLACE INTO months VALUES (?, ?, ?)", (month, total, row_sum((month, total)))
    )


def read(connection: sqlite3.Connection) -> dict[str, int]:
    return dict(connection.execute("SELECT month, calls FROM months ORDER BY month"))
