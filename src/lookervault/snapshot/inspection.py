"""Packs, looked at by their size or read whole: one at a time for each of two threads."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from lookervault.errors import DamagedError, NoSuchObjectError
from lookervault.snapshot import packs
from lookervault.snapshot.catalog import Catalog
from lookervault.snapshot.index import Index
from lookervault.snapshot.keys import Keys
from lookervault.snapshot.outline import Content
from lookervault.snapshot.packs import Entry, Opener, PackIndex
from lookervault.storage.dump import DICTIONARIES

_AT_ONCE = 2


class Bad(NamedTuple):
    """A pack that is not what was written; `parts` are those of its entries that cannot be read,
    None where nobody knows.
    """

    detail: str
    parts: frozenset[int] | None = None

    def has_lost(self, entry: Entry) -> bool:
        return self.parts is None or entry.number in self.parts


def by_size(index: Index, there: Mapping[str, int]) -> dict[str, Bad]:
    """`there` has the names and sizes of what is in the store."""
    found = {}
    for pack in index.packs.values():
        size = there.get(pack.name)
        if size is None:
            found[pack.name] = Bad("it is not there")
        elif size != pack.size:
            found[pack.name] = Bad(f"it has {size:,} bytes of {pack.size:,}")
    return found


def sample(names: Sequence[str], share: float, rng: random.Random) -> list[str]:
    """The share rounded up: at least one, where there are any."""
    count = math.ceil(round(len(names) * share, 6))  # as a float, 7 % of 100 is more than 7
    return rng.sample(names, max(count, min(len(names), 1)))


class Reader:
    """Thread-safe."""

    def __init__(self, catalog: Catalog, index: Index, keys: Keys) -> None:
        self._catalog = catalog
        self._index = index
        self._opener = Opener(keys.identities)
        self._content = Content(catalog, index, keys) if keys.reads_content else None

    def read(self, names: Sequence[str]) -> Iterator[tuple[str, Bad | None]]:
        """Those with dictionaries first: they need not be fetched for the others."""
        named = (self._index.packs[name] for name in names)
        ordered = sorted(named, key=lambda pack: not _has_dictionaries(pack))
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for pack, found in zip(ordered, pool.map(self._read, ordered), strict=True):
                yield pack.name, found

    def _read(self, pack: PackIndex) -> Bad | None:
        try:
            data = self._catalog.store.get(pack.name)
        except NoSuchObjectError:
            return Bad("it is not there")
        as_written = packs.check(data, pack) is None
        if self._content is None:
            return None if as_written else Bad("its bytes are not those that were written")
        try:
            key = self._opener.key(pack.name, data)
        except DamagedError:
            return Bad("its beginning is not that of a pack, or not for these keys")
        self._content.hold(pack, data)
        self._content.learn(pack)
        lost = frozenset(
            entry.number
            for entry in pack.entries
            if not _is_whole(self._content, pack, entry, data, key)
        )
        self._content.unload(pack)
        if as_written and not lost:
            return None
        left = f"{len(pack.entries) - len(lost):,} of its {len(pack.entries):,} bodies"
        return Bad(f"its bytes are not those that were written; {left} can be read", lost)


def _has_dictionaries(pack: PackIndex) -> bool:
    return any(entry.table == DICTIONARIES for entry in pack.entries)


def _is_whole(
    content: Content, pack: PackIndex, entry: Entry, data: bytes, key: bytes | None
) -> bool:
    frame = data[entry.offset : entry.offset + entry.length]
    try:
        frame = packs.read(pack.name, entry, frame, key)
        if content.has_dictionary(entry.dictionary):
            content.body(entry, frame)
    except DamagedError:
        return False
    return True
