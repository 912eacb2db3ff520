"""How the vault's content grows, run by run or week by week; and what changes most often."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import accumulate, groupby
from typing import NamedTuple

from lookervault.history.stats.state import State
from lookervault.storage.counting import Step


class Growth(NamedTuple):
    """A run, or the runs of a week, of which `run` is the last one.

    `items` and `bytes` are what there was afterwards, as it came from Looker. `began` counts what
    a type began with in the vault, `new` what appeared later.
    """

    run: int
    runs: int
    time: float
    status: str
    items: int
    bytes: int
    began: int
    new: int
    changed: int
    deleted: int

    @property
    def week(self) -> str:
        """ISO 8601, in UTC: 2026-W48."""
        year, week, _ = _calendar(self.time)
        return f"{year}-W{week:02}"


def growth(state: State, types: Sequence[str] | None = None, since: int = 0) -> list[Growth]:
    """Each run's, from `since` on, in order."""
    steps = state.vault.counting().steps(types)
    sums = dict(_sums(steps, [row.run for row in state.runs]))
    found = []
    for row in state.runs:
        time = row.finished or row.started
        found.append(Growth(row.run, 1, time, row.status, *sums[row.run]))
    return [one for one in found if one.run >= since]


def _sums(steps: Iterable[Step], runs: Sequence[int]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """What a run that is forgotten did counts for the one after it."""
    waiting = list(steps)[::-1]
    items = size = 0
    for run in runs:
        counts = [0, 0, 0, 0]
        while waiting and waiting[-1].run <= run:
            step = waiting.pop()
            items, size = items + step.items, size + step.bytes
            counts = [a + b for a, b in zip(counts, step[3:], strict=True)]
        yield run, (items, size, *counts)


def weekly(rows: Iterable[Growth]) -> list[Growth]:
    found = []
    for _, group in groupby(rows, key=lambda row: row.week):
        *_, last = accumulate(group, _joined)
        found.append(last)
    return found


def _joined(before: Growth, row: Growth) -> Growth:
    return row._replace(
        runs=before.runs + row.runs,
        began=before.began + row.began,
        new=before.new + row.new,
        changed=before.changed + row.changed,
        deleted=before.deleted + row.deleted,
    )


def _calendar(seconds: float) -> tuple[int, int, int]:
    return datetime.fromtimestamp(seconds, UTC).isocalendar()


class Change(NamedTuple):
    """An item that changed, and how often; `first` and `last` are runs that found it changed."""

    type: str
    id: str
    name: str | None
    changes: int
    first: int
    last: int
    deleted: bool


def most_changed(state: State, types: Sequence[str] | None = None, since: int = 0) -> list[Change]:
    """What these runs found changed, that which changed most often first."""
    counted = state.vault.counting().most_changed(since, state.run, types)
    return [
        Change(
            one.type,
            one.id,
            state.name(one.type, one.id),
            one.changes,
            one.first,
            one.last,
            one.id not in state.items(one.type),
        )
        for one in counted
    ]
