"""New files that are handed on: whole, for their owner alone, and in nobody else's place."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from lookervault.errors import LookerVaultError, UsageError

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def write_new(path: Path, data: bytes, what: str, option: str) -> None:
    """All of it, of mode 0600 whatever the umask, or nothing. `what` it is begins a sentence.

    Raises `FileExistsError` where the file is there, `UsageError` where it cannot be made, and
    `LookerVaultError` where the disk does not take it.
    """
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise
    except OSError as error:
        raise _not_written(path, what, option, error, made=False) from None
    try:
        _fill(file, data)
    except OSError as error:
        path.unlink()
        raise _not_written(path, what, option, error, made=True) from None
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
