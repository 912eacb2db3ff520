"""A snapshot's vault without its bodies: all that most questions need, and an incremental run."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from pathlib import Path

from lookervault.errors import AccessError, DamagedError, NoSuchObjectError
from lookervault.snapshot import packs
from lookervault.snapshot.catalog import Catalog, Index, Manifest
from lookervault.snapshot.keys import Keys
from lookervault.snapshot.packs import HEADER_BYTES, Opener, PackIndex
from lookervault.snapshot.seal import damaged
from lookervault.storage.dump import DICTIONARIES, Builder, decoded, encoded

_WHOLE = 3
"""Parts that are read one by one of a pack, after which it is fetched whole."""
_KEPT = 3
"""Whole packs that are kept in memory."""
_DICTIONARY_BYTES = 2**20


def write_outline(catalog: Catalog, manifest: Manifest, path: Path) -> None:
    """Makes a vault without bodies."""
    with Builder(path) as builder:
        for change in catalog.changes(manifest.row_pieces):
            builder.apply(change)
        builder.finish()


class Content:
    """Fetches the data of bodies and dictionaries from packs. Thread-safe."""

    def __init__(self, catalog: Catalog, index: Index, keys: Keys) -> None:
        self._store = catalog.store
        self._index = index
        self._reads = keys.reads_content
        self._opener = Opener(keys.identities)
        self._lock = threading.Lock()
        self._keys: dict[str, bytes | None] = {}
        self._asked: Counter[str] = Counter()
        self._whole: OrderedDict[str, bytes] = OrderedDict()

    def fetch(self, table: str, digest: bytes) -> bytes:
        """Raises `DamagedError`, `AccessError` where no key opens it."""
        if not self._reads:
            raise _no_key()
        place = self._index.find(table, digest)
        if place is None:
            raise DamagedError(
                f"The store does not have {digest.hex()[:16]}…, which the snapshot needs.",
                hint="`lookervault snapshot verify` tells what is missing, and what it hits.",
            )
        pack, entry = place
        with self._lock:
            frame = self._part(pack, entry.offset, entry.length)
            return packs.read(pack.name, entry, frame, self.key(pack))

    def as_written(self, table: str, digest: bytes, dictionary: bytes | None) -> bytes:
        """As `fetch`, for a row that says which dictionary it is compressed with: a
        `storage.connections.Fetch`.

        A body that another vault brought first is compressed with that one's.
        """
        data = self.fetch(table, digest)
        place = self._index.find(table, digest)
        if place is None or place[1].dictionary == dictionary or table == DICTIONARIES:
            return data
        other, size = place[1].dictionary, place[1].size
        raw = None
        if other is not None:
            raw = decoded(self.fetch(DICTIONARIES, other), None, _DICTIONARY_BYTES)
        return encoded(decoded(data, raw, size), 3)

    def key(self, pack: PackIndex) -> bytes | None:
        if pack.name not in self._keys:
            beginning = self._part(pack, 0, min(HEADER_BYTES, pack.size))
            try:
                self._keys[pack.name] = self._opener.key(pack.name, beginning)
            except LookupError:
                raise _no_key() from None
        return self._keys[pack.name]

    def _part(self, pack: PackIndex, start: int, length: int) -> bytes:
        if pack.name in self._whole:
            self._whole.move_to_end(pack.name)
            return self._whole[pack.name][start : start + length]
        self._asked[pack.name] += 1
        try:
            if self._asked[pack.name] <= _WHOLE:
                return self._store.get_part(pack.name, start, length)
            whole = self._store.get(pack.name)
        except NoSuchObjectError:
            raise damaged(pack.name, "it is not there") from None
        if (error := packs.check(whole, pack)) is not None:
            raise error
        self._whole[pack.name] = whole
        while len(self._whole) > _KEPT:
            self._whole.popitem(last=False)
        return whole[start : start + length]


def _no_key() -> AccessError:
    return AccessError(
        "The content of the store is encrypted, and no key that opens it is at hand.",
        hint="Give --identity FILE, or set LOOKERVAULT_IDENTITY.",
    )
