"""A tree of JSON files brought back into a new vault.

The content is that of the run, which its Merkle root proves; the bytes are not those of Looker, so
the run says that it was imported. What the exported run left open stays open, and nothing counts
as read: nobody asked Looker.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import batched, groupby
from pathlib import Path
from typing import NamedTuple

import msgspec

from lookervault import __version__
from lookervault.content.items import ItemReader
from lookervault.content.model import Item
from lookervault.content.registry import TYPES
from lookervault.errors import BadAnswerError, LookerVaultError, UsageError
from lookervault.storage import file
from lookervault.storage.lock import ProcessLock
from lookervault.storage.repository import Repository
from lookervault.storage.runs import IMPORT, RESUMABLE, Proof, RunEnd, RunStart, TypeResult
from lookervault.tree.directory import Directory
from lookervault.tree.export import Watch, read_tree
from lookervault.tree.marker import MARKER, WHOLE, Entry, Marker, Result
from lookervault.tree.spelling import read_item

_PAGE = 200
_RESTORE = "Restore it (`git status` shows what was changed), or export again."
_EARLIER = "imported: what was there before the run, which did not look at it"


class Imported(NamedTuple):
    """`run` is the number in the new vault, `of` the one that was exported."""

    run: int
    of: int
    status: str
    items: int
    root: bytes | None


def bring(tree: Directory, vault: Path, watch: Watch = lambda *_: None) -> Imported:
    """Makes the vault, whole or not at all.

    Raises `UsageError` where it is there already or the tree is none, and `LookerVaultError` where
    the files are not those that were exported.
    """
    if vault.exists():
        raise UsageError(f"{vault} is there already.", hint="Name a file that is not: --vault.")
    marker, entries = read_tree(tree)
    marker = _checked(marker, entries, tree.path)
    draft = vault.with_name(f"{vault.name}.importing")
    lock = ProcessLock(vault, now=marker.finished)
    try:
        file.remove(draft)  # of an import that was killed
        with Repository.open(draft, write=True) as repository:
            imported = _Import(tree, marker, repository, watch).run(entries)
        draft.rename(vault)
        return imported
    finally:
        file.remove(draft)
        draft.with_name(f"{draft.name}.lock").unlink(missing_ok=True)
        lock.release()


def _checked(marker: Marker | None, entries: Iterable[Entry], folder: Path) -> Marker:
    if marker is None:
        raise UsageError(
            f"{folder} was not made by an export: it has no {MARKER}.", hint="Name another folder."
        )
    if marker.files != "json":
        raise UsageError(
            f"{folder} holds {marker.files.upper()}, and only JSON can be imported.",
            hint="Export with --format json: YAML does not keep everything.",
        )
    if marker.state != WHOLE:
        raise UsageError(
            f"An export into {folder} was stopped before its end.", hint="Run that export again."
        )
    if unknown := {entry.type for entry in entries} - TYPES.keys():
        raise UsageError(f"This program knows no type {min(unknown)!r}.")
    return marker


class _Import:
    def __init__(
        self, tree: Directory, marker: Marker, repository: Repository, watch: Watch
    ) -> None:
        self._tree = tree
        self._marker = marker
        self._repository = repository
        self._watch = watch
        self._done = 0
        self._total = 0

    def run(self, entries: list[Entry]) -> Imported:
        self._total = len(entries)
        self._repository.set_instance(self._marker.instance)
        unconfirmed = {name: frozenset(ids) for name, ids in self._marker.unconfirmed.items()}
        earlier = [e for e in entries if e.id in unconfirmed.get(e.type, ())]
        if earlier:
            self._bring_earlier(earlier)
        run = self._begin(self._marker.types, self._marker.scope)
        self._store(run, [e for e in entries if e.id not in unconfirmed.get(e.type, ())])
        root, by_type = self._repository.root(run, self._marker.types)
        self._check_root(root, by_type)
        results = [_result(one, by_type) for one in self._marker.results]
        end = self._end(results, None if self._marker.root is None else root)
        self._repository.end_run(run, end)
        return Imported(run, self._marker.run, end.status, len(entries), end.root)

    def _bring_earlier(self, entries: list[Entry]) -> None:
        """Into a run of its own: the exported one says nothing of them."""
        types = sorted({entry.type for entry in entries})
        run = self._begin(types, None)
        self._store(run, entries)
        root, _ = self._repository.root(run, types)
        end = RunEnd(
            finished=self._marker.started,
            status="partial",
            reasons=[_EARLIER],
            items=len(entries),
            root=root,
            proofs=[_unread(name) for name in types],
        )
        self._repository.end_run(run, end)

    def _begin(self, types: list[str], scope: list[str] | None) -> int:
        marker = self._marker
        return self._repository.begin_run(
            RunStart(
                started=marker.started,
                instance=marker.instance,
                base_url=marker.base_url,
                user=marker.user,
                user_id=marker.user_id,
                looker_version=marker.looker_version,
                program_version=__version__,
                arguments=marker.arguments | {IMPORT: marker.run},
                types=types,
                scope=scope,
            )
        )

    def _end(self, results: list[TypeResult], root: bytes | None) -> RunEnd:
        """A run that could have been gone on with cannot be any more."""
        marker = self._marker
        stopped = marker.status in RESUMABLE
        return RunEnd(
            finished=marker.finished,
            status="partial" if stopped else marker.status,
            reasons=[*marker.reasons, *([marker.status] if stopped else [])],
            items=sum(result.items for result in results),
            root=root,
            types=results,
            missing=marker.missing,
            proofs=[_unread(name) for name in marker.types],
        )

    def _check_root(self, root: bytes, by_type: dict[str, bytes]) -> None:
        if self._marker.root in (None, root.hex()):
            return
        told = {one.type: one.root for one in self._marker.results}
        others = [one for one, now in by_type.items() if told.get(one) not in (None, now.hex())]
        raise LookerVaultError(
            f"The files in {self._tree.path} are not those that were exported:"
            f" {', '.join(others) or 'something'} has another hash than in run {self._marker.run}.",
            hint=_RESTORE,
        )

    def _store(self, run: int, entries: list[Entry]) -> None:
        ordered = sorted(entries, key=lambda entry: entry.type)
        for name, of_type in groupby(ordered, lambda entry: entry.type):
            reader = ItemReader(TYPES[name])
            for page in batched(of_type, _PAGE, strict=False):
                items = [self._read(reader, entry) for entry in page]
                self._repository.store(run, self._repository.pack(items), None)
                self._done += len(items)
                self._watch("items", self._done, self._total)

    def _read(self, reader: ItemReader, entry: Entry) -> Item:
        body = self._tree.read(entry.path)
        where = self._tree.path / entry.path
        if body is None:
            raise LookerVaultError(
                f"{where} is gone, and the index names it.",
                hint=_RESTORE,
            )
        try:
            return read_item(reader, entry, body)
        except BadAnswerError as error:
            raise LookerVaultError(
                f"{where} is not the file that was exported: {error.message}.",
                hint=_RESTORE,
            ) from error


def _unread(type_name: str) -> Proof:
    return Proof(type=type_name, width=0)


def _result(one: Result, roots: dict[str, bytes]) -> TypeResult:
    """Against a vault that was empty; an import makes no calls."""
    fields = msgspec.structs.asdict(one) | {
        "root": None if one.root is None else roots.get(one.type),
        "new": one.items,
        "changed": 0,
        "unchanged": 0,
        "deleted": 0,
        "calls": 0,
    }
    return TypeResult(**fields)
