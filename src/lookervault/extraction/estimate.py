"""What reading a type will cost, told by the vault alone.

What has to be listed is known by what was there last time. What will be read although it seems
unchanged is known exactly: the next slice follows from the last one. What has changed is not known
and is taken to be as much as in the past runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import fmean, median
from typing import NamedTuple

from lookervault.config.models import ParallelConfig
from lookervault.content import costs
from lookervault.content.model import ContentType, Entry
from lookervault.content.sources import TRASH, Paged
from lookervault.extraction.past import Past, Reading
from lookervault.extraction.unchanged import DEFAULT_PROVE, slices
from lookervault.storage.proving import in_slice, place
from lookervault.storage.repository import Repository
from lookervault.storage.runs import PLACES, Proof

ASSUMED_CHANGES = 0.01
"""Share of a type that a night changes, where no past run tells."""
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


_NOTHING = Cost()


def _nothing(_: float) -> Cost:
    return _NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeCost:
    """Of one type. `now` is the coming run, if the type is due in it; `last` of its calls come when
    what has changed is read, and prove what seems unchanged.

    Any other run costs `base`, and `per_night` for each night since the last one, and `proving` for
    the share of what seems unchanged; `full` is the most.
    """

    now: Cost
    base: Cost
    full: Cost
    last: float = 0.0
    per_night: Cost = _NOTHING
    proving: Callable[[float], Cost] = _nothing

    def later(self, nights: float, share: float) -> Cost:
        cost = self.base.plus(self.per_night.times(nights)).plus(self.proving(share))
        return Cost(min(cost.calls, self.full.calls), min(cost.bytes, self.full.bytes))


class Found(NamedTuple):
    """What Looker was seen to have of a type that no run has read.

    `listed` are the calls that list it, `beside` objects that are expected and whose ids are not
    known, `mean` the bytes of one; `rows` counts those that come with the listing.
    """

    entries: Sequence[Entry] = ()
    listed: float = 0
    rows: int = 0
    beside: float = 0
    mean: float = 0
    refused: str = ""


class Basis(NamedTuple):
    """What an estimate rests on: `run` is the number of the coming one, `resumed` whether a
    stopped one is gone on with, `proofs` what it reads of each type.
    """

    vault: Repository
    past: Past
    config: ParallelConfig
    run: int
    resumed: bool
    proofs: Mapping[str, Proof]

    def there(self, name: str) -> set[str]:
        """What the stopped run had read already."""
        return self.vault.confirmed(self.run, name) if self.resumed else set()

    def page_size(self, mean: float) -> int:
        return costs.page_size(self.config.page_size, self.config.page_bytes, mean)


def basis(
    vault: Repository,
    types: Sequence[ContentType],
    config: ParallelConfig,
    *,
    resumed: int | None = None,
    full: bool = False,
) -> Basis:
    run = resumed or max((row.run for row in vault.runs()), default=0) + 1
    prove = DEFAULT_PROVE if config.prove is None else config.prove
    last = vault.proving().newest(run)
    proofs = slices(types, last, held=vault.held(run - 1), prove=prove, full=full)
    return Basis(vault, Past(vault, types), config, run, resumed is not None, proofs)


def unknown(past: Past, types: Iterable[ContentType]) -> list[ContentType]:
    """Types of which no run has come to its end: Looker has to be asked what there is."""
    return [one for one in types if not past.readings(one.name)]


def type_cost(one: ContentType, of: Basis, found: Found | None = None) -> TypeCost:
    """`found` is given where no run has read the type."""
    if found is not None:
        return _of_found(one, found, of)
    if one.stamped:
        return _stamped(one, of)
    if one.immutable:
        return _immutable(one, of)
    return _whole(one, of)


# By what the vault knows.


class _Shelf:
    """The items of a type as a census would list them."""

    def __init__(
        self,
        one: ContentType,
        entries: Mapping[str, Entry],
        size_of: Mapping[str, int],
        of: Basis,
    ) -> None:
        self.one = one
        self.entries = entries
        self.size_of = size_of
        self.mean = fmean(size_of.values()) if size_of else float(one.typical_size)
        self.page = of.page_size(self.mean)
        self.whole: dict[str, int] = {}
        for i, entry in entries.items():
            self.whole[entry.part] = self.whole.get(entry.part, 0) + size_of.get(i, 0)

    def listing(self) -> Cost:
        return listing(self.one, list(self.entries.values()))

    def reading(self, entries: Sequence[Entry]) -> Cost:
        return Cost(costs.pages(self.one, entries, self.page), self._bytes(entries))

    def _bytes(self, entries: Sequence[Entry]) -> float:
        if self.one.source.id_lists:
            return sum(self.size_of.get(entry.id, self.mean) for entry in entries)
        together = Counter(entry.part for entry in entries)
        return sum(
            self.whole.get(entry.part, 0) / together[entry.part]
            if entry.part not in ("", TRASH) and together[entry.part] > 1
            else self.size_of.get(entry.id, self.mean)
            for entry in entries
        )


def listing(one: ContentType, entries: Sequence[Entry]) -> Cost:
    times = min(2, len(costs.parts_of(one)))
    return Cost(costs.census(one, entries), times * _ROW_BYTES * len(entries))


def entry_of(one: ContentType, id: str, *, trashed: bool, folder: str | None) -> Entry:
    """As a census lists it: what is not fetched by lists of ids is fetched by its folder."""
    by_folder = not one.source.id_lists
    part = TRASH if trashed else (folder or "") if by_folder else ""
    return Entry(id, part=part)


def _slice_key(one: ContentType, entry: Entry) -> str:
    return one.slice_key(entry.id, trashed=entry.part == TRASH, folder_id=entry.part or None)


def _stamped(one: ContentType, of: Basis) -> TypeCost:
    stamps = of.vault.stamps(one.name)
    entries = {
        i: entry_of(one, i, trashed=stamp.trashed, folder=stamp.folder_id)
        for i, stamp in stamps.items()
    }
    shelf = _Shelf(one, entries, of.vault.sizes(one.name), of)
    proof = of.proofs[one.name]
    there = of.there(one.name)
    due = [
        entry
        for i, entry in entries.items()
        if i not in there
        and (stamps[i].updated_at is None or in_slice(proof, _slice_key(one, entry)))
    ]
    always = [entry for i, entry in entries.items() if stamps[i].updated_at is None]
    base = shelf.listing().plus(shelf.reading(always))
    changes = _changes(of.past.readings(one.name), shelf)
    now = shelf.listing().plus(shelf.reading(due))
    proving = shelf.listing().calls + shelf.reading(due).calls - base.calls
    return TypeCost(
        now=now if proof.is_full else now.plus(changes),
        last=proving + costs.added(one, entries.values()) if proving else 0.0,
        base=base,
        full=shelf.listing().plus(shelf.reading(list(entries.values()))),
        per_night=changes.times(1 / of.past.nights(one.name)),
        proving=cache(lambda share: _proving(shelf, share)),
    )


def _changes(readings: Sequence[Reading], shelf: _Shelf) -> Cost:
    """Of a run, on average: pages of what has changed, and a second look at what is gone."""
    found = [_of_reading(reading, shelf) for reading in readings if not reading.first]
    if not found:
        return _assumed(shelf)
    return Cost(fmean(cost.calls for cost in found), fmean(cost.bytes for cost in found))


def _of_reading(reading: Reading, shelf: _Shelf) -> Cost:
    entries = [
        entry_of(shelf.one, row.id, trashed=row.trashed, folder=row.folder_id)
        for row in reading.changed
    ]
    return shelf.reading(entries).plus(Cost(reading.deleted))


def _assumed(shelf: _Shelf) -> Cost:
    expected = ASSUMED_CHANGES * len(shelf.entries)
    if not shelf.one.source.id_lists:
        return Cost(expected, expected * shelf.mean)
    none = (1 - ASSUMED_CHANGES) ** len(shelf.entries)
    return Cost(max(1 - none, expected / shelf.page), expected * shelf.mean)


def _proving(shelf: _Shelf, share: float) -> Cost:
    """The mean over all slices of that width."""
    if share <= 0:
        return Cost()
    width = min(PLACES, max(1, round(share * PLACES)))
    by_slice: dict[int, list[Entry]] = {}
    for entry in shelf.entries.values():
        by_slice.setdefault(
            place(shelf.one.name, _slice_key(shelf.one, entry)) // width, []
        ).append(entry)
    total = Cost()
    for entries in by_slice.values():
        total = total.plus(shelf.reading(entries))
    return total.times(width / PLACES)


def _immutable(one: ContentType, of: Basis) -> TypeCost:
    size_of = of.vault.sizes(one.name)
    mean = fmean(size_of.values()) if size_of else float(one.typical_size)
    full = Cost(len(size_of), sum(size_of.values()))
    readings = of.past.readings(one.name)
    later = [reading.calls for reading in readings if not (reading.first or reading.full)]
    new = fmean(later) if later else ASSUMED_CHANGES * len(size_of)
    expected = Cost(new, new * mean)
    return TypeCost(
        now=full if of.proofs[one.name].is_full else expected,
        base=Cost(),
        full=full,
        per_night=expected.times(1 / of.past.nights(one.name)),
    )


def _whole(one: ContentType, of: Basis) -> TypeCost:
    """What is read in full costs what it cost last time. Pages may have another size now."""
    readings = of.past.readings(one.name)
    size_of = of.vault.sizes(one.name)
    gone = [reading.deleted for reading in readings if not reading.first]
    looks_again = one.source.looks_again
    calls = readings[0].calls - (readings[0].deleted if looks_again else 0.0)
    if isinstance(one.source, Paged) and readings[0].complete:
        entries = [Entry(i) for i in size_of]
        mean = fmean(size_of.values()) if size_of else one.typical_size
        calls = costs.census(one, entries)
        calls += costs.first_pages(one, entries, of.page_size(mean))
    if looks_again and gone:
        calls += fmean(gone)
    cost = Cost(calls, sum(size_of.values()))
    return TypeCost(now=cost, base=cost, full=cost)


# By what Looker was seen to have.


def _of_found(one: ContentType, found: Found, of: Basis) -> TypeCost:
    mean = found.mean or float(one.typical_size)
    entries = {entry.id: entry for entry in found.entries}
    shelf = _Shelf(one, entries, dict.fromkeys(entries, int(mean)), of)
    there = of.there(one.name)
    due = [entry for entry in found.entries if entry.id not in there]

    def cost(read: Sequence[Entry]) -> Cost:
        objects = len(read) + found.beside + found.rows
        return Cost(
            found.listed + costs.first_pages(one, read, shelf.page) + found.beside,
            objects * mean + shelf.listing().bytes,
        )

    full = cost(found.entries)
    if one.stamped:
        return TypeCost(
            now=cost(due),
            base=shelf.listing(),
            full=full,
            per_night=_assumed(shelf),
            proving=cache(lambda share: _proving(shelf, share)),
        )
    if one.immutable:
        return TypeCost(
            now=cost(due), base=Cost(), full=full, per_night=full.times(ASSUMED_CHANGES)
        )
    return TypeCost(now=cost(due), base=full, full=full)


def seconds_per_call(vault: Repository) -> float | None:
    """Of the newest runs that came to their end at once; None where there is none.

    Each run that was gone on with has a certificate for each time that it ended.
    """
    ends = Counter(one.run for one in vault.certificates())
    ended = [row for row in vault.runs() if row.status == "complete" and ends[row.run] == 1]
    spent = [
        max(0.0, (row.finished or row.started) - row.started) / row.calls
        for row in ended[-5:]
        if row.calls
    ]
    return median(spent) if spent else None
