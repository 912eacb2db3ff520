"""Calls that were sent to Looker, by calendar month in UTC: all of them, and those outside runs."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from lookervault.storage.schema import row_sum

_OUTSIDE = " outside runs"
"""After a month: the row counts those of its calls that no run sent."""


def month_of(seconds: float) -> str:
    """`2026-11`, of a time in seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m")


def add(connection: sqlite3.Connection, month: str, calls: int, *, outside: bool = False) -> None:
    for row in (month, month + _OUTSIDE) if outside else (month,):
        _add(connection, row, calls)


def _add(connection: sqlite3.Connection, month: str, calls: int) -> None:
    row = connection.execute("SELECT calls FROM months WHERE month = ?", (month,)).fetchone()
    total = calls + (row[0] if row else 0)
    connection.execute(
        "INSERT OR REPLACE INTO months VALUES (?, ?, ?)", (month, total, row_sum((month, total)))
    )


def read(connection: sqlite3.Connection, *, outside: bool = False) -> dict[str, int]:
    """By month, in order; with `outside`, only of months in which some were sent outside runs."""
    rows = connection.execute("SELECT month, calls FROM months ORDER BY month")
    return {
        month.removesuffix(_OUTSIDE): calls
        for month, calls in rows
        if month.endswith(_OUTSIDE) is outside
    }
