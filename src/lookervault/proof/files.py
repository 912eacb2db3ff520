"""Files that are handed on: whole, and for their owner alone."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

from lookervault.errors import LookerVaultError, UsageError

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def write_new(path: Path, data: bytes, what: str, option: str) -> None:
    """All of it, of mode 0600 whatever the umask, or nothing. `what` it is begins a sentence.

    Raises `FileExistsError` where the file is there, `UsageError` where it cannot be made, and
    `LookerVaultError` where the disk does not take it.
    """
    _make(path, data, path, what, option)


def check_place(path: Path, what: str, option: str) -> None:
    """Raises `UsageError` where `replace` would; to be asked before the work is done."""
    folder = path.parent
    if not folder.is_dir():
        raise UsageError(
            f"{what} cannot be written to {path}: there is no folder {folder}.",
            hint=f"Make that folder, or name a file in another one with {option}.",
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(
            f"{what} cannot be written to {path}: the folder {folder} may not be written to.",
            hint=f"Name a file in another folder with {option}.",
        )
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is no file.", hint=f"Name another one with {option}.")


def replace(path: Path, data: bytes, what: str, option: str) -> None:
    """As `write_new`, in place of what is there, which stays until the new file is whole."""
    draft = path.with_name(f".{secrets.token_hex(8)}.new")
    _make(draft, data, path, what, option)
    try:
        draft.replace(path)
    except BaseException:
        draft.unlink()
        raise


def _make(path: Path, data: bytes, asked: Path, what: str, option: str) -> None:
    """What is said of a failure is said of the file that was `asked` for."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise
    except OSError as error:
        raise _not_written(asked, what, option, error, made=False) from None
    try:
        _fill(file, data)
    except OSError as error:
        path.unlink()
        raise _not_written(asked, what, option, error, made=True) from None
    except BaseException:
        path.unlink()
        raise


def _fill(file: int, data: bytes) -> None:
    with os.fdopen(file, "wb") as opened:
        os.fchmod(file, 0o600)
        opened.write(data)
        opened.flush()
        os.fsync(file)


def _not_written(
    path: Path, what: str, option: str, error: OSError, *, made: bool
) -> LookerVaultError:
    said = f"{what} cannot be written to {path}: {error.strerror}."
    if made or error.errno in _NO_SPACE:
        return LookerVaultError(
            f"{said} No part of it is left there.",
            hint=f"Free some space there, or name a file on another disk with {option}.",
        )
    return UsageError(said, hint=f"Name a file in a folder that you may write to with {option}.")
