"""A schedule by which a month of nightly runs stays within a quota.

Content comes as often as possible; for that, everything else comes more seldom, and then less of
what seems unchanged is read again. The first schedule that fits is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from lookervault.errors import UsageError
from lookervault.extraction.plan import Month, Plan

CONTENT = (
    "dashboards",
    "looks",
    "folders",
    "boards",
    "scheduled_plans",
    "alerts",
    "merge_queries",
    "queries",
)
"""What people make, and would miss; all else is about who may do what, and how."""
_MONTH = 31
"""Days after which nothing is read twice in a calendar month."""
_CONTENT_DAYS = (0, 2, 3, 7, 14, _MONTH)
_OTHER_DAYS = (0, 7, 14, _MONTH)
_SHARES = (1 / 14, 1 / 28, 1 / 56, 0.0)
RESERVE = 0.05
"""Share of the quota that is left free: calls are repeated, and instances grow."""


class Schedule(NamedTuple):
    """Days between two readings (0: every run), and the share that is proven in a run.

    `others` is the least of all that is not content: a type's own interval may be longer.
    """

    content: float
    others: float
    share: float
    every: Mapping[str, float]
    month: Month


def fit(plan: Plan, quota: int, *, given: Mapping[str, float], share: float | None) -> Schedule:
    """`given` are intervals, and `share` is what is proven, where they are not to be chosen.

    Raises `UsageError` where nothing fits.
    """
    cheapest: Schedule | None = None
    for one in _schedules(plan, given, (share,) if share is not None else _SHARES):
        if one.month.calls <= quota * (1 - RESERVE):
            return one
        if cheapest is None or one.month.calls < cheapest.month.calls:
            cheapest = one
    raise _nothing_fits(quota, cheapest)


def _schedules(
    plan: Plan, given: Mapping[str, float], shares: Sequence[float]
) -> Iterator[Schedule]:
    for content in _CONTENT_DAYS:
        for share in shares:
            for others in _OTHER_DAYS:
                every = {**_intervals(plan, content, others), **given}
                month = plan.month_of(every, share)
                yield Schedule(content, others, share, every, month)


def _intervals(plan: Plan, content: float, others: float) -> dict[str, float]:
    """Nothing else comes more often than content: a night for it alone would be a run more."""
    return {
        name: content if name in CONTENT else max(own, others, content)
        for name, own in plan.every.items()
    }


def _nothing_fits(quota: int, cheapest: Schedule | None) -> UsageError:
    least = 0 if cheapest is None else cheapest.month.calls
    return UsageError(
        f"No schedule fits {quota:,} calls a month: the cheapest one, with a run in {_MONTH} days"
        f" that proves nothing, takes {least:,}, and {RESERVE:.0%} are left free.",
        hint="Leave types out (--exclude), raise the page size (--page-size 500), or see"
        " docs/how-to/nightly-within-the-quota.md.",
    )
