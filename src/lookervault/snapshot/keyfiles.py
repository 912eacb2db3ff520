"""Files with keys: identities as `age-keygen` writes them, and the index key of a store."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pyrage

from lookervault.errors import UsageError
from lookervault.snapshot.seal import KEY_BYTES

_INDEX_KEY = re.compile(r"LOOKERVAULT-INDEX-KEY-([0-9a-f]{64})")
_LONGEST_FILE = 64 * 2**10


def read_identities(path: Path) -> list[pyrage.x25519.Identity]:
    """From a file as `age-keygen` writes it. Raises `UsageError`, which shows nothing of it."""
    lines = _lines(path, "identity")
    try:
        found = [pyrage.x25519.Identity.from_str(line) for line in lines]
    except pyrage.IdentityError:
        found = []
    if not found:
        raise UsageError(
            f"{path} holds no age identity.",
            hint="It has a line that begins with AGE-SECRET-KEY-1; `age-keygen` makes it.",
        )
    return found


def check_free(path: Path) -> None:
    """Raises `UsageError` where a key cannot be written to that file, which is not to be there."""
    if os.path.lexists(path):
        raise UsageError(
            f"{path} is there already.", hint="Name another file: none is written over."
        )
    if not os.access(path.parent, os.W_OK):
        raise _unwritten(path, "no file can be made in that folder")


def index_key_for(path: Path) -> tuple[bytes, bool]:
    """The key in a file, and true; a new one, and false, where that is not there."""
    if path.exists():
        return read_index_key(path), True
    check_free(path)
    return os.urandom(KEY_BYTES), False


def read_index_key(path: Path) -> bytes:
    text = "".join(_lines(path, "index key"))
    match = _INDEX_KEY.fullmatch(text)
    if match is None:
        raise UsageError(
            f"{path} holds no index key.",
            hint="It has one line that begins with LOOKERVAULT-INDEX-KEY-.",
        )
    return bytes.fromhex(match[1])


def write_index_key(path: Path, key: bytes) -> None:
    """Raises `UsageError` where the file is there, or cannot be written."""
    check_free(path)
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(opened, "w", encoding="ascii") as file:
            file.write(f"LOOKERVAULT-INDEX-KEY-{key.hex()}\n")
            file.flush()
            os.fsync(opened)
    except OSError as error:
        raise _unwritten(path, str(error.strerror)) from None


def _unwritten(path: Path, why: str) -> UsageError:
    return UsageError(
        f"The index key cannot be written to {path}: {why}.",
        hint="Name a file in a folder that is there.",
    )


def _lines(path: Path, what: str) -> list[str]:
    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST_FILE).decode("ascii")
    except (OSError, ValueError):
        raise UsageError(
            f"The {what} {path} cannot be read.", hint="Check that the file is there, and is text."
        ) from None
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
