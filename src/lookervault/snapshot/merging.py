"""How what a snapshot reads stays in few objects, though each night adds some."""

from __future__ import annotations

from collections.abc import Sequence

_RATIO = 8
_SHARE = 0.25


def to_merge(levels: Sequence[int], new: int) -> int:
    """How many of the last levels become one with what is new, by the bytes of each.

    The first has nearly all, and is written anew once the others are as large together. Those of
    others become one until the one before is eight times as large, or they are a quarter of the
    first: so much a night sends again at most, and there are never more than a few.
    """
    if not levels:
        return 0
    first, *others = levels
    if sum(others) + new > first:
        return len(levels)
    count, size = 0, new
    for level in reversed(others):
        if level >= _RATIO * size or level + size > _SHARE * first:
            break
        count, size = count + 1, size + level
    return count
