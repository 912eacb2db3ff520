"""What SQLite's errors mean to a person. No other room ever sees one of them."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from lookervault.errors import DamagedError, LookerVaultError, VaultError

_PRIMARY = 0xFF  # the low byte of an extended result code is the primary one

_PLAIN = {
    sqlite3.SQLITE_FULL: ("the disk is full", "Free some space, then run the command again."),
    sqlite3.SQLITE_BUSY: (
        "another process holds it locked",
        "Wait until the other process is done, then run the command again.",
    ),
    sqlite3.SQLITE_READONLY: (
        "it cannot be written to",
        "Check the permissions of the file and of its directory.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "it cannot be opened",
        "Check the permissions of file and directory, and the limit on open files (ulimit -n).",
    ),
    sqlite3.SQLITE_PERM: ("access was denied", "Check the permissions of the file."),
    sqlite3.SQLITE_IOERR: (
        "reading or writing failed",
        "Check the disk, its free space and limits on the size of files.",
    ),
    sqlite3.SQLITE_NOMEM: ("there was not enough memory", "Close other programs and try again."),
    sqlite3.SQLITE_CONSTRAINT: (
        "a row contradicts others",
        "`lookervault verify` tells whether the vault is damaged.",
    ),
}


_elsewhere = threading.local()


@contextmanager
def remembering() -> Iterator[None]:
    """SQLite tells of a function only that it failed: `explaining` then raises what it raised."""
    try:
        yield
    except LookerVaultError as error:
        _elsewhere.error = error
        raise


def raise_remembered() -> None:
    """What a function raised that SQLite called, if one did."""
    cause, _elsewhere.error = getattr(_elsewhere, "error", None), None
    try:
        if cause is not None:
            raise cause from None
    finally:
        del cause  # it has this frame in its traceback, and would keep what others hold open


def explained(error: sqlite3.Error, path: Path) -> VaultError:
    """SQLite's error in our words; what has no plain cause is damage."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & _PRIMARY if isinstance(code, int) else None
    if primary in _PLAIN:
        why, hint = _PLAIN[primary]
        return VaultError(f"The vault {path} cannot be used: {why} ({error}).", hint=hint)
    if primary == sqlite3.SQLITE_NOTADB:
        return VaultError(
            f"{path} is no vault: it is not an SQLite file.",
            hint="Name the vault with --vault, or choose a new file.",
        )
    return _damaged(path, error)


def _damaged(path: Path, error: Exception) -> DamagedError:
    return DamagedError(
        f"The vault {path} is damaged: {error}.",
        hint="Restore the file from a copy; `lookervault verify` tells what is still whole.",
    )


@contextmanager
def explaining(path: Path) -> Iterator[None]:
    """Turns SQLite's errors into `VaultError` and `DamagedError`."""
    _elsewhere.error = None
    try:
        yield
    except sqlite3.ProgrammingError:
        raise  # a mistake of this program
    except sqlite3.Error as error:
        raise_remembered()
        raise explained(error, path) from error
    except (UnicodeDecodeError, json.JSONDecodeError, msgspec.MsgspecError) as error:
        raise _damaged(path, error) from error  # text of another form than was written
