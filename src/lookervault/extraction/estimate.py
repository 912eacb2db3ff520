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
from lookervault.content.sources import Paged
from lookervault.extraction.changes import NEW, Changes, changes
from lookervault.extraction.past import Past
from lookervault.extraction.shelf import Cost, Shelf, entry_of, page_size, slice_key
from lookervault.extraction.unchanged import DEFAULT_PROVE, slices
from lookervault.storage.proving import in_slice
from lookervault.storage.repository import Repository
from lookervault.storage.runs import Proof

_NOTHING = Cost()


def _nothing(_: float) -> Cost:
    return _NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeCost:
    """Of one type. `now` is the coming run, if the type is due in it; `last` of its calls come when
    what has changed is read, and prove what seems unchanged.

    Any other run costs `base`, and `changes` by the nights since the last one, and `proving` by the
    share of what seems unchanged; `full` is the most.
    """

    now: Cost
    base: Cost
    full: Cost
    last: float = 0.0
    changes: Changes = _nothing
    proving: Callable[[float], Cost] = _nothing

    def later(self, nights: float, share: float) -> Cost:
        cost = self.base.plus(self.changes(nights)).plus(self.proving(share))
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


def _stamped(one: ContentType, of: Basis) -> TypeCost:
    stamps = of.vault.stamps(one.name)
    entries = {
        i: entry_of(one, i, trashed=stamp.trashed, folder=stamp.folder_id)
        for i, stamp in stamps.items()
    }
    shelf = Shelf(one, entries, of.vault.sizes(one.name), of.config)
    proof = of.proofs[one.name]
    there = of.there(one.name)
    due = [
        entry
        for i, entry in entries.items()
        if i not in there
        and (stamps[i].updated_at is None or in_slice(proof, slice_key(one, entry)))
    ]
    always = [entry for i, entry in entries.items() if stamps[i].updated_at is None]
    base = shelf.listing().plus(shelf.reading(always))
    nights = of.past.nights(one.name)
    changed = changes(shelf, of.past.readings(one.name), nights)
    now = shelf.listing().plus(shelf.reading(due))
    proving = shelf.listing().calls + shelf.reading(due).calls - base.calls
    return TypeCost(
        now=now if proof.is_full else now.plus(changed(nights)),
        last=proving + costs.added(one, entries.values()) if proving else 0.0,
        base=base,
        full=shelf.listing().plus(shelf.reading(list(entries.values()))),
        changes=changed,
        proving=cache(shelf.proving),
    )


def _immutable(one: ContentType, of: Basis) -> TypeCost:
    size_of = of.vault.sizes(one.name)
    mean = fmean(size_of.values()) if size_of else float(one.typical_size)
    full = Cost(len(size_of), sum(size_of.values()))
    readings = of.past.readings(one.name)
    later = [reading.calls for reading in readings if not (reading.first or reading.full)]
    new = fmean(later) if later else NEW * len(size_of)
    expected = Cost(new, new * mean)
    nights = of.past.nights(one.name)
    return TypeCost(
        now=full if of.proofs[one.name].is_full else expected,
        base=Cost(),
        full=full,
        changes=lambda passed: expected.times(passed / nights),
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
        calls += costs.first_pages(one, entries, page_size(of.config, mean))
    if looks_again and gone:
        calls += fmean(gone)
    cost = Cost(calls, sum(size_of.values()))
    return TypeCost(now=cost, base=cost, full=cost)


# By what Looker was seen to have.


def _of_found(one: ContentType, found: Found, of: Basis) -> TypeCost:
    mean = found.mean or float(one.typical_size)
    entries = {entry.id: entry for entry in found.entries}
    shelf = Shelf(one, entries, dict.fromkeys(entries, int(mean)), of.config)
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
            changes=changes(shelf, (), 1),
            proving=cache(shelf.proving),
        )
    if one.immutable:
        return TypeCost(
            now=cost(due), base=Cost(), full=full, changes=lambda passed: full.times(NEW * passed)
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
