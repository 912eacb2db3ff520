"""The index's file: opened as it is, or made anew beside the vault, or in memory."""

from __future__ import annotations

import fcntl
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from lookervault.storage.search_index import (
    APPLICATION_ID,
    FORMAT,
    TABLES,
    SearchIndex,
    Unusable,
    guarded,
)

_BUSY_TIMEOUT_S = 60.0
_CACHE_KIB = 16_384
_OWNERS_ALONE = 0o600


def index_path(vault: Path) -> Path:
    return vault.with_name(vault.name + ".index")


def open_index(vault: Path) -> SearchIndex:
    """Raises `Unusable` where there is none, or none that can be used."""
    path = index_path(vault)
    writable = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    with guarded():
        connection = _connect(f"file:{quote(str(path))}?mode={'rw' if writable else 'ro'}")
    try:
        _check_format(connection)
        return SearchIndex(connection, writable=writable)
    except BaseException:
        connection.close()
        raise


def _check_format(connection: sqlite3.Connection) -> None:
    with guarded():
        names = ("application_id", "user_version")
        found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
    if found != [APPLICATION_ID, FORMAT]:
        raise Unusable("it is of another format")


def in_memory() -> SearchIndex:
    connection = _connect("file::memory:")
    _create(connection)
    return SearchIndex(connection, writable=True)


@contextmanager
def writing(vault: Path) -> Iterator[int]:
    """One process at a time makes an index or brings it up to date; the others wait.

    What is locked is the draft of a new index, which is gone afterwards: whoever waited looks
    whether the file that it has locked is still the one that others would lock. Raises `OSError`
    where the folder cannot be written to.
    """
    draft = _draft(vault)
    file = _locked(draft)
    try:
        yield file
    finally:
        draft.unlink(missing_ok=True)
        os.close(file)


def make_index(vault: Path, file: int, fill: Callable[[SearchIndex], None]) -> None:
    """Puts a new index in the place of what is there, when it is whole. `file` is what `writing`
    gave. Raises `OSError`, or `Unusable` where it cannot be written.
    """
    path, draft = index_path(vault), _draft(vault)
    os.fchmod(file, _OWNERS_ALONE)  # whatever the umask took away
    os.ftruncate(file, 0)
    with guarded(), closing(_connect(f"file:{quote(str(draft))}?mode=rw")) as connection:
        connection.execute("PRAGMA journal_mode = OFF")  # what breaks off is never used
        connection.execute("PRAGMA synchronous = OFF")
        _create(connection)
        fill(SearchIndex(connection, writable=True))
    os.fsync(file)
    # that of an index that is replaced would be rolled back into the new one
    path.with_name(path.name + "-journal").unlink(missing_ok=True)
    draft.rename(path)


def _draft(vault: Path) -> Path:
    path = index_path(vault)
    return path.with_name(path.name + ".new")


def _locked(draft: Path) -> int:
    while True:
        file = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _OWNERS_ALONE)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file), draft.stat()):
                    return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)


def _connect(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_TIMEOUT_S)
    try:
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA secure_delete = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _create(connection: sqlite3.Connection) -> None:
    connection.executescript(
        f"BEGIN;{TABLES}PRAGMA application_id = {APPLICATION_ID};"
        f"PRAGMA user_version = {FORMAT};COMMIT"
    )
    row = ("salt", secrets.token_hex(16))
    connection.execute("INSERT INTO meta VALUES (?, ?)", row)
