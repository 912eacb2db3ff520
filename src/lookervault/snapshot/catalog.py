"""Snapshots of a store, and the small objects that they are made of."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from lookervault.errors import DamagedError, NoSuchObjectError, StoreError
from lookervault.snapshot.index import Index, usable
from lookervault.snapshot.keys import CONFIG
from lookervault.snapshot.names import SNAPSHOT_ID, SNAPSHOTS
from lookervault.snapshot.packs import PackIndex
from lookervault.snapshot.pieces import REPAIRS, THREADS, Pieces
from lookervault.snapshot.pruned import COPY, Records
from lookervault.snapshot.records import (
    MANIFEST,
    Manifest,
    Piece,
    Pruned,
    PruneRecord,
    decoded,
)
from lookervault.snapshot.seal import Seal, damaged
from lookervault.snapshot.store import Store, Stored
from lookervault.storage.dump import Change

INDEX, ROWS, PACKS, PRUNED = "index", "rows", "packs", "pruned"
_ID = re.compile(SNAPSHOT_ID)
_NO_OTHER = (
    "Nothing can write it again. Bring it back, where the bucket keeps versions or there is a copy;"
    " else `lookervault snapshot prune --lost ID` removes it, and other snapshots stay as they are."
)


class Catalog:
    """Reads and writes what is sealed in a store. Thread-safe.

    `area` begins the names of all that is sealed, and of packs: nothing, or a folder and its `/`.
    With `kept`, a folder, pieces that were read, and packs that were read whole, are kept there and
    not fetched again.
    """

    def __init__(
        self,
        store: Store,
        seal: Seal,
        area: str = "",
        *,
        kept: Path | None = None,
    ) -> None:
        self.store = store
        self.seal = seal
        self.area = area
        self.pieces = Pieces(store, seal, area, marked=lambda: self.pruned.marks, kept=kept)
        self._lock = threading.Lock()
        self._pruned: Pruned | None = None
        self._records = Records(store, seal, f"{area}{PRUNED}/")

    def listing(self, kind: str) -> Iterator[Stored]:
        return self.store.list(f"{self.area}{kind}/")

    # What was pruned.

    @property
    def pruned(self) -> Pruned:
        """As it was when it was asked for first."""
        with self._lock:
            if self._pruned is None:
                self._pruned = self._records.read()
            return self._pruned

    def is_current(self) -> bool:
        """Whether `pruned` is still all there is.

        Whoever is about to name objects in a manifest or a record asks, and begins anew where it
        is not: what it found may have been marked meanwhile.
        """
        known = self.pruned.records
        return {one.name for one in self.listing(PRUNED)} == known.keys()

    def check_in_use(self) -> None:
        """Raises `StoreError` where all was encrypted anew since the keys were opened: what is
        written with the old ones is not looked at any more.
        """
        if self.pruned.is_left:
            raise StoreError(
                f"The store {self.store.url} was encrypted anew meanwhile.",
                hint="Run the command again, with the new index key if there is one.",
            )

    def add_record(self, record: PruneRecord) -> str:
        """And a copy: it counts as soon as one of them is there."""
        name = self._add(PRUNED, record.created, record)
        copy = f"{name}{COPY}"
        self.store.create(copy, self.seal.close(copy, msgspec.json.encode(record)))
        return name

    def damaged_records(self) -> Iterator[tuple[str, DamagedError]]:
        """Copies are looked at, too."""
        return self._records.damaged(self.pruned.records)

    # Snapshots.

    def ids(self) -> dict[str, float]:
        """The newest first, with when each came, by the store's clock. Raises `StoreError` where
        there seem to be none, and lists of this store are not to be believed.
        """
        there = {one.name.rpartition("/")[2]: one.modified for one in self.listing(SNAPSHOTS)}
        if not there:
            self._check_lists()
        return {id: there[id] for id in sorted(there, reverse=True) if _ID.fullmatch(id)}

    def _check_lists(self) -> None:
        """A page that is no list is taken for an empty one: see docs/reference/stores.md."""
        there = {one.name for one in self.store.list("")}
        snapshots = f"{self.area}{SNAPSHOTS}/"
        if CONFIG not in there or any(name.startswith(snapshots) for name in there):
            raise StoreError(
                f"{self.store.url} does not list what it has: something that it was just read from"
                " is not in its lists.",
                hint="Something else may answer in its place, such as a proxy. Nothing was written:"
                " run the command again once lists come from the store.",
            )

    def snapshot_name(self, id: str) -> str:
        return f"{self.area}{SNAPSHOTS}/{id}"

    def manifest(self, id: str) -> Manifest:
        """Raises `DamagedError`, `NoSuchObjectError`."""
        name = self.snapshot_name(id)
        sealed = self.store.get(name)
        try:
            return decoded(name, self.seal.open(name, sealed), MANIFEST)
        except DamagedError as error:
            raise DamagedError(error.message, hint=_NO_OTHER) from None

    def looked_at(self, id: str) -> Manifest | DamagedError | None:
        """None where it is gone: somebody has pruned it."""
        try:
            return self.manifest(id)
        except NoSuchObjectError:
            return None
        except DamagedError as error:
            return error

    def in_turn(self, ids: Iterable[str]) -> Iterator[tuple[str, Manifest | DamagedError]]:
        """Read one by one, for whoever soon finds what is wanted; without those that are gone."""
        looked_at = ((id, self.looked_at(id)) for id in ids)
        return ((id, found) for id, found in looked_at if found is not None)

    def all_looked_at(
        self, ids: Iterable[str]
    ) -> Iterator[tuple[str, Manifest | DamagedError | None]]:
        """In that order."""
        wanted = list(ids)
        with ThreadPoolExecutor(THREADS) as pool:
            yield from zip(wanted, pool.map(self.looked_at, wanted), strict=True)

    def manifests(self, ids: Iterable[str] | None = None) -> Iterator[tuple[str, Manifest]]:
        """The newest first. Raises `DamagedError` where one cannot be read."""
        for id, found in self.all_looked_at(self.ids() if ids is None else ids):
            if isinstance(found, DamagedError):
                raise found
            if found is not None:
                yield id, found

    def add(self, manifest: Manifest) -> str:
        """Makes it a snapshot, and returns its id."""
        return self._add(SNAPSHOTS, manifest.created, manifest).rpartition("/")[2]

    def add_as(self, id: str, manifest: Manifest) -> None:
        """Raises `StoreError` where there is one of that id."""
        name = self.snapshot_name(id)
        if not self.store.create(name, self.seal.close(name, msgspec.json.encode(manifest))):
            raise StoreError(f"There is a snapshot {id} in {self.store.url} already.")

    def _add(self, kind: str, created: float, content: Manifest | PruneRecord) -> str:
        while True:
            name = f"{self.area}{kind}/{beginning(created)}Z-{os.urandom(4).hex()}"
            if self.store.create(name, self.seal.close(name, msgspec.json.encode(content))):
                return name

    # Rows and places.

    def changes(self, pieces: Sequence[Piece]) -> Iterator[Change]:
        for piece, content in self.pieces.read_all(pieces):
            yield from unpacked(piece.name, content, list[Change])

    def packs(self) -> dict[str, Stored]:
        return {one.name: one for one in self.listing(PACKS)}

    def index(self, pieces: Sequence[Piece], there: Mapping[str, Stored] | None = None) -> Index:
        """Of these pieces, and before them of those that prunes wrote. `there` as of `Index`.

        Those that cannot be read are left out, and repairs are looked at in their place. One that
        is marked may be gone: what it told is in those of the prunes.
        """
        pruned = self.pruned
        found = Index(pruned.marks, there)
        wanted = list({one.name: one for one in (*pruned.indexes, *pieces)}.values())
        with ThreadPoolExecutor(THREADS) as pool:
            for piece, content in zip(wanted, pool.map(self._tried, wanted), strict=True):
                if not isinstance(content, DamagedError):
                    add_packs(found, piece.name, content)
                elif piece.name not in pruned.marks:
                    found.unreadable[piece.name] = content
        if found.unreadable:
            found.repairs = self.add_repairs(found)
        return found

    def _tried(self, piece: Piece) -> bytes | DamagedError:
        is_marked = piece.name in self.pruned.marks
        try:
            return self.pieces.as_written(piece) if is_marked else self.pieces.read(piece)
        except DamagedError as error:
            return error

    def lasting(
        self, index: Index, pieces: Sequence[Piece], since: float
    ) -> tuple[Index, list[Piece]]:
        """What a new snapshot may rely on, and the pieces that tell of it: of an index of these
        pieces, and of what came since that time.
        """
        marks = self.pruned.marks
        told = {
            one.name: one
            for one in (*self.pruned.indexes, *pieces)
            if one.name in index.by_piece and one.name not in marks
        }
        if not index.knows_all(since):
            told |= {one.name: one for one in self.add_unlisted(index, since)}
        listed = [(name, pack) for name in told for pack in index.by_piece[name]]
        gone = marks.keys() | index.lost.keys()
        readable = usable([pack for _, pack in listed if pack.name not in gone])
        found = Index()
        for name, pack in listed:
            if pack.name in readable:
                found.add(name, pack)
        return found, list(told.values())

    def add_repairs(self, index: Index) -> list[Piece]:
        """Where repairs put bodies whose packs, or whose places, were damaged."""
        return self._add_named(index, (one.name for one in self.listing(f"{REPAIRS}/{INDEX}")))

    def add_unlisted(self, index: Index, since: float) -> list[Piece]:
        """What came since that time: a push was broken off, or others push to the same store."""
        since_then = (one.name for one in self.listing(INDEX) if one.modified >= since)
        return self._add_named(
            index, (name for name in since_then if name not in self.pruned.marks)
        )

    def _add_named(self, index: Index, names: Iterable[str]) -> list[Piece]:
        """Those that told of another pack. One that cannot be read is left alone: no manifest
        depends on it.
        """
        found = []
        for name in sorted(names):
            if name in index.by_piece:
                continue
            try:
                sealed = self.store.get(name)
                packs = unpacked(name, self.seal.open(name, sealed), list[PackIndex])
            except (DamagedError, NoSuchObjectError):
                continue
            if any(pack.name not in index.packs for pack in packs):
                found.append(Piece(name, sha256(sealed).hexdigest(), len(sealed)))
            for pack in packs:
                index.add(name, pack)
        return found


def beginning(created: float) -> str:
    """Of the ids of snapshots that were made then."""
    return datetime.fromtimestamp(created, UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]


def add_packs(index: Index, name: str, content: bytes) -> None:
    """What an index piece of that name lists. Raises `DamagedError`."""
    for pack in unpacked(name, content, list[PackIndex]):
        index.add(name, pack)


def packed(content: Any) -> bytes:
    return msgspec.msgpack.encode(content)


def unpacked[T](name: str, content: bytes, type: type[T]) -> T:
    try:
        return msgspec.msgpack.decode(content, type=type)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise damaged(name, str(error)) from None
