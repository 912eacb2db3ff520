"""Which snapshots need which bodies, and where each finds them. Snapshots are bits of a number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from lookervault.snapshot.index import Index

type Key = tuple[str, bytes]
"""A body or a dictionary: the table and its SHA-256."""
type Hits = dict[Key, int]
"""Bodies, and the snapshots that lose them."""


class Lost(NamedTuple):
    """`by_pack` has each of the bad packs, perhaps with nothing; `nowhere` are bodies of which a
    snapshot knows no place.
    """

    by_pack: dict[str, Hits]
    nowhere: Hits


class Coverage:
    def __init__(self) -> None:
        self._needed: Hits = {}
        self._listed: Counter[str] = Counter()

    def need(self, snapshot: int, keys: Iterable[Key]) -> None:
        for key in keys:
            self._needed[key] = self._needed.get(key, 0) | 1 << snapshot

    def list(self, pack: str, snapshots: int) -> None:
        """These snapshots know of that pack."""
        self._listed[pack] |= snapshots

    def listed(self, pack: str) -> int:
        """The snapshots that know of it."""
        return self._listed[pack]

    def needs(self, index: Index, pack: str) -> bool:
        entries = index.packs[pack].entries
        return any((entry.table, entry.sha256) in self._needed for entry in entries)

    def lost(self, index: Index, bad: Collection[str]) -> Lost:
        """What no snapshot would lose if all that is in the bad packs were gone, is left out."""
        found = Lost({name: {} for name in bad}, {})
        for key, needed in self._needed.items():
            names = [pack.name for pack, _ in index.places(*key)]
            if left := needed & ~self._known(name for name in names if name not in bad):
                for name in names:
                    if here := left & self._listed[name]:
                        found.by_pack[name][key] = here
                if unknown := left & ~self._known(names):
                    found.nowhere[key] = unknown
        return found

    def _known(self, names: Iterable[str]) -> int:
        return either(self._listed[name] for name in names)


def either(masks: Iterable[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found


def among(hits: Mapping[Key, int], snapshots: int) -> Hits:
    """Of these snapshots only."""
    return {key: mask & snapshots for key, mask in hits.items() if mask & snapshots}
