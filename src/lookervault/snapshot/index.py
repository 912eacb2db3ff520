"""Where the content of snapshots is."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from lookervault.errors import DamagedError
from lookervault.snapshot.packs import Entry, PackIndex
from lookervault.snapshot.records import Piece
from lookervault.storage.dump import DICTIONARIES


class Index:
    """Where the data of bodies and dictionaries is, by the table and the SHA-256.

    Packs that are marked may be gone: another that has the same comes before them. `unreadable`
    tells of pieces that could not be read, `repairs` are those that then were.
    """

    def __init__(self, marks: Collection[str] = ()) -> None:
        self._marks = marks
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
            first = self._places.setdefault(key, place)
            if first is place:
                continue
            if first[0].name in self._marks and pack.name not in self._marks:
                self._places[key], place = place, first
            self._others.setdefault(key, []).append(place)

    def find(self, table: str, digest: bytes) -> tuple[PackIndex, Entry] | None:
        return self._places.get((table, digest))

    def places(self, table: str, digest: bytes) -> list[tuple[PackIndex, Entry]]:
        """All of them, that of `find` first."""
        first = self._places.get((table, digest))
        return [] if first is None else [first, *self._others.get((table, digest), ())]


def usable(packs: Sequence[PackIndex]) -> set[str]:
    """Those whose bodies can be read with dictionaries that are in one of them."""
    while True:
        there = {one.sha256 for p in packs for one in p.entries if one.table == DICTIONARIES}
        known = {None, *there}
        left = [p for p in packs if {one.dictionary for one in p.entries} <= known]
        if len(left) == len(packs):
            return {pack.name for pack in packs}
        packs = left
