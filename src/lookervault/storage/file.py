"""The vault as a file: what it looks like from outside, and how a new one comes to be."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from lookervault.errors import DamagedError, VaultError
from lookervault.storage import early, schema
from lookervault.storage.failures import explaining
from lookervault.storage.log import log_path

_MAGIC = b"SQLite format 3\x00"
_HEADER_BYTES = 100
_OTHER = "Name the vault with --vault, or choose a name that is not taken."
_COPY = "Restore the file from a copy, or move it away to start a new vault."


def check_header(path: Path) -> int:
    """The format, from the hundred bytes that begin an SQLite file
    (https://sqlite.org/fileformat2.html).

    Raises `VaultError` where this is no vault or one that we do not know, such as one of a
    development version, and `DamagedError` where its beginning is gone.
    """
    header = _read_header(path)
    if not header:
        raise DamagedError(f"The vault {path} is empty: nothing is left of it.", hint=_COPY)
    if not header.strip(b"\x00"):
        raise DamagedError(f"The vault {path} is damaged: it begins with zeros.", hint=_COPY)
    if not header.startswith(_MAGIC):
        raise VaultError(f"{path} is no vault: it is not an SQLite file.", hint=_OTHER)
    if len(header) < _HEADER_BYTES:
        raise DamagedError(f"The vault {path} is damaged: only its beginning is left.", hint=_COPY)
    version = _format(path, header)
    if version == 1:
        early.check(path)
    return version


def _read_header(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEADER_BYTES)
    except FileNotFoundError as error:
        raise VaultError(
            f"There is no vault at {path}.",
            hint="Name it with --vault, or make one with `lookervault extract`.",
        ) from error
    except OSError as error:
        raise VaultError(
            f"The vault {path} cannot be read: {error.strerror}.",
            hint="Check that it is a file, and its permissions.",
        ) from error


def _format(path: Path, header: bytes) -> int:
    version = int.from_bytes(header[60:64])
    if int.from_bytes(header[68:72]) != schema.APPLICATION_ID:
        raise VaultError(f"{path} is no vault: it is an SQLite file of another kind.", hint=_OTHER)
    if version > schema.FORMAT_VERSION:
        raise VaultError(
            f"The vault {path} was made by a newer LookerVault: its format is {version}, and this"
            f" program knows formats up to {schema.FORMAT_VERSION}.",
            hint="Update LookerVault.",
        )
    if version < 1:
        raise DamagedError(f"The vault {path} is damaged: it has no format version.", hint=_COPY)
    return version


def make(path: Path) -> None:
    """A new, empty vault of mode 0600: whole, or not there at all. The caller has the lock."""
    for left in (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm")):
        if left.exists():
            raise VaultError(
                f"There is no vault at {path}, but a part of one: {left.name}.",
                hint="Bring the vault back beside it, or move that file away.",
            )
    draft = path.with_name(path.name + ".new")
    remove(draft)
    try:
        _write(draft, path)
    except BaseException:
        remove(draft)
        raise
    draft.rename(path)


def disk_bytes(vault: Path) -> int:
    """Of the file and its log."""
    files = (vault, log_path(vault))
    return sum(file.stat().st_size for file in files if file.exists())


def remove(vault: Path) -> None:
    """With what SQLite keeps beside it; nothing happens where there is none."""
    for suffix in ("", "-wal", "-shm"):
        vault.with_name(vault.name + suffix).unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Returns when the file is on the disk."""
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _write(draft: Path, path: Path) -> None:
    file = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(file, 0o600)  # whatever the umask took away
        with explaining(path), closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = OFF")  # once, when it is whole
            schema.create(connection)
        os.fsync(file)
    finally:
        os.close(file)
