"""What a run leaves out that may send only so many calls, told by its plan.

The order is that in which `schedule.Schedule` gives out work where calls are few.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lookervault.content.costs import SESSION
from lookervault.extraction.plan import Plan


class Part(NamedTuple):
    """Of a type: what is `proven`, or all else, and the calls for it."""

    type: str
    proven: bool
    calls: int


class LeftOut(NamedTuple):
    """`calls` of those for a part are not sent."""

    part: Part
    calls: int


def left_out(plan: Plan, most: int) -> list[LeftOut]:
    """The most valuable first: the first one may be read in part, all others are not begun."""
    found: list[LeftOut] = []
    left = most - SESSION
    for part in _in_order(plan):
        if found or part.calls > left:
            found.append(LeftOut(part, part.calls - max(0, left)))
        left = max(0, left - part.calls)
    return found


def _in_order(plan: Plan) -> Iterator[Part]:
    """Types are read once those are done that they are found in; some of these are to be proven."""
    waiting = [one for one in plan.types if one.name in plan.due]
    to_prove: list[Part] = []
    while waiting or to_prove:
        undone = {one.name for one in waiting} | {part.type for part in to_prove}
        one = next((one for one in waiting if not undone & set(one.after)), None)
        if one is None:
            yield from to_prove
            to_prove.clear()
            continue
        waiting.remove(one)
        calls = round(plan.of(one.name).calls)
        proving = min(calls, round(plan.costs[one.name].last))
        yield Part(one.name, proven=False, calls=calls - proving)
        if proving:
            to_prove.append(Part(one.name, proven=True, calls=proving))
