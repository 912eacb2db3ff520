"""Brings a folder to the state of a run: only what differs is written or removed.

The marker says what is going on. While files change it says so, and the index names the old and
the new ones, so that an export that was killed leaves nothing behind that the next one does not
know as its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from lookervault.content.registry import TYPES
from lookervault.decoding import decodable
from lookervault.errors import UsageError, VaultError
from lookervault.storage.repository import Repository
from lookervault.storage.runs import RunRow
from lookervault.tree import layout, marker
from lookervault.tree.directory import Directory
from lookervault.tree.layout import FOLDERS, Key
from lookervault.tree.marker import INDEX, MARKER, Entry, Marker
from lookervault.tree.names import folded
from lookervault.tree.spelling import Writer

NEW, CHANGED, MOVED, DELETED = "new", "changed", "moved", "deleted"

type Watch = Callable[[str, int, int], None]
"""What, how many of it are done, and of how many."""


class Change(NamedTuple):
    """What became of an item in the tree."""

    kind: str
    type: str
    id: str


class Outcome(NamedTuple):
    """`items` are all that the tree now holds, `written` says whether any file was changed."""

    items: int
    changes: list[Change]
    written: bool

    def counts(self) -> dict[str, int]:
        found = Counter(change.kind for change in self.changes)
        return {kind: found[kind] for kind in (NEW, CHANGED, MOVED, DELETED)}


def export(
    vault: Repository, row: RunRow, tree: Directory, files: str, watch: Watch = lambda *_: None
) -> Outcome:
    """Raises `UsageError` where the folder is not ours, or holds something in our way."""
    return _Export(vault, row, tree, files, watch).run()


class _Export:
    def __init__(
        self, vault: Repository, row: RunRow, tree: Directory, files: str, watch: Watch
    ) -> None:
        self._vault = vault
        self._row = row
        self._tree = tree
        self._files = files
        self._watch = watch
        before = check_ours(tree, row.instance)
        self._before = {(entry.type, entry.id): entry for entry in before}
        self._entries: dict[Key, Entry] = {}
        self._paths: dict[Key, str] = {}
        self._moved: dict[Key, bytes] = {}
        self._changes: list[Change] = []
        self._begun = False

    def run(self) -> Outcome:
        earlier = {key: entry.path for key, entry in self._before.items()}
        self._paths = layout.paths(_items(self._vault, self._row.run), earlier, self._files)
        self._check_free()
        self._clear()
        for name in TYPES:
            self._write_type(name)
        self._put(INDEX, marker.index_bytes(self._entries.values()))
        self._put(MARKER, marker.marker_bytes(self._told()))
        return Outcome(len(self._entries), self._changes, self._begun)

    # What is there.

    def _check_free(self) -> None:
        """Files that somebody else put where one of ours is to be."""
        ours = {entry.path for entry in self._before.values()}
        alike = {folded(path) for path in ours}
        for path in self._paths.values():
            if path not in ours and folded(path) not in alike and not self._tree.is_free(path):
                raise UsageError(
                    f"{self._tree.path / path} is there already, and no export wrote it.",
                    hint="Move it away.",
                )

    # What changes.

    def _clear(self) -> None:
        """First what goes: a new name may differ from the old one in nothing but case."""
        for key, entry in self._before.items():
            path = self._paths.get(key)
            if path is None:
                self._changes.append(Change(DELETED, *key))
            elif path != entry.path:
                self._moved[key] = sha256(self._tree.read(entry.path) or b"").digest()
            else:
                continue
            self._begin()
            self._tree.remove(entry.path)

    def _write_type(self, name: str) -> None:
        writer = Writer(TYPES[name], self._files)
        for version, body in self._vault.versions(name, self._row.run):
            key = (name, version.id)
            data, entry = writer.write(version, body, self._paths[key])
            self._entries[key] = entry
            if kind := self._write(key, entry.path, data):
                self._changes.append(Change(kind, *key))
            self._watch("items", len(self._entries), len(self._paths))

    def _write(self, key: Key, path: str, data: bytes) -> str:
        """What it is; empty where the file was as it is to be."""
        moved = self._moved.get(key)
        if moved is None and key in self._before and self._tree.read(path) == data:
            return ""
        self._begin()
        self._tree.write(path, data)
        if moved == sha256(data).digest():
            return MOVED
        return CHANGED if key in self._before else NEW

    def _begin(self) -> None:
        if self._begun:
            return
        self._begun = True
        planned = [Entry(path=path, type=t, id=id) for (t, id), path in self._paths.items()]
        ours = {entry.path: entry for entry in (*planned, *self._before.values())}
        told = msgspec.structs.replace(self._told(), state=marker.WRITING)
        self._tree.write(MARKER, marker.marker_bytes(told))
        self._tree.write(INDEX, marker.index_bytes(ours.values()))

    def _put(self, path: str, data: bytes) -> None:
        if self._tree.read(path) != data:
            self._begun = True
            self._tree.write(path, data)

    def _told(self) -> Marker:
        run = self._row.run
        return marker.describe(
            self._row,
            self._vault.type_results(run),
            self._vault.missing(run),
            _unconfirmed(self._vault, self._row),
            self._files,
        )


def check_ours(tree: Directory, instance: str | None = None) -> list[Entry]:
    """What is in the tree. Raises `UsageError` where it is not ours, or another instance's."""
    marker, entries = read_tree(tree)
    if marker is None and tree.names() - {".git"}:
        raise UsageError(
            f"{tree.path} is not empty, and no export made it: it has no {MARKER}.",
            hint="Name a new or an empty folder.",
        )
    if marker is not None and instance not in (None, marker.instance):
        raise UsageError(
            f"{tree.path} holds {marker.instance}, and the vault {instance}.",
            hint="Name another folder.",
        )
    return entries


def read_tree(tree: Directory) -> tuple[Marker | None, list[Entry]]:
    """What the two files of a tree say; None where it has no marker."""
    told = tree.read(MARKER)
    if told is None:
        return None, []
    found = marker.read_marker(told, str(tree.path / MARKER))
    index = tree.read(INDEX)
    return found, [] if index is None else marker.read_index(index, str(tree.path / INDEX))


def _items(vault: Repository, run: int) -> Iterator[layout.Item]:
    if unknown := sorted(set(vault.types()) - TYPES.keys()):
        raise VaultError(
            f"The vault holds {', '.join(unknown)}, which this program does not know.",
            hint="Install the release that wrote it.",
        )
    parents = _parents(vault, run)
    for name, one in TYPES.items():
        for item in vault.items(name, run):
            yield layout.Item(
                name,
                item.id,
                item.name,
                parents.get(item.id) if name == FOLDERS else item.folder_id,
                item.trashed,
                one.in_folder is not None,
            )


@decodable
class _Folder(msgspec.Struct):
    parent_id: Any = None


def _read[T](body: bytes, shape: type[T]) -> T | None:
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _id(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int) and value != "" else None


def _parents(vault: Repository, run: int) -> Mapping[str, str | None]:
    found = ((version.id, _read(body, _Folder)) for version, body in vault.versions(FOLDERS, run))
    return {id: None if folder is None else _id(folder.parent_id) for id, folder in found}


def _unconfirmed(vault: Repository, row: RunRow) -> dict[str, list[str]]:
    """What was there as of the run, without having been looked at."""
    found: dict[str, list[str]] = {}
    for name in TYPES:
        seen: Iterable[str] = vault.confirmed(row.run, name) if name in row.types else ()
        if ids := vault.open_ids(name, row.run).difference(seen):
            found[name] = sorted(ids)
    return found
