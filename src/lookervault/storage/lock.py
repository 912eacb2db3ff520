"""One process at a time may write a vault: an advisory lock on a file beside it."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from lookervault.errors import VaultError

_TRIES = 5
_PAUSE = 0.05  # seconds; a process that only asks `is_held` has the lock for less


def lock_path(vault: Path) -> Path:
    return vault.with_name(vault.name + ".lock")


class ProcessLock:
    """Held from construction until `release`, or until the process ends, however it ends."""

    def __init__(
        self, vault: Path, *, now: float, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._path = lock_path(vault)
        self._file = _open(self._path, vault)
        try:
            os.fchmod(self._file, 0o600)
            self._acquire(vault, sleep)
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, _holder(now), 0)
        except OSError as error:
            os.close(self._file)
            raise _refused(self._path, vault, error) from error
        except BaseException:
            os.close(self._file)
            raise

    def _acquire(self, vault: Path, sleep: Callable[[float], object]) -> None:
        for attempt in range(_TRIES):
            if attempt:
                sleep(_PAUSE)
            if _try(self._file, fcntl.LOCK_EX):
                return
        who = os.pread(self._file, 200, 0).decode(errors="replace").strip()
        raise VaultError(
            f"The vault {vault} is in use by {who or 'another process'}.",
            hint="Wait until that process is done. Reading is possible meanwhile.",
        )

    def release(self) -> None:
        """The file stays: removing it would let two processes lock two files of one name."""
        os.ftruncate(self._file, 0)
        os.close(self._file)


def _open(path: Path, vault: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _refused(path, vault, error) from error


def _refused(path: Path, vault: Path, error: OSError) -> VaultError:
    return VaultError(
        f"The vault {vault} cannot be locked: {error.strerror} ({path.parent}).",
        hint="Check that its directory exists, that you may write to it and that there is space.",
    )


def is_held(vault: Path) -> bool:
    """Whether some process writes the vault now."""
    try:
        file = os.open(lock_path(vault), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not _try(file, fcntl.LOCK_SH)
    finally:
        os.close(file)


def _try(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    return True


def _holder(now: float) -> bytes:
    since = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"process {os.getpid()} since {since}\n".encode()
