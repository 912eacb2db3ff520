"""The items of a type as a census lists them, and what it takes to list and to read them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

from lookervault.config.models import ParallelConfig
from lookervault.content import costs
from lookervault.content.model import ContentType, Entry
from lookervault.content.sources import TRASH
from lookervault.storage.proving import place
from lookervault.storage.runs import PLACES

_ROW_BYTES = 150
"""Of a row in a listing of a few columns."""


class Cost(NamedTuple):
    """Fractions are what is to be expected."""

    calls: float = 0.0
    bytes: float = 0.0

    def plus(self, other: Cost) -> Cost:
        return Cost(self.calls + other.calls, self.bytes + other.bytes)

    def times(self, factor: float) -> Cost:
        return Cost(self.calls * factor, self.bytes * factor)


def mean(found: Sequence[Cost]) -> Cost:
    return Cost(fmean(one.calls for one in found), fmean(one.bytes for one in found))


def page_size(config: ParallelConfig, bytes_of_one: float) -> int:
    return costs.page_size(config.page_size, config.page_bytes, bytes_of_one)


def entry_of(one: ContentType, id: str, *, trashed: bool, folder: str | None) -> Entry:
    """As a census lists it: what is not fetched by lists of ids is fetched by its folder."""
    by_folder = not one.source.id_lists
    part = TRASH if trashed else (folder or "") if by_folder else ""
    return Entry(id, part=part)


def slice_key(one: ContentType, entry: Entry) -> str:
    return one.slice_key(entry.id, trashed=entry.part == TRASH, folder_id=entry.part or None)


class Shelf:
    """`size_of` are bytes by id."""

    def __init__(
        self,
        one: ContentType,
        entries: Mapping[str, Entry],
        size_of: Mapping[str, int],
        config: ParallelConfig,
    ) -> None:
        self.one = one
        self.entries = entries
        self._size_of = size_of
        self._mean = fmean(size_of.values()) if size_of else float(one.typical_size)
        self.page = page_size(config, self._mean)
        self._parts: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries.values():
            self._parts[entry.part].append(entry)
        self._whole = {part: self._sum(inside) for part, inside in self._parts.items()}

    def listing(self) -> Cost:
        times = min(2, len(costs.parts_of(self.one)))
        entries = self.entries.values()
        return Cost(costs.census(self.one, entries), times * _ROW_BYTES * len(entries))

    def reading(self, entries: Sequence[Entry]) -> Cost:
        return Cost(costs.pages(self.one, entries, self.page), self._bytes(entries))

    def proving(self, share: float) -> Cost:
        """The mean over all slices of that width."""
        if share <= 0:
            return Cost()
        width = min(PLACES, max(1, round(share * PLACES)))
        by_slice: dict[int, list[Entry]] = defaultdict(list)
        for entry in self.entries.values():
            by_slice[place(self.one.name, slice_key(self.one, entry)) // width].append(entry)
        total = Cost()
        for entries in by_slice.values():
            total = total.plus(self.reading(entries))
        return total.times(width / PLACES)

    def changed(self, share: float) -> Cost:
        """Of reading what has changed, where each object has with that probability."""
        total = Cost()
        for part, inside in self._parts.items():
            total = total.plus(self._changed_in(part, len(inside), share))
        return total

    def _changed_in(self, part: str, count: int, share: float) -> Cost:
        size, some = self._whole[part], 1 - (1 - share) ** count
        if self.one.source.id_lists:
            pages = count * share / self.page
            return Cost(some if pages < 1 else pages + 0.5, share * size)
        if not _is_folder(part):
            return Cost(share * count, share * size)
        alone = count * share * (1 - share) ** (count - 1)
        return Cost(some, alone * size / count + (some - alone) * size)

    def _bytes(self, entries: Sequence[Entry]) -> float:
        if self.one.source.id_lists:
            return self._sum(entries)
        together = Counter(entry.part for entry in entries)
        comes_whole = {part for part, count in together.items() if _is_folder(part) and count > 1}
        alone = [entry for entry in entries if entry.part not in comes_whole]
        return self._sum(alone) + math.fsum(self._whole.get(part, 0) for part in comes_whole)

    def _sum(self, entries: Iterable[Entry]) -> float:
        return math.fsum(self._size_of.get(entry.id, self._mean) for entry in entries)


def _is_folder(part: str) -> bool:
    return part not in ("", TRASH)
