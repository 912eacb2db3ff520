"""How much of a type changes from night to night, and what it takes to read that."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from statistics import fmean

from lookervault.extraction.past import Reading
from lookervault.extraction.shelf import Cost, Shelf, entry_of, mean

CHANGED = 0.01
"""Share of a type that a night changes, where no past run tells."""
NEW = 0.002
"""Share of what never changes that a night adds, where no past run tells."""

type Changes = Callable[[float], Cost]
"""By the nights since a type was read: what it takes to read what has changed."""


def changes(shelf: Shelf, readings: Sequence[Reading], nights: float) -> Changes:
    """As in the past; so many `nights` lie between two `readings`.

    What changes in several nights is read once, and several things come in one call: so ten nights
    are less than ten times one.
    """
    later = [reading for reading in readings if not reading.first]
    if not later:
        return cache(lambda after: shelf.changed(_within(after, CHANGED)))
    seen = mean([_of(reading, shelf) for reading in later])
    share = fmean(len(reading.changed) for reading in later) / max(1, len(shelf.entries))
    a_night = _within(1 / nights, min(1.0, share))
    gone = fmean(reading.deleted for reading in later)
    usual = shelf.changed(_within(nights, a_night))

    @cache
    def after(passed: float) -> Cost:
        then = shelf.changed(_within(passed, a_night))
        return Cost(
            seen.calls * _ratio(then.calls, usual.calls) + gone * passed / nights,
            seen.bytes * _ratio(then.bytes, usual.bytes),
        )

    return after


def _of(reading: Reading, shelf: Shelf) -> Cost:
    """The pages of what a run found changed. What is gone is looked for a second time."""
    return shelf.reading(
        [
            entry_of(shelf.one, row.id, trashed=row.trashed, folder=row.folder_id)
            for row in reading.changed
        ]
    )


def _within(nights: float, share: float) -> float:
    """What changes at least once, where one night changes that share."""
    return 1 - math.pow(1 - share, nights)


def _ratio(then: float, usual: float) -> float:
    return then / usual if usual else 0.0
