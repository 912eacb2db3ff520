"""What it costs to list and to read, in calls: the arithmetic behind `ContentType.cost`.

A listing starts each page at the last row of the page before and ends where that row comes alone
(`content.listing`), so it takes a call more than its rows seem to need.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from lookervault.content.model import CENSUS_LIMIT, ContentType, Due, Entry
from lookervault.content.sources import TRASH, Paged
from lookervault.content.types.alerts import ROWS

SESSION = 4
"""Calls of the run itself: the login, the version, the user, its roles."""
SESSION_BYTES = 5_000
"""Of their answers."""
PROBE = 2
"""Ids in the first list that a Looker is asked for which served this vault nothing before."""


def listing(rows: int, limit: int = CENSUS_LIMIT) -> int:
    """Calls that list so many rows while nothing shifts."""
    if rows <= 1:
        return 1 + rows
    return -(-(rows - 1) // limit) + 1


def look_for_added(rows: int) -> int:
    """Calls that show that nothing was added to so many rows."""
    return 2 if rows == 1 else 1


def parts_of(one: ContentType) -> tuple[str, ...]:
    """The passes in which a type is listed; empty where it is not listed in pages of ids."""
    if isinstance(one.source, Paged):
        return tuple(one.source.parts)
    return ("", TRASH) if one.stamped else ()


def census(one: ContentType, entries: Iterable[Entry]) -> int:
    """Calls that list what is there, and what was added meanwhile."""
    counted = _counted(entries)
    passes = parts_of(one)
    times = min(2, len(passes))
    return sum(times * listing(counted[part]) for part in passes) + _added(one, counted)


def added(one: ContentType, entries: Iterable[Entry]) -> int:
    """Of these calls, those that look for what was added meanwhile: after the pages."""
    return _added(one, _counted(entries))


def _added(one: ContentType, counted: Counter[str]) -> int:
    return sum(look_for_added(counted[part]) for part in parts_of(one))


def _counted(entries: Iterable[Entry]) -> Counter[str]:
    return Counter(TRASH if entry.part == TRASH else "" for entry in entries)


def alerts(halves: Iterable[int]) -> int:
    """`halves` are how many there are that are enabled, and disabled."""
    return sum(listing(rows, ROWS) + listing(rows) for rows in halves)


def pages(one: ContentType, entries: Sequence[Entry], size: int) -> int:
    """Calls that read these of a Looker that is known to take lists of ids."""
    ordered = sorted(entries, key=lambda entry: entry.part)
    due = Due(one.name, ordered, lambda: size, one.source.id_lists)
    return sum(1 for _ in one.source.batches(due))


def first_pages(one: ContentType, entries: Sequence[Entry], size: int) -> int:
    """The same of one that is asked for two ids first, before it is trusted with more."""
    calls = pages(one, entries, size)
    if not one.source.id_lists:
        return calls
    counted = Counter(entry.part for entry in entries)
    whole = max((count // size * size for count in counted.values()), default=0)
    asked = whole or (counted[TRASH] if counted[TRASH] > 1 else counted[""])
    return calls + (1 + -(-(asked - PROBE) // size) - -(-asked // size) if asked > PROBE else 0)


def page_size(largest: int, page_bytes: int, mean: float) -> int:
    """Objects in a page: as many as asked for, unless objects like these would make it huge."""
    return max(1, min(largest, math.floor(page_bytes / max(mean, 1.0))))
