"""The tables of a vault. Every column is described in docs/design/vault-format.md."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from lookervault.errors import DamagedError

APPLICATION_ID = 0x4C4B5654  # "LKVT", SQLite's mark of whose file it is
FORMAT_VERSION = 2
PAGE_SIZE = 8192
"""Bytes; what was measured is in docs/design/decisions/003-vault-layout.md."""

_FORMAT_1 = """
CREATE TABLE meta (
  key TEXT PRIMARY KEY, value TEXT NOT NULL, sum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE types (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, sum INTEGER NOT NULL
) STRICT;

CREATE TABLE dictionaries (
  id INTEGER PRIMARY KEY, type INTEGER NOT NULL, sha256 BLOB NOT NULL, data BLOB NOT NULL
) STRICT;
CREATE TABLE dictionary_copies (
  id INTEGER PRIMARY KEY, type INTEGER NOT NULL, sha256 BLOB NOT NULL, data BLOB NOT NULL
) STRICT;

CREATE TABLE objects (
  id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL, size INTEGER NOT NULL, dictionary INTEGER,
  data BLOB NOT NULL, sum INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX objects_by_sha256 ON objects (sha256);

CREATE TABLE versions (
  type INTEGER NOT NULL, id TEXT NOT NULL, first_run INTEGER NOT NULL, end_run INTEGER,
  object INTEGER NOT NULL, hash BLOB NOT NULL, raw_hashed INTEGER NOT NULL,
  trashed INTEGER NOT NULL, name TEXT, updated_at TEXT, folder_id TEXT, refs TEXT, redacted TEXT,
  sum INTEGER NOT NULL,
  PRIMARY KEY (type, id, first_run)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  run INTEGER PRIMARY KEY, started REAL NOT NULL, instance TEXT NOT NULL, base_url TEXT NOT NULL,
  user TEXT NOT NULL, user_id TEXT NOT NULL, roles TEXT, looker_version TEXT NOT NULL,
  program_version TEXT NOT NULL, arguments TEXT NOT NULL, scope TEXT, types TEXT NOT NULL,
  finished REAL, status TEXT, reasons TEXT, calls INTEGER, retries INTEGER, throttled INTEGER,
  bytes INTEGER, items INTEGER, utilization REAL, peak_memory_mb REAL, root BLOB,
  whole INTEGER NOT NULL DEFAULT 0, seal BLOB
) STRICT;
CREATE TABLE run_types (
  run INTEGER NOT NULL, type TEXT NOT NULL, items INTEGER NOT NULL, new INTEGER NOT NULL,
  changed INTEGER NOT NULL, unchanged INTEGER NOT NULL, deleted INTEGER NOT NULL,
  missing INTEGER NOT NULL, calls INTEGER NOT NULL, census INTEGER NOT NULL, status TEXT NOT NULL,
  reason TEXT NOT NULL, root BLOB,
  PRIMARY KEY (run, type)
) STRICT, WITHOUT ROWID;
CREATE TABLE missing (
  run INTEGER NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (run, type, id, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE pages (
  run INTEGER NOT NULL, type INTEGER NOT NULL, seq INTEGER NOT NULL, number INTEGER,
  ids TEXT NOT NULL, sum INTEGER NOT NULL,
  PRIMARY KEY (run, type, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE certificates (
  number INTEGER PRIMARY KEY, run INTEGER NOT NULL, statement TEXT NOT NULL, signature BLOB,
  sum INTEGER NOT NULL
) STRICT;
"""
_FORMAT_2 = """
CREATE TABLE proofs (
  run INTEGER NOT NULL, type TEXT NOT NULL, slice_start INTEGER NOT NULL,
  slice_width INTEGER NOT NULL, read INTEGER NOT NULL, proven INTEGER NOT NULL,
  silent INTEGER NOT NULL, as_of INTEGER,
  PRIMARY KEY (run, type)
) STRICT, WITHOUT ROWID;

CREATE TABLE usage (
  type INTEGER NOT NULL, id TEXT NOT NULL, last_viewed_at TEXT, view_count INTEGER,
  PRIMARY KEY (type, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE forgotten (
  run INTEGER PRIMARY KEY, told TEXT NOT NULL, sum INTEGER NOT NULL
) STRICT;

CREATE TABLE months (
  month TEXT PRIMARY KEY, calls INTEGER NOT NULL, sum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""
_FORMATS = (_FORMAT_1, _FORMAT_2)
"""What each format adds to the one before: nothing that was there is changed."""


def tables(version: int = FORMAT_VERSION) -> str:
    """The SQL that makes the tables of a format."""
    return "".join(_FORMATS[:version])


def create(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(
        f"BEGIN IMMEDIATE;{tables()}"
        f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT_VERSION};COMMIT"
    )


def version(connection: sqlite3.Connection) -> int:
    row: tuple[int] = connection.execute("PRAGMA user_version").fetchone()
    return row[0]


def migrate(connection: sqlite3.Connection) -> None:
    """Adds what newer formats have: all of it, or nothing. To be called in a transaction."""
    for statement in _added(version(connection)):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")


def stand_in(connection: sqlite3.Connection) -> None:
    """Lets a vault of an earlier format be read as one of today's, without a change to it.

    The tables that it lacks are there for this connection alone, and empty.
    """
    for statement in _added(version(connection)):
        connection.execute(statement.replace("CREATE TABLE", "CREATE TEMP TABLE", 1))


def _added(since: int) -> list[str]:
    statements = "".join(_FORMATS[since:]).split(";")
    return [text.strip() for text in statements if text.strip()]


def row_sum(values: Sequence[Any]) -> int:
    """The first eight bytes of the SHA-256 of the values as a JSON array, as a signed integer.

    Binary values must come as hexadecimal text.
    """
    digest = hashlib.sha256(msgspec.json.encode(values)).digest()
    return int.from_bytes(digest[:8], signed=True)


def get_meta(connection: sqlite3.Connection, key: str) -> str | None:
    """Raises `DamagedError` where the value is not the one that was written."""
    row = connection.execute("SELECT value, sum FROM meta WHERE key = ?", (key,)).fetchone()
    if row is None:
        return None
    value: str = row[0]
    if row[1] != row_sum((key, value)):
        raise DamagedError(
            f"The vault's own note of its {key} is damaged.",
            hint="Restore the file from a copy; `lookervault verify` tells what is still whole.",
        )
    return value


def set_meta(connection: sqlite3.Connection, key: str, value: str) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO meta VALUES (?, ?, ?)", (key, value, row_sum((key, value)))
    )


def type_id(connection: sqlite3.Connection, name: str) -> int | None:
    row = connection.execute("SELECT id FROM types WHERE name = ?", (name,)).fetchone()
    return None if row is None else row[0]


def add_type(connection: sqlite3.Connection, name: str) -> int:
    connection.execute(
        "INSERT OR IGNORE INTO types (name, sum) VALUES (?, ?)", (name, row_sum((name,)))
    )
    row: tuple[int] = connection.execute("SELECT id FROM types WHERE name = ?", (name,)).fetchone()
    return row[0]


def type_names(connection: sqlite3.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM types ORDER BY name")]
