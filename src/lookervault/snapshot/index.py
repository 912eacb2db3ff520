"""Where the content of snapshots is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from lookervault.errors import DamagedError
from lookervault.snapshot.packs import Entry, PackIndex
from lookervault.snapshot.records import Piece
from lookervault.snapshot.seal import damaged
from lookervault.snapshot.store import Stored
from lookervault.storage.dump import DICTIONARIES


class Index:
    """Where the data of bodies and dictionaries is, by the table and the SHA-256.

    Packs that are marked may be gone: another that has the same comes before them. `unreadable`
    tells of pieces that could not be read, `repairs` are those that then were. With `there`, all
    packs of the store by name, those that are not among them as they were written are `lost`, and
    nothing is found in them.
    """

    def __init__(
        self, marks: Collection[str] = (), there: Mapping[str, Stored] | None = None
    ) -> None:
        self._marks = marks
        self._there = there
        self._places: dict[tuple[str, bytes], tuple[PackIndex, Entry]] = {}
        self._others: dict[tuple[str, bytes], list[tuple[PackIndex, Entry]]] = {}
        self.packs: dict[str, PackIndex] = {}
        self.by_piece: dict[str, list[PackIndex]] = {}
        self.unreadable: dict[str, DamagedError] = {}
        self.repairs: list[Piece] = []
        self.lost: dict[str, DamagedError] = {}
        self._was_in: dict[tuple[str, bytes], str] = {}

    def add(self, piece: str, pack: PackIndex) -> None:
        self.by_piece.setdefault(piece, []).append(pack)
        if pack.name in self.packs:
            return
        self.packs[pack.name] = pack
        if (error := self._looked_at(pack)) is not None:
            self.lost[pack.name] = error
            for entry in pack.entries:
                self._was_in[entry.table, entry.sha256] = pack.name
            return
        for entry in pack.entries:
            key, place = (entry.table, entry.sha256), (pack, entry)
            first = self._places.setdefault(key, place)
            if first is place:
                continue
            if first[0].name in self._marks and pack.name not in self._marks:
                self._places[key], place = place, first
            self._others.setdefault(key, []).append(place)

    def _looked_at(self, pack: PackIndex) -> DamagedError | None:
        if self._there is None:
            return None
        found = self._there.get(pack.name)
        if found is None:
            return damaged(pack.name, "it is not there")
        if found.size != pack.size:
            return damaged(pack.name, f"it has {found.size:,} bytes in place of {pack.size:,}")
        return None

    def why_not(self, table: str, digest: bytes) -> DamagedError | None:
        """Of what cannot be found: what else might have told where it is, or where it was."""
        if (name := self._was_in.get((table, digest))) is not None:
            return self.lost[name]
        return next(iter(self.unreadable.values()), None)

    def knows_all(self, since: float) -> bool:
        """Whether no other pack has come since that time, by the store's clock."""
        return self._there is not None and all(
            one.name in self.packs for one in self._there.values() if one.modified >= since
        )

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
