"""A folder as a place for snapshots: on a disk, or on what is mounted like one.

An object is written to a hidden file beside its place, brought to the disk, and then linked to its
name, which fails where the name is taken: it is there whole or not at all, also after a power cut.
What a cut leaves behind is a hidden file, which nobody reads, and which goes when somebody writes
there a day later. Each folder on the way is opened from the one before and no symbolic link is
followed, so that nothing leads out of the store.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from lookervault.errors import AccessError, NoSuchObjectError, StoreError
from lookervault.snapshot.names import check_name, check_prefix, is_name
from lookervault.snapshot.store import Stored

_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # a pipe is not waited for
_FOLDER = os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY
_NEW = os.O_WRONLY | os.O_CLOEXEC | os.O_CREAT | os.O_EXCL

_DRAFT = re.compile(r"\.[0-9a-f]{32}")
_OLD = 86_400.0
"""Seconds after which nobody is at work on a draft. Whoever is after all fails, and harms nothing:
there is nothing to link then.
"""

_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
_LED_AWAY = {errno.ELOOP, errno.ENOTDIR}


class FolderStore:
    """Thread-safe, also beside other processes. The folder itself is made when it is written to;
    the one around it has to be there, lest an unmounted disk be taken for an empty one.
    """

    def __init__(self, root: Path, link: Callable[..., None] = os.link) -> None:
        self._root = root
        self._hard_link = link
        self._swept: set[str] = set()

    @property
    def url(self) -> str:
        return self._root.as_uri()

    def create(self, name: str, data: bytes) -> bool:
        check_name(name)
        *folders, last = name.split("/")
        with self._explaining("write", name), self._opened(folders, make=True) as folder:
            draft = f".{secrets.token_hex(16)}"
            file = os.open(draft, _NEW, 0o600, dir_fd=folder)
            try:
                _fill(file, data)
                self._sweep("/".join(folders), folder, draft)
                made = self._link(draft, last, folder)
            finally:
                os.unlink(draft, dir_fd=folder)
            os.fsync(folder)  # also for one that was there: whoever made it may have died before
        return made

    def get(self, name: str) -> bytes:
        return self._read(name, lambda file: _part(file, 0, os.fstat(file).st_size))

    def get_part(self, name: str, start: int, length: int) -> bytes:
        return self._read(name, lambda file: _part(file, start, length))

    def list(self, prefix: str) -> Iterator[Stored]:
        check_prefix(prefix)
        found: list[Stored] = []
        with (
            self._explaining("list", prefix),
            suppress(FileNotFoundError),
            self._opened(prefix.split("/")[:-1]) as folder,
        ):
            found = [*_files(folder, prefix)]
        return iter(found)

    def delete(self, names: Sequence[str]) -> None:
        by_folder: dict[str, list[str]] = defaultdict(list)
        for name in names:
            check_name(name)
            folder_name, _, last = name.rpartition("/")
            by_folder[folder_name].append(last)
        for folder_name, lasts in by_folder.items():
            with (
                self._explaining("delete from", folder_name),
                suppress(FileNotFoundError),
                self._opened(folder_name.split("/") if folder_name else []) as folder,
            ):
                for last in lasts:
                    with suppress(FileNotFoundError):
                        os.unlink(last, dir_fd=folder)
                os.fsync(folder)

    def _read(self, name: str, read: Callable[[int], bytes]) -> bytes:
        check_name(name)
        *folders, last = name.split("/")
        with self._explaining("read", name):
            try:
                with self._opened(folders) as folder:
                    file = os.open(last, _READ, dir_fd=folder)
            except FileNotFoundError:
                self._missing(name)
            try:
                if not stat.S_ISREG(os.fstat(file).st_mode):
                    self._missing(name)
                return read(file)
            finally:
                os.close(file)

    def _missing(self, name: str) -> NoReturn:
        raise NoSuchObjectError(f"There is no object {name} in {self.url}.")

    def _sweep(self, name: str, folder: int, own: str) -> None:
        """Removes what killed writes left in a folder, once, by the clock that dated our own."""
        if name in self._swept:
            return
        self._swept.add(name)
        now = os.stat(own, dir_fd=folder).st_mtime
        for left in filter(_DRAFT.fullmatch, os.listdir(folder)):
            with suppress(OSError):  # gone meanwhile, or not ours to remove
                found = os.stat(left, dir_fd=folder, follow_symlinks=False)
                if stat.S_ISREG(found.st_mode) and found.st_mtime < now - _OLD:
                    os.unlink(left, dir_fd=folder)

    def _link(self, draft: str, last: str, folder: int) -> bool:
        try:
            self._hard_link(
                draft, last, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False
            )
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            raise StoreError(
                f"{self.url} cannot hold snapshots: its file system has no hard links, without"
                " which an object may be there in part.",
                hint="Choose a folder on another file system, such as ext4, XFS, Btrfs or APFS.",
            ) from None
        return True

    @contextmanager
    def _opened(self, folders: Sequence[str], *, make: bool = False) -> Iterator[int]:
        """Raises `FileNotFoundError` where one of them is not there."""
        folder = self._opened_root(make=make)
        try:
            for name in folders:
                if make:
                    _make(name, folder)
                inner = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
                os.close(folder)
                folder = inner
            yield folder
        finally:
            os.close(folder)

    def _opened_root(self, *, make: bool) -> int:
        around = self._root.parent
        try:
            folder = os.open(around, _FOLDER)
        except FileNotFoundError:
            raise StoreError(
                f"{self.url} cannot be reached: there is no folder {around}.",
                hint="Mount the disk that it is on, correct the path, or make that folder.",
            ) from None
        try:
            if make:
                _make(self._root.name, folder)
        finally:
            os.close(folder)
        return os.open(self._root, _FOLDER)

    @contextmanager
    def _explaining(self, verb: str, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            code = errno.errorcode.get(error.errno or 0, "OSError")
            place = f"{name} in {self.url}" if name else self.url
            said = f"Cannot {verb} {place}: {error.strerror} ({code})."
            if error.errno in _FORBIDDEN:
                hint = "Give this user the right to read and write the folder and what is in it."
                raise AccessError(said, hint=hint) from None
            if error.errno in _FULL:
                raise StoreError(
                    said, hint="Free some space there. The same command goes on."
                ) from None
            if error.errno in _LED_AWAY:
                hint = "No symbolic link is followed inside the store, and a file is no folder."
                raise StoreError(said, hint=hint) from None
            raise StoreError(said, hint="Check the disk, and whether it is mounted.") from None


def _make(name: str, around: int) -> None:
    with suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=around)
        os.fsync(around)


def _fill(file: int, data: bytes) -> None:
    with os.fdopen(file, "wb") as opened:
        os.fchmod(file, 0o600)  # whatever the umask took away
        opened.write(data)
        opened.flush()
        os.fsync(file)


def _part(file: int, start: int, length: int) -> bytes:
    parts: list[bytes] = []
    while length > 0 and (part := os.pread(file, length, start)):
        parts.append(part)
        start += len(part)
        length -= len(part)
    return b"".join(parts)


def _files(folder: int, prefix: str) -> Iterator[Stored]:
    """What is no object is passed over: drafts, links, files that somebody else put there."""
    for path, _, files, inner in os.fwalk(".", onerror=_raise, dir_fd=folder):
        for file in files:
            name = prefix + os.path.normpath(f"{path}/{file}")
            if not is_name(name):
                continue
            with suppress(FileNotFoundError):  # gone meanwhile
                found = os.stat(file, dir_fd=inner, follow_symlinks=False)
                if stat.S_ISREG(found.st_mode):
                    yield Stored(name, found.st_size, found.st_mtime)


def _raise(error: OSError) -> NoReturn:
    raise error
