"""SQLite connections: one writer, a reader for each thread, and no automatic checkpoint.

SQLite 3.7.0 to 3.51.2 can lose a commit when a write races a checkpoint on another connection
(https://sqlite.org/wal.html#walresetbug). So everything that writes and every checkpoint goes
through the one connection of `open_writer`, and readers are read-only.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from lookervault.errors import VaultError
from lookervault.storage import schema
from lookervault.storage.failures import remembering

_READER_CACHE_KIB = 512
_WRITER_CACHE_KIB = 8192
_BUSY_TIMEOUT_MS = 5000


def open_writer(path: Path) -> sqlite3.Connection:
    """May be used by any thread that holds the write lock."""
    connection = _connect(path, "rw", _WRITER_CACHE_KIB)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


type Fetch = Callable[[str, bytes, bytes | None], bytes]
"""Gives the data of a row of `objects` or `dictionaries` that is kept elsewhere: by the table, the
SHA-256, and that of the dictionary that it is to be compressed with. Thread-safe.
"""


type IsPlain = Callable[[bytes], bool]
"""Whether a fetched object of that SHA-256 is compressed without its dictionary. Thread-safe."""


def open_reader(
    path: Path, fetch: Fetch | None = None, is_plain: IsPlain = lambda _: False
) -> sqlite3.Connection:
    """Leaves no file behind, and works in a directory that cannot be written to.

    With `fetch`, data that the vault does not have is read as if it were there.

    A vault that nobody has open has no `-wal` file. SQLite then needs one for as long as it
    reads, and removes it afterwards if it may write; `query_only` forbids everything else. Where
    the vault cannot be written to, no process of ours can change it under the reader either.
    """
    if path.with_name(path.name + "-wal").exists():
        mode = "ro"
    elif os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        mode = "rw"
    else:
        mode = "ro&immutable=1"
    connection = _connect(path, mode, _READER_CACHE_KIB)
    with suppress(sqlite3.DatabaseError):  # a damaged beginning: whoever reads on will meet it
        schema.stand_in(connection)
    if fetch is not None:
        _read_elsewhere(connection, fetch, is_plain)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _read_elsewhere(connection: sqlite3.Connection, fetch: Fetch, is_plain: IsPlain) -> None:
    """Names of temporary views come before those of tables."""

    def asked(table: str, digest: bytes, dictionary: bytes | None) -> bytes:
        with remembering():
            return fetch(table, digest, dictionary)

    connection.create_function("fetch", 3, asked)
    connection.create_function("is_plain", 1, is_plain)
    connection.execute(
        """CREATE TEMP VIEW dictionaries AS SELECT id, type, sha256,
        iif(data = x'', fetch('dictionaries', sha256, NULL), data) AS data FROM main.dictionaries"""
    )
    connection.execute(
        """CREATE TEMP VIEW objects AS SELECT id, sha256, size,
        iif(data = x'' AND is_plain(sha256), NULL, dictionary) AS dictionary,
        iif(data = x'', fetch('objects', sha256,
          (SELECT d.sha256 FROM main.dictionaries d WHERE d.id = dictionary)), data) AS data, sum
        FROM main.objects"""
    )


def _connect(path: Path, mode: str, cache_kib: int) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=_BUSY_TIMEOUT_MS / 1000,
    )
    try:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute(f"PRAGMA cache_size = -{cache_kib}")
        connection.execute("PRAGMA mmap_size = 0")
        connection.execute("PRAGMA temp_store = MEMORY")  # no content in other files
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def temporary_files_in(connection: sqlite3.Connection, folder: Path) -> Iterator[None]:
    """Lets a connection keep what is large in a file that has no name, in this folder.

    SQLite removes the name as soon as it has opened the file, so nothing is left of it whatever
    happens. Where it was built without that choice of a folder, memory is used as before.
    """
    named = str(folder.absolute()).replace("'", "''")
    connection.execute(f"PRAGMA temp_store_directory = '{named}'")
    try:
        if connection.execute("PRAGMA temp_store_directory").fetchone() is not None:
            connection.execute("PRAGMA temp_store = FILE")
        yield
    finally:
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA temp_store_directory = ''")


class Readers:
    """A read-only connection for each thread that asks; thread-safe."""

    def __init__(
        self, path: Path, fetch: Fetch | None = None, is_plain: IsPlain = lambda _: False
    ) -> None:
        self._path = path
        self._fetch = fetch
        self._is_plain = is_plain
        self._lock = threading.Lock()
        self._open: dict[threading.Thread, sqlite3.Connection] = {}
        self._closed = False

    def get(self) -> sqlite3.Connection:
        thread = threading.current_thread()
        connection = self._open.get(thread)
        if connection is not None:
            return connection
        with self._lock:
            if self._closed:
                raise VaultError(f"The vault {self._path} was closed.")
            self._close_those_of_ended_threads()
            self._open[thread] = connection = open_reader(self._path, self._fetch, self._is_plain)
        return connection

    def _close_those_of_ended_threads(self) -> None:
        for thread in [thread for thread in self._open if not thread.is_alive()]:
            self._open.pop(thread).close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for connection in self._open.values():
                connection.close()
            self._open.clear()
