"""Which types are due in a run: content in every one, what moves seldom and costs much, seldom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from lookervault.content.model import ContentType
from lookervault.storage.proving import Read

_DAY_S = 24 * 3600
_EARLY_S = 6 * 3600
"""A nightly run begins some minutes earlier or later: a week is over in the seventh night."""


class Due(NamedTuple):
    """`left` are the types that are not due, with the run whose state they keep."""

    types: list[ContentType]
    left: dict[str, Read]


def intervals(types: Iterable[ContentType], every: Mapping[str, float]) -> dict[str, float]:
    """Days between two readings of each type; 0 is every run. `every` are those that were set."""
    return {one.name: every.get(one.name, one.every) for one in types}


def due(
    types: Sequence[ContentType],
    reads: Mapping[str, Read],
    *,
    every: Mapping[str, float],
    now: float,
    also: Iterable[str] = (),
) -> Due:
    """`reads` tells of each type which run read all of it last. A type that was never read is due,
    and so are those of `also` and what the due ones are listed by.
    """
    days = intervals(types, every)
    names = {one.name for one in types if _is_due(reads.get(one.name), days[one.name], now)}
    names |= set(also)
    by_name = {one.name: one for one in types}
    pending = [name for name in names if name in by_name]
    while pending:
        needed = (set(by_name[pending.pop()].after) & by_name.keys()) - names
        names |= needed
        pending += needed
    left = {one.name: reads[one.name] for one in types if one.name not in names}
    return Due([one for one in types if one.name in names], left)


def next_due(left: Mapping[str, Read], days: Mapping[str, float]) -> float:
    """When the first of them will be due, in seconds since 1970."""
    return min(read.started + days[name] * _DAY_S - _EARLY_S for name, read in left.items())


def _is_due(read: Read | None, days: float, now: float) -> bool:
    """A clock that was set back puts off nothing."""
    if read is None or not days or now < read.started:
        return True
    return now >= read.started + days * _DAY_S - _EARLY_S
