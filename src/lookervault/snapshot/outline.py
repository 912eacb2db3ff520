"""A snapshot's vault without its bodies: all that most questions need, and an incremental run."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from itertools import chain
from pathlib import Path

from lookervault.errors import DamagedError, NoKeyError, NoSuchObjectError
from lookervault.snapshot import packs
from lookervault.snapshot.catalog import Catalog
from lookervault.snapshot.index import Index
from lookervault.snapshot.keys import Keys
from lookervault.snapshot.packs import HEADER_BYTES, Entry, Opener, PackIndex
from lookervault.snapshot.records import Manifest, Piece
from lookervault.snapshot.seal import damaged
from lookervault.storage.dump import (
    DICTIONARIES,
    Blob,
    Builder,
    ForgottenRun,
    Outliner,
    decoded,
    encoded,
)

_REQUEST = 2**20
"""What a request costs, in bytes that come in its time."""
_KEPT = 3
"""Whole packs that are kept in memory."""
_DICTIONARY_BYTES = 2**20


type Levels = Sequence[Sequence[Piece]]


def write_outline(catalog: Catalog, manifest: Manifest, path: Path) -> None:
    """Makes a vault without bodies, and without the runs that were pruned."""
    gone = catalog.pruned.runs_of(manifest.vault)
    with filled(catalog, manifest.rows, path, gone) as builder:
        builder.finish()


def write_rows(catalog: Catalog, rows: Levels, path: Path) -> None:
    """As a manifest's rows, or the first levels of them, tell it: what others are held against."""
    with filled(catalog, rows, path, []) as builder:
        builder.finish()


def needed(
    catalog: Catalog, manifest: Manifest, gone: Collection[ForgottenRun], path: Path
) -> list[Blob]:
    """What a snapshot needs of packs without these runs. `path` is for a while."""
    with filled(catalog, manifest.rows, path, gone) as builder:
        return builder.lacking()


@contextmanager
def filled(
    catalog: Catalog, rows: Levels, path: Path, gone: Collection[ForgottenRun]
) -> Iterator[Builder]:
    """A vault in the making, with all rows but those of these runs."""
    with Builder(path) as builder:
        for change in catalog.changes(list(chain.from_iterable(rows))):
            builder.apply(change)
        builder.forget(gone)
        yield builder


def without(outliner: Outliner, gone: Collection[ForgottenRun], path: Path) -> bool:
    """Makes an outline of a vault without these runs; nothing, where it has none of them."""
    there = {(row.run, row.started) for row in outliner.runs()[:-1]}
    if not any((one.run, one.started) in there for one in gone):
        return False
    with Builder(path) as builder:
        for change in outliner.changes():
            builder.apply(change)
        builder.forget(gone)
        builder.finish()
    return True


def restored(one: Entry | Blob, data: bytes, dictionary: bytes | None) -> bytes:
    """What the data is of, compressed with that dictionary. Raises `DamagedError` where it is not
    that.
    """
    largest = _DICTIONARY_BYTES if one.table == DICTIONARIES else one.size
    found = decoded(data, dictionary, largest)
    if sha256(found).digest() != one.sha256:
        raise DamagedError(f"What is stored is not {one.sha256.hex()[:16]}….")
    return found


class Content:
    """Fetches the data of bodies and dictionaries from packs. Thread-safe.

    A pack that is damaged still gives what is whole in it; what is not is looked for in the other
    packs that have it, and then in those that repairs made.
    """

    def __init__(self, catalog: Catalog, index: Index, keys: Keys) -> None:
        self._catalog = catalog
        self._index = index
        self._reads = keys.reads_content
        self._opener = Opener(keys.identities)
        self._lock = threading.Lock()
        self._keys: dict[str, bytes | None] = {}
        self._asked: Counter[str] = Counter()
        self._gone: dict[str, DamagedError] = {}
        self._whole: OrderedDict[str, tuple[bytes, bool]] = OrderedDict()
        self._dictionaries: dict[bytes, bytes] = {}
        self._frames: dict[bytes, bytes] = {}
        self._with_repairs = False

    def fetch(self, table: str, digest: bytes) -> bytes:
        """Raises `DamagedError`, `NoKeyError` where no key opens it."""
        return self._first(table, digest, self._data)

    def as_written(self, table: str, digest: bytes, dictionary: bytes | None) -> bytes:
        """As `fetch`, for a row that says which dictionary it is compressed with: a
        `storage.connections.Fetch`.

        A body that another vault brought first is compressed with that one's, and one that a
        repair brought with none.
        """

        def read(pack: PackIndex, entry: Entry) -> bytes:
            data = self._data(pack, entry)
            if entry.dictionary == dictionary or table == DICTIONARIES:
                return data
            return encoded(self.body(entry, data), 3)

        return self._first(table, digest, read)

    def whole(self, table: str, digest: bytes) -> bytes:
        """The body itself, or the dictionary."""

        def read(pack: PackIndex, entry: Entry) -> bytes:
            return self.body(entry, self._data(pack, entry))

        return self._first(table, digest, read)

    def body(self, entry: Entry, data: bytes) -> bytes:
        """What the data of an entry is of. Raises `DamagedError` where it is not that."""
        return restored(entry, data, self._dictionary_of(entry))

    def learn(self, pack: PackIndex) -> None:
        """Keeps what dictionaries it has, for bodies of any pack."""
        for entry in pack.entries:
            if entry.table == DICTIONARIES:
                with suppress(DamagedError):
                    self._dictionary(entry.sha256)

    def has_dictionary(self, digest: bytes | None) -> bool:
        """Where it is lost, so is the body; but the body's pack is not to blame."""
        try:
            return digest is None or bool(self._dictionary(digest))
        except DamagedError:
            return False

    def _dictionary_of(self, entry: Entry) -> bytes | None:
        return None if entry.dictionary is None else self._dictionary(entry.dictionary)

    def _dictionary(self, digest: bytes) -> bytes:
        if digest not in self._dictionaries:
            data = self.fetch(DICTIONARIES, digest)
            self._dictionaries[digest] = decoded(data, None, _DICTIONARY_BYTES)
        return self._dictionaries[digest]

    def _first(self, table: str, digest: bytes, read: Callable[[PackIndex, Entry], bytes]) -> bytes:
        """What is read in the first place where it can be. Raises `DamagedError`."""
        self._check_access()
        first: DamagedError | None = None
        for pack, entry in self._places(table, digest):
            try:
                return read(pack, entry)
            except DamagedError as error:
                first = first or error
        first = first or next(iter(self._index.unreadable.values()), None)
        raise first or DamagedError(
            f"The store does not have {digest.hex()[:16]}…, which the snapshot needs.",
            hint="`lookervault snapshot verify` tells what is missing, and what it hits.",
        )

    def _check_access(self) -> None:
        if not self._reads:
            raise NoKeyError(
                "The content of the store is encrypted, and no key that opens it is at hand.",
                hint="Give --identity FILE, or set LOOKERVAULT_IDENTITY.",
            )

    def _places(self, table: str, digest: bytes) -> Iterator[tuple[PackIndex, Entry]]:
        known = self._index.places(table, digest)
        yield from known
        with self._lock:
            if not self._with_repairs:
                self._catalog.add_repairs(self._index)
                self._with_repairs = True
        yield from self._index.places(table, digest)[len(known) :]

    def _data(self, pack: PackIndex, entry: Entry) -> bytes:
        if entry.table != DICTIONARIES:
            return self._read(pack, entry)
        if entry.sha256 not in self._frames:
            self._frames[entry.sha256] = self._read(pack, entry)
        return self._frames[entry.sha256]

    def _read(self, pack: PackIndex, entry: Entry) -> bytes:
        with self._lock:
            frame, proven = self._part(pack, entry.offset, entry.length)
            data = packs.read(pack.name, entry, frame, self._key(pack))
        if not proven:
            dictionary = self._dictionary_of(entry)  # where that is lost, this pack is not to blame
            try:
                restored(entry, data, dictionary)
            except DamagedError:
                why = f"its part {entry.number} is not what was written"
                raise damaged(pack.name, why) from None
        return data

    def _key(self, pack: PackIndex) -> bytes | None:
        if pack.name not in self._keys:
            beginning, _ = self._part(pack, 0, min(HEADER_BYTES, pack.size))
            self._keys[pack.name] = self._opener.key(pack.name, beginning)
        return self._keys[pack.name]

    def load(self, pack: PackIndex) -> None:
        """Fetches it whole, for who wants much of it; who reads of it meets that it is gone."""
        self._check_access()
        with suppress(NoSuchObjectError):
            self.hold(pack, self._catalog.pieces.fetched(pack.name, pack.sha256.hex()))

    def hold(self, pack: PackIndex, whole: bytes) -> None:
        """Takes its parts from there, until `unload`."""
        with self._lock:
            self._keep(pack, whole)

    def unload(self, pack: PackIndex) -> None:
        with self._lock:
            self._whole.pop(pack.name, None)

    def _keep(self, pack: PackIndex, whole: bytes) -> None:
        self._whole[pack.name] = whole, packs.check(whole, pack) is None
        while len(self._whole) > _KEPT:
            self._whole.popitem(last=False)

    def _part(self, pack: PackIndex, start: int, length: int) -> tuple[bytes, bool]:
        """Bytes of it, and whether all of the pack is what was written.

        It is fetched whole when its parts have cost as much as that does.
        """
        if pack.name in self._gone:
            raise self._gone[pack.name]
        if pack.name not in self._whole:
            self._asked[pack.name] += length + _REQUEST
            try:
                if self._asked[pack.name] <= pack.size + _REQUEST:
                    return self._catalog.store.get_part(pack.name, start, length), False
                whole = self._catalog.store.get(pack.name)
            except NoSuchObjectError:
                self._gone[pack.name] = damaged(pack.name, "it is not there")
                raise self._gone[pack.name] from None
            self._keep(pack, whole)
        self._whole.move_to_end(pack.name)
        whole, proven = self._whole[pack.name]
        return whole[start : start + length], proven
