"""What snapshots need of a store: which parts of which packs, and what tells of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from lookervault.errors import DamagedError
from lookervault.snapshot.catalog import Catalog
from lookervault.snapshot.packs import Entry, PackIndex
from lookervault.snapshot.records import Manifest
from lookervault.storage.dump import DICTIONARIES, Blob

WORTH = 0.5
"""A pack, or an index piece, of which less than this is needed is written anew."""


class Needs:
    """`used` has the parts of each pack by their numbers; what nobody needs is not in it.

    `index` has what tells of packs: pieces of prunes, of the snapshots, and of repairs. Of a body
    that a repair wrote, both are needed: which of them can be read, only reading would tell.
    """

    def __init__(
        self, catalog: Catalog, manifests: Iterable[Manifest], there: Collection[str]
    ) -> None:
        """`there` are the names of what is in the store."""
        told = [piece for manifest in manifests for piece in manifest.indexes]
        self.index = catalog.index(told)
        catalog.add_repairs(self.index)
        self.used: dict[str, dict[int, Entry]] = {}
        self._there = there
        self._marks = catalog.pruned.marks
        self._for_all = {
            pack.name
            for piece in catalog.pruned.indexes
            for pack in self.index.by_piece.get(piece.name, ())
        }
        self._repairs = {
            pack.name
            for piece, packs in self.index.by_piece.items()
            if catalog.pieces.is_repair(piece)
            for pack in packs
        }

    def add(self, id: str, manifest: Manifest, blobs: Iterable[Blob]) -> None:
        """What a snapshot needs. Raises `DamagedError` where nothing tells of it."""
        names = (piece.name for piece in manifest.indexes)
        listed = {pack.name for name in names for pack in self.index.by_piece.get(name, ())}
        listed |= self._for_all | self._repairs
        lost = sum(not self._found(blob.table, blob.sha256, listed) for blob in blobs)
        if lost:
            raise DamagedError(
                f"The store lacks {lost:,} bodies that the snapshot {id} needs.",
                hint="`lookervault snapshot verify` tells what is missing.",
            )

    def _found(self, table: str, digest: bytes, listed: set[str]) -> bool:
        """With the dictionary that it is compressed with in the store."""
        places = [
            (pack, entry)
            for pack, entry in self.index.places(table, digest)
            if pack.name in listed and pack.name in self._there
        ]
        repairs = [one for one in places if one[0].name in self._repairs]
        first = [one for one in places if one[0].name not in self._repairs]
        chosen = sorted(first, key=lambda one: one[0].name in self._marks)[:1] + repairs
        used = [self._use(*one, listed) for one in chosen]
        return any(used)

    def _use(self, pack: PackIndex, entry: Entry, listed: set[str]) -> bool:
        used = self.used.setdefault(pack.name, {})
        if entry.number in used:
            return True
        used[entry.number] = entry
        return entry.dictionary is None or self._found(DICTIONARIES, entry.dictionary, listed)

    def is_sparse(self, name: str) -> bool:
        """Whether little of a pack is needed, and it is none of a repair."""
        used = sum(entry.length for entry in self.used.get(name, {}).values())
        total = sum(entry.length for entry in self.index.packs[name].entries)
        return used < WORTH * total and name not in self._repairs

    def wanted(self, names: Iterable[str]) -> list[tuple[PackIndex, Sequence[Entry]]]:
        """Of packs, what is needed of them, in its order."""
        return [
            (self.index.packs[name], sorted(self.used[name].values(), key=lambda one: one.number))
            for name in names
        ]
