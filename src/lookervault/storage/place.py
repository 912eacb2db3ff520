"""Whether the vault's path still shows the file that was opened."""

from __future__ import annotations

from pathlib import Path

from lookervault.errors import VaultError
from lookervault.storage.log import log_path


class Place:
    """A file that is moved, deleted or replaced is written to all the same, says POSIX: what is
    stored then is where nobody looks for it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = log_path(path)
        self._file = _identity(path)

    def log_bytes(self) -> int:
        """Size of the log. Raises as `check` does."""
        self.check()
        try:
            return self._log.stat().st_size
        except FileNotFoundError:
            raise self._gone() from None

    def check(self) -> None:
        """Raises `VaultError` where another file is there now, or none."""
        if _identity(self._path) != self._file:
            raise self._gone()

    def _gone(self) -> VaultError:
        return VaultError(
            f"The vault {self._path} was moved, deleted or replaced while it was written to.",
            hint="Bring it back, with the files that end in -wal and -shm if they went along, and"
            " run the same command again: it goes on with what is there.",
        )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino
