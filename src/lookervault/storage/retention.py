"""Which runs a person wants to keep: as restic's `forget` chooses among snapshots.

A run counts as of the time at which it began, in UTC. Of each period (day, week, month, year) the
newest complete run is kept, the newest one of all where none is complete; a week begins on Monday.
Only a run over the whole Looker is complete in this sense.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from lookervault.errors import UsageError
from lookervault.storage.runs import RESUMABLE, RunRow, over_all

NEWEST, NEWEST_COMPLETE, UNFINISHED = "newest", "newest complete", "not finished"
"""Why runs are kept whatever the policy says."""
_FIRST = datetime(1, 1, 1, tzinfo=UTC)


class Span(msgspec.Struct, frozen=True):
    """A length of time by the calendar."""

    months: int = 0
    hours: int = 0

    def before(self, moment: datetime) -> datetime:
        """The moment that lies so long before; the last of a month stays within a month.

        Where there is no such moment, the first that there is.
        """
        months = moment.year * 12 + moment.month - 1 - self.months
        year, month = divmod(months, 12)
        if year < _FIRST.year:
            return _FIRST
        day = min(moment.day, calendar.monthrange(year, month + 1)[1])
        try:
            then = moment.replace(year=year, month=month + 1, day=day)
            return then - timedelta(hours=self.hours)
        except OverflowError:
            return _FIRST


_SPAN = re.compile(r"(?:(\d{1,6})y)?(?:(\d{1,6})m)?(?:(\d{1,6})w)?(?:(\d{1,6})d)?(?:(\d{1,6})h)?")


def span(text: str) -> Span:
    """Raises `UsageError` where it is none."""
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None or not any(found.groups()):
        raise UsageError(
            f"{text!r} is no length of time.",
            hint="Write years, months, weeks, days, hours in this order: 30d, 2m, 1y6m, 36h.",
        )
    years, months, weeks, days, hours = (int(part or 0) for part in found.groups())
    return Span(12 * years + months, 24 * (7 * weeks + days) + hours)


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """How many runs, days, weeks, months and years; `within` counts back from the newest run."""

    last: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0
    within: Span | None = None


_PERIODS: dict[str, Callable[[datetime], object]] = {
    "daily": lambda day: day.date(),
    "weekly": lambda day: day.isocalendar()[:2],
    "monthly": lambda day: (day.year, day.month),
    "yearly": lambda day: day.year,
}


class Choice(msgspec.Struct, frozen=True):
    """A run, and why it is kept: no reason, not kept."""

    run: RunRow
    reasons: list[str]


def choose(runs: Sequence[RunRow], policy: Policy) -> list[Choice]:
    """`runs` are in order, and so is the answer.

    Kept whatever the policy says: the newest complete run; the newest one that came to its end; and
    what began after it, which may be under way or be gone on with.
    """
    reasons: dict[int, list[str]] = {row.run: [] for row in runs}
    for row, reason in [*_always(runs), *_wanted(runs[::-1], policy)]:
        if reason not in reasons[row.run]:
            reasons[row.run].append(reason)
    return [Choice(row, reasons[row.run]) for row in runs]


def _always(runs: Sequence[RunRow]) -> Iterator[tuple[RunRow, str]]:
    """What a run that is gone on with undoes is told by its number: it shares that with nothing."""
    ended = [row for row in runs if row.status not in RESUMABLE]
    yield from ((row, NEWEST) for row in ended[-1:])
    yield from ((row, NEWEST_COMPLETE) for row in _complete(runs)[-1:])
    last = ended[-1].run if ended else 0
    yield from ((row, UNFINISHED) for row in runs if row.run > last)


def _wanted(newest_first: Sequence[RunRow], policy: Policy) -> Iterator[tuple[RunRow, str]]:
    yield from ((row, "last") for row in newest_first[: policy.last])
    if policy.within is not None and newest_first:
        since = policy.within.before(max(map(_began, newest_first)))
        yield from ((row, "within") for row in newest_first if _began(row) >= since)
    complete = {row.run for row in _complete(newest_first)}
    for name, period in _PERIODS.items():
        chosen = _one_each(newest_first, complete, period, getattr(policy, name))
        yield from ((row, name) for row in chosen)


def _one_each(
    newest_first: Sequence[RunRow],
    complete: Collection[int],
    period: Callable[[datetime], object],
    count: int,
) -> Iterable[RunRow]:
    """While there are fewer periods than wanted, the oldest run is kept, too, as restic does: so
    the history reaches back as far as it can.
    """
    groups: dict[object, list[RunRow]] = {}
    for row in newest_first:
        groups.setdefault(period(_began(row)), []).append(row)
    kept = [_best(group, complete) for group in list(groups.values())[:count]]
    if len(kept) < count:
        kept += newest_first[-1:]
    return kept


def _best(newest_first: Sequence[RunRow], complete: Collection[int]) -> RunRow:
    return next((row for row in newest_first if row.run in complete), newest_first[0])


def _complete(runs: Sequence[RunRow]) -> list[RunRow]:
    return [row for row in over_all(runs) if row.status == "complete"]


def _began(row: RunRow) -> datetime:
    """A damaged time is as old as can be: nothing else is forgotten for it."""
    try:
        return datetime.fromtimestamp(row.started, UTC)
    except (OverflowError, OSError, ValueError):
        return _FIRST
