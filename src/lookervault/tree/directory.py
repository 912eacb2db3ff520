"""The only door to the files of a tree.

Every step below the folder is opened as what it should be: a link is never followed, so that
nothing outside is read or written, whatever somebody put there.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from pathlib import Path
from typing import Self

from lookervault.errors import LookerVaultError, UsageError

_TEMPORARY = ".lookervault.tmp"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Directory:
    """One tree, open for one process at a time. Paths are relative, with `/`. Not thread-safe.

    Raises `UsageError` where it is no folder, `LookerVaultError` where it is in use.
    """

    def __init__(self, path: Path, *, make: bool = False) -> None:
        self.path = path
        try:
            if make:
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._root = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except (FileNotFoundError, FileExistsError, NotADirectoryError):
            raise _no_folder(path) from None
        self._open = ("", self._root)
        try:
            fcntl.flock(self._root, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise LookerVaultError(
                f"Another process is exporting into {path}, or importing it.",
                hint="Wait until it has ended.",
            ) from None

    def close(self) -> None:
        self._leave()
        os.close(self._root)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def names(self) -> set[str]:
        """What lies directly in it, except for what a killed export left behind."""
        names = os.listdir(self._root)  # noqa: PTH208  a folder that is open
        return set(names) - {_TEMPORARY}

    def read(self, path: str) -> bytes | None:
        """None where there is no such file, or something else stands there, such as a link."""
        folder, name = self._enter(path, make=False)
        if folder is None:
            return None
        try:
            descriptor = os.open(name, _FILE, dir_fd=folder)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ELOOP, errno.ENXIO):
                return None
            raise
        with os.fdopen(descriptor, "rb") as file:
            return file.read() if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None

    def is_free(self, path: str) -> bool:
        folder, name = self._enter(path, make=False)
        return folder is None or not _there(folder, name)

    def write(self, path: str, data: bytes) -> None:
        """All of it or nothing; what was there is replaced, a link by the file."""
        folder, name = self._enter(path, make=True)
        if folder is None:  # it was made just now
            raise FileNotFoundError(path)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(_TEMPORARY, dir_fd=self._root)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(_TEMPORARY, flags, 0o600, dir_fd=self._root), "wb") as file:
            file.write(data)
        os.replace(_TEMPORARY, name, src_dir_fd=self._root, dst_dir_fd=folder)

    def remove(self, path: str) -> None:
        """The file, and the folders that are empty without it."""
        folder, name = self._enter(path, make=False)
        if folder is None:
            return
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
        while "/" in path:
            path = path.rpartition("/")[0]
            folder, name = self._enter(path, make=False)
            if folder is None:
                return
            try:
                os.rmdir(name, dir_fd=folder)
            except OSError:  # it holds something
                return

    # Steps.

    def _enter(self, path: str, *, make: bool) -> tuple[int | None, str]:
        """The folder of a file, None where there is none; and the file's name in it."""
        holder, _, name = path.rpartition("/")
        if self._open[0] == holder and holder:
            return self._open[1], name
        self._leave()
        folder = self._root
        for step in holder.split("/") if holder else ():
            below = self._step(folder, step, holder, make=make)
            if folder != self._root:
                os.close(folder)
            if below is None:
                return None, name
            folder = below
        if folder != self._root:
            self._open = (holder, folder)
        return folder, name

    def _step(self, folder: int, name: str, path: str, *, make: bool) -> int | None:
        try:
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(name, 0o700, dir_fd=folder)
            return os.open(name, _FOLDER, dir_fd=folder)
        except FileNotFoundError:
            return None
        except (NotADirectoryError, OSError) as error:
            if error.errno not in (errno.ENOTDIR, errno.ELOOP):
                raise
            raise UsageError(
                f"{name!r} in {self.path / path} is no folder: a link, or a file.",
                hint="Move it away: an export follows no links.",
            ) from None

    def _leave(self) -> None:
        if self._open[0]:
            os.close(self._open[1])
        self._open = ("", self._root)


def _no_folder(path: Path) -> UsageError:
    """What stands there, or on the way to it, in its place."""
    for one in (*reversed(path.parents), path):
        if os.path.lexists(one) and not one.is_dir():
            return UsageError(
                f"{one} is no folder, so there is no tree of files in it.",
                hint="Name a folder: a new one, an empty one or that of an earlier export.",
            )
    return UsageError(
        f"There is no folder {path}.", hint="Name the folder that an export has written."
    )


def _there(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
