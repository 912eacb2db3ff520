from __future__ import annotations

import errno
import os
import resource
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lookervault.errors import AccessError, NoSuchObjectError, StoreError
from lookervault.snapshot.folder import FolderStore

type Ask = Callable[[FolderStore], object]

OPERATIONS: dict[str, Ask] = {
    "create": lambda store: store.create("packs/name", b"data"),
    "get": lambda store: store.get("packs/name"),
    "get_part": lambda store: store.get_part("packs/name", 0, 9),
    "list": lambda store: store.list("packs/"),
    "delete": lambda store: store.delete(["packs/name"]),
}
every_operation = pytest.mark.parametrize("operation", OPERATIONS)


@pytest.fixture
def root(own_directory: Path) -> Path:
    return own_directory / "store"


@pytest.fixture
def store(root: Path) -> FolderStore:
    return FolderStore(root)


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o277])
def test_files_and_folders_are_their_owners_alone(
    store: FolderStore, root: Path, mask: int
) -> None:
    with umask(mask & 0o077):
        store.create("packs/a/name", b"data")
    with umask(mask):
        store.create("packs/a/other", b"data")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [root, *root.rglob("*")]}
    assert modes == {"store": 0o700, "packs": 0o700, "a": 0o700, "name": 0o600, "other": 0o600}


def test_nothing_but_the_object_is_left_of_a_write(store: FolderStore, root: Path) -> None:
    store.create("packs/name", b"data")
    store.create("packs/name", b"other")
    assert files_in(root) == {"packs/name"}


def test_an_object_that_does_not_fit_is_not_there_in_part(store: FolderStore, root: Path) -> None:
    store.create("packs/small", b"data")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, hard))
    try:
        with pytest.raises(StoreError, match="Cannot write packs/big .* .EFBIG.") as caught:
            store.create("packs/big", bytes(8_192))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "Free some space" in caught.value.hint
    assert files_in(root) == {"packs/small"}


@every_operation
def test_a_folder_in_one_that_is_not_there_is_not_made(own_directory: Path, operation: str) -> None:
    """A disk that is not mounted looks like that."""
    store = FolderStore(own_directory / "not-mounted/store")
    with pytest.raises(StoreError, match="there is no folder .*/not-mounted") as caught:
        OPERATIONS[operation](store)
    assert not isinstance(caught.value, NoSuchObjectError)
    assert "Mount the disk" in caught.value.hint
    assert not (own_directory / "not-mounted").exists()


@pytest.mark.parametrize("operation", ["get", "get_part", "list", "delete"])
def test_a_folder_that_nobody_has_written_to_is_empty_and_not_made(
    store: FolderStore, root: Path, operation: str
) -> None:
    if operation.startswith("get"):
        with pytest.raises(NoSuchObjectError):
            OPERATIONS[operation](store)
    else:
        OPERATIONS[operation](store)
    assert not root.exists()


@every_operation
def test_no_link_inside_leads_out(
    store: FolderStore, root: Path, own_directory: Path, operation: str
) -> None:
    outside = own_directory / "outside"
    outside.mkdir()
    (outside / "name").write_bytes(b"private")
    root.mkdir()
    (root / "packs").symlink_to(outside)
    with pytest.raises(StoreError, match="ENOTDIR|ELOOP") as caught:
        OPERATIONS[operation](store)
    assert "No symbolic link is followed" in caught.value.hint
    assert (outside / "name").read_bytes() == b"private"
    assert files_in(outside) == {"name"}


def test_a_link_in_an_objects_place_is_not_followed(
    store: FolderStore, root: Path, own_directory: Path
) -> None:
    private = own_directory / "private"
    private.write_bytes(b"private")
    store.create("packs/other", b"data")
    (root / "packs/name").symlink_to(private)
    with pytest.raises(StoreError, match="ELOOP"):
        store.get("packs/name")
    assert not store.create("packs/name", b"data")
    assert [found.name for found in store.list("packs/")] == ["packs/other"]
    store.delete(["packs/name"])
    assert private.read_bytes() == b"private"
    assert store.create("packs/name", b"data")


def test_what_is_no_object_is_neither_listed_nor_read(store: FolderStore, root: Path) -> None:
    store.create("packs/name", b"data")
    (root / "packs/.draft").write_bytes(b"left by a power cut")
    (root / "packs/read_me.txt").write_bytes(b"somebody else's")
    (root / ".hidden").mkdir()
    (root / ".hidden/name").write_bytes(b"x")
    os.mkfifo(root / "packs/pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("store/packs/socket")
    assert [found.name for found in store.list("")] == ["packs/name"]
    for name in ("packs", "packs/pipe"):
        with pytest.raises(NoSuchObjectError):
            store.get(name)


def test_what_killed_writes_left_goes_a_day_later(store: FolderStore, root: Path) -> None:
    store.create("packs/one", b"data")
    now = (root / "packs/one").stat().st_mtime
    left = [root / f"packs/.{digit * 32}" for digit in "0123"]
    for path in (*left[:3], root / "packs/.notes"):
        path.write_bytes(b"half")
        os.utime(path, (now, now - 90_000))
    os.utime(left[1], (now, now - 80_000))
    left[2].unlink()
    left[2].symlink_to("one")
    os.utime(left[2], (now, now - 90_000), follow_symlinks=False)
    left[3].mkdir()
    os.utime(left[3], (now, now - 90_000))
    assert store.create("packs/two", b"data")
    assert left[0].exists(), "a folder is looked at once"
    assert FolderStore(root).create("packs/three", b"data")
    there = {path.name for path in (root / "packs").iterdir()}
    assert there == {"one", "two", "three", ".notes", *(path.name for path in left[1:])}


@every_operation
def test_a_file_in_the_way_of_a_folder_is_told(
    store: FolderStore, root: Path, operation: str
) -> None:
    root.mkdir()
    (root / "packs").write_bytes(b"")
    with pytest.raises(StoreError, match="ENOTDIR"):
        OPERATIONS[operation](store)


def test_a_file_system_without_hard_links_is_told_and_left_as_it_was(root: Path) -> None:
    def link(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    with pytest.raises(StoreError, match="has no hard links") as caught:
        FolderStore(root, link).create("packs/name", b"data")
    assert not isinstance(caught.value, AccessError)
    assert files_in(root) == set()


def test_what_the_system_forbids_is_a_matter_of_permission(root: Path) -> None:
    def link(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with pytest.raises(AccessError, match="Read-only file system .EROFS."):
        FolderStore(root, link).create("packs/name", b"data")


def test_a_store_behind_a_link_is_the_folder_that_is_meant(own_directory: Path) -> None:
    (own_directory / "disk").mkdir()
    (own_directory / "link").symlink_to(own_directory / "disk")
    store = FolderStore(own_directory / "link")
    assert store.create("name", b"data")
    assert files_in(own_directory / "disk") == {"name"}
