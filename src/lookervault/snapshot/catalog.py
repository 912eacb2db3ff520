"""Snapshots of a store, and the small objects that they are made of."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from lookervault.errors import DamagedError, NoSuchObjectError, VaultError
from lookervault.snapshot.packs import Entry, PackIndex
from lookervault.snapshot.seal import Seal, damaged
from lookervault.snapshot.store import Store
from lookervault.storage.dump import Change

SNAPSHOTS, INDEX, ROWS, PACKS = "snapshots", "index", "rows", "packs"
REPAIRS = "repairs"
"""What takes the place of damaged objects: `repairs/rows/…` and `repairs/index/…`."""
FORMAT = 1
THREADS = 8
_SMALL = 2**18
"""Bytes. There are never many pieces: see `push`."""
_ID = re.compile(r"\d{8}T\d{9}Z-[0-9a-f]{8}")


class Piece(msgspec.Struct, frozen=True):
    """A sealed object by its name, with its SHA-256 and its bytes as they are in the store."""

    name: str
    sha256: str
    size: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A snapshot. `created` is in seconds since 1970.

    `vault` tells vaults apart: the SHA-256 of the first certificate. `bytes` are those of the
    content as it came from Looker, as of the run; `stored_bytes` those of all that the snapshot
    needs in the store. `rows` are levels, to be read in their order: all rows, and then what
    changed since, the newest last. `certificate` is the SHA-256 of the
    newest certificate, which holds that of the one before.
    """

    format: int = FORMAT
    created: float
    vault: str
    parent: str | None
    instance: str
    base_url: str
    run: int
    runs: list[int]
    status: str
    items: int
    bytes: int
    stored_bytes: int
    root: str | None
    certificates: int
    certificate: str
    program_version: str
    rows: list[list[Piece]]
    indexes: list[Piece]

    @property
    def row_pieces(self) -> list[Piece]:
        return [piece for level in self.rows for piece in level]


class Draft(NamedTuple):
    piece: Piece
    sealed: bytes


class Index:
    """Where the data of bodies and dictionaries is, by the table and the SHA-256.

    `unreadable` tells of pieces that could not be read, `repairs` are those that then were.
    """

    def __init__(self) -> None:
        self._places: dict[tuple[str, bytes], tuple[PackIndex, Entry]] = {}
        self._others: dict[tuple[str, bytes], list[tuple[PackIndex, Entry]]] = {}
        self.packs: dict[str, PackIndex] = {}
        self.by_piece: dict[str, list[PackIndex]] = {}
        self.unreadable: dict[str, DamagedError] = {}
        self.repairs: list[Piece] = []

    def add(self, piece: str, pack: PackIndex) -> None:
        self.by_piece.setdefault(piece, []).append(pack)
        if pack.name in self.packs:
            return
        self.packs[pack.name] = pack
        for entry in pack.entries:
            key, place = (entry.table, entry.sha256), (pack, entry)
            if self._places.setdefault(key, place) is not place:
                self._others.setdefault(key, []).append(place)

    def find(self, table: str, digest: bytes) -> tuple[PackIndex, Entry] | None:
        return self._places.get((table, digest))

    def places(self, table: str, digest: bytes) -> list[tuple[PackIndex, Entry]]:
        """All of them, that of `find` first."""
        first = self._places.get((table, digest))
        return [] if first is None else [first, *self._others.get((table, digest), ())]


class Catalog:
    """Reads and writes what is sealed in a store. Thread-safe."""

    def __init__(self, store: Store, seal: Seal) -> None:
        self.store = store
        self.seal = seal
        self._small: dict[str, bytes] = {}
        """Pieces that are likely to be read again, by name: to be merged with others."""

    # Snapshots.

    def ids(self) -> dict[str, float]:
        """The newest first, with when each came, by the store's clock."""
        there = {
            one.name.rpartition("/")[2]: one.modified for one in self.store.list(f"{SNAPSHOTS}/")
        }
        return {id: there[id] for id in sorted(there, reverse=True) if _ID.fullmatch(id)}

    def manifest(self, id: str) -> Manifest:
        name = f"{SNAPSHOTS}/{id}"
        return _decoded(name, self.seal.open(name, self.store.get(name)), Manifest)

    def manifests(self, ids: Sequence[str] | None = None) -> Iterator[tuple[str, Manifest]]:
        """The newest first."""
        wanted = list(self.ids() if ids is None else ids)
        with ThreadPoolExecutor(THREADS) as pool:
            yield from zip(wanted, pool.map(self.manifest, wanted), strict=True)

    def add(self, manifest: Manifest) -> str:
        """Makes it a snapshot, and returns its id."""
        moment = datetime.fromtimestamp(manifest.created, UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
        while True:
            id = f"{moment}Z-{os.urandom(4).hex()}"
            name = f"{SNAPSHOTS}/{id}"
            if self.store.create(name, self.seal.close(name, msgspec.json.encode(manifest))):
                return id

    # Pieces.

    def draft(self, kind: str, content: bytes) -> Draft:
        """Ready to be sent. Its name follows from its content."""
        name = self.seal.name(kind, content)
        sealed = self.seal.close(name, content)
        return Draft(Piece(name, sha256(sealed).hexdigest(), len(sealed)), sealed)

    def send(self, draft: Draft) -> Piece:
        """What is there already is not sent again, unless it is damaged."""
        piece = draft.piece
        if self.store.create(piece.name, draft.sealed):
            return piece
        there = self.store.get(piece.name)  # the same content, but sealed anew
        content = self.seal.open(piece.name, draft.sealed)
        try:
            is_whole = self.seal.open(piece.name, there) == content
        except DamagedError:
            is_whole = False
        if is_whole:
            return Piece(piece.name, sha256(there).hexdigest(), len(there))
        self.write_again(piece.name, content)
        return piece

    def write(self, kind: str, content: bytes) -> Piece:
        return self.send(self.draft(kind, content))

    def read(self, piece: Piece) -> bytes:
        """Where it is damaged, what was put in its place. Raises `DamagedError`."""
        try:
            return self.as_written(piece)
        except DamagedError:
            content = self._again(piece.name)
            if content is None:
                raise
            return content

    def as_written(self, piece: Piece) -> bytes:
        """As `read`, but of the object itself."""
        if (sealed := self._small.get(piece.name)) is None:
            try:
                sealed = self.store.get(piece.name)
            except NoSuchObjectError:
                raise damaged(piece.name, "it is not there") from None
            if len(sealed) <= _SMALL:
                self._small[piece.name] = sealed
        if sha256(sealed).hexdigest() != piece.sha256:
            raise damaged(piece.name, "its bytes are not those that were written")
        return self.seal.open(piece.name, sealed)

    def _again(self, name: str) -> bytes | None:
        """The same content, sealed again: the name of a piece tells that it is."""
        for again in (name, f"{REPAIRS}/{name}"):
            try:
                content = self.seal.open(again, self.store.get(again))
            except (DamagedError, NoSuchObjectError):
                continue
            if self.seal.name(name.partition("/")[0], content) == name:
                return content
        return None

    def write_again(self, name: str, content: bytes) -> None:
        """In place of a damaged piece, which stays. Raises `DamagedError` where this is, too."""
        again = f"{REPAIRS}/{name}"
        if not self.store.create(again, self.seal.close(again, content)) and (
            self._again(name) != content
        ):
            raise damaged(again, "it is not what a repair wrote")

    def read_all(self, pieces: Sequence[Piece]) -> Iterator[tuple[Piece, bytes]]:
        """In order; some are fetched ahead."""
        with ThreadPoolExecutor(THREADS) as pool:
            yield from zip(pieces, pool.map(self.read, pieces), strict=True)

    # Rows and places.

    def changes(self, pieces: Sequence[Piece]) -> Iterator[Change]:
        for piece, content in self.read_all(pieces):
            yield from unpacked(piece.name, content, list[Change])

    def index(self, pieces: Sequence[Piece]) -> Index:
        """Pieces that cannot be read are left out, and repairs are looked at in their place."""
        found = Index()
        with ThreadPoolExecutor(THREADS) as pool:
            for piece, content in zip(pieces, pool.map(self._tried, pieces), strict=True):
                if isinstance(content, DamagedError):
                    found.unreadable[piece.name] = content
                else:
                    add_packs(found, piece.name, content)
        if found.unreadable:
            found.repairs = self.add_repairs(found)
        return found

    def _tried(self, piece: Piece) -> bytes | DamagedError:
        try:
            return self.read(piece)
        except DamagedError as error:
            return error

    def add_repairs(self, index: Index) -> list[Piece]:
        """Where repairs put bodies whose packs, or whose places, were damaged."""
        folder = f"{REPAIRS}/{INDEX}/"
        return self._add(index, sorted(one.name for one in self.store.list(folder)))

    def add_unlisted(self, index: Index, since: float) -> list[Piece]:
        """What came since that time: a push was broken off, or others push to the same store."""
        since_then = (one for one in self.store.list(f"{INDEX}/") if one.modified >= since)
        return self._add(index, sorted(one.name for one in since_then))

    def _add(self, index: Index, names: Sequence[str]) -> list[Piece]:
        """Those that told of another pack. One that cannot be read is left alone: no manifest
        depends on it.
        """
        found = []
        for name in names:
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


def _decoded(name: str, content: bytes, type: type[Manifest]) -> Manifest:
    try:
        format = msgspec.json.decode(content, type=_Format).format
        if format > FORMAT:
            raise VaultError(
                f"{name} was made by a newer LookerVault: its format is {format}, and this program"
                f" knows formats up to {FORMAT}.",
                hint="Update LookerVault.",
            )
        return msgspec.json.decode(content, type=type)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise damaged(name, str(error)) from None


class _Format(msgspec.Struct):
    format: int
