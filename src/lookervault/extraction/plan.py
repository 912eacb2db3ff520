"""What a run will cost, and what a month of such runs.

A month is 31 nights with a run in each, as the longest ones have them; types are due in it as they
are in a run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lookervault.config.models import ParallelConfig
from lookervault.content.costs import SESSION, SESSION_BYTES
from lookervault.content.model import ContentType
from lookervault.content.registry import content_type
from lookervault.extraction.beginning import done_before, due_of, resumable
from lookervault.extraction.cadence import due, intervals
from lookervault.extraction.estimate import (
    Found,
    TypeCost,
    basis,
    seconds_per_call,
    type_cost,
    unknown,
)
from lookervault.extraction.past import Past
from lookervault.extraction.request import Request
from lookervault.extraction.shelf import Cost
from lookervault.extraction.unchanged import DEFAULT_PROVE
from lookervault.storage.proving import Read
from lookervault.storage.repository import Repository
from lookervault.storage.runs import RunRow

NIGHTS = 31
_DAY_S = 24 * 3600
_ASSUMED_S = 0.1
"""Seconds of a run by its calls, where no past one tells and Looker was not asked."""

type Ask = Callable[[Sequence[ContentType]], Mapping[str, Found]]
"""Asks Looker what there is of types that no run has read."""


class Month(NamedTuple):
    """`runs` are those in which something is due: any other calls nobody."""

    runs: int
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`asked` are the types of which Looker was asked what there is, `resumes` the run that the
    coming one goes on with, `rate` the most calls a second. `reads` tells which run read all of a
    type last, as of `now`, in seconds since 1970.
    """

    types: Sequence[ContentType]
    costs: Mapping[str, TypeCost]
    due: frozenset[str]
    every: Mapping[str, float]
    share: float
    full: bool
    seconds_per_call: float
    asked: Mapping[str, Found]
    now: float = 0.0
    reads: Mapping[str, Read] = field(default_factory=dict)
    rate: float | None = None
    resumes: int | None = None

    def of(self, name: str) -> Cost:
        """What a type costs in the coming run, in whole calls."""
        if name not in self.due:
            return Cost()
        now = self.costs[name].now
        return Cost(round(now.calls), round(now.bytes))

    @property
    def calls(self) -> int:
        """Of the coming run, with its login."""
        session = SESSION if self.due else 0
        return session + sum(round(self.of(one.name).calls) for one in self.types)

    @property
    def bytes(self) -> int:
        session = SESSION_BYTES if self.due else 0
        return session + sum(round(self.of(one.name).bytes) for one in self.types)

    def seconds(self, calls: float) -> float:
        """Of so many calls of a run, by all its workers."""
        return calls * max(self.seconds_per_call, 1 / self.rate if self.rate else 0.0)

    def month(self) -> Month:
        """The coming one, from what the vault has now. It begins with the coming run."""
        due_now = [one for one in self.types if one.name in self.due]
        reads = _read(self.reads, due_now, self.now)
        runs, calls = self._nights(range(1, NIGHTS), self.every, self.share, reads)
        return Month(runs + bool(due_now), round(calls) + self.calls)

    def month_of(self, every: Mapping[str, float], share: float) -> Month:
        """The dearest one, with these intervals and that share that is proven: everything was read
        before, and everything is due in the first night.
        """
        runs, calls = self._nights(range(NIGHTS), every, share, {})
        return Month(runs, round(calls))

    def _nights(
        self,
        nights: Iterable[int],
        every: Mapping[str, float],
        share: float,
        reads: Mapping[str, Read],
    ) -> tuple[int, float]:
        """Runs and their calls."""
        runs, calls = 0, 0.0
        for night in nights:
            now = self.now + night * _DAY_S
            chosen = due(self.types, reads, every=every, now=now).types
            if not chosen:
                continue
            runs += 1
            calls += SESSION
            for one in chosen:
                calls += self._reading(
                    one.name, _passed(reads.get(one.name), every[one.name], now), share
                )
            reads = _read(reads, chosen, now)
        return runs, calls

    def _reading(self, name: str, nights: float, share: float) -> float:
        cost = self.costs[name]
        return cost.full.calls if self.full else cost.later(nights, share).calls


def _read(reads: Mapping[str, Read], types: Iterable[ContentType], now: float) -> dict[str, Read]:
    return {**reads, **{one.name: Read(0, now) for one in types}}


def _passed(last: Read | None, every: float, now: float) -> float:
    """Nights since then."""
    return max(1.0, every if last is None else round((now - last.started) / _DAY_S))


def plan(
    vault: Repository, request: Request, config: ParallelConfig, *, now: float, ask: Ask
) -> Plan:
    """Of a run over the whole instance. Sends no call, unless there is something to `ask` for."""
    chosen = due_of(vault, request, now).types
    last = _gone_on_with(vault, request, chosen, now)
    resumed = None if last is None else last.run
    of = basis(vault, request.types, config, resumed=resumed, full=request.full)
    asked = _asked(unknown(of.past, request.types), ask)
    done = {} if last is None else done_before(vault, last)
    return Plan(
        types=request.types,
        costs={one.name: type_cost(one, of, asked.get(one.name)) for one in request.types},
        due=frozenset(one.name for one in chosen) - done.keys(),
        every=_every(request),
        share=(DEFAULT_PROVE if config.prove is None else config.prove) / 100,
        full=request.full,
        seconds_per_call=seconds_per_call(vault) or _ASSUMED_S,
        asked=asked,
        now=now,
        reads=vault.proving().reads(),
        rate=config.rate,
        resumes=resumed,
    )


def _every(request: Request) -> dict[str, float]:
    days = intervals(request.types, request.every)
    return dict.fromkeys(days, 0.0) if request.all_due or request.full else days


def never_read(vault: Repository, request: Request) -> list[str]:
    """Types of which no run has come to its end."""
    past = Past(vault, request.types)
    return [one.name for one in unknown(past, request.types)]


def _gone_on_with(
    vault: Repository, request: Request, chosen: Sequence[ContentType], now: float
) -> RunRow | None:
    last = resumable(vault, request, now)
    if last is None or last.types != [one.name for one in chosen]:
        return None
    return last if bool(last.arguments.get("full")) == request.full else None


def _asked(types: Sequence[ContentType], ask: Ask) -> dict[str, Found]:
    """Types are found in others: these are asked for, too, wherever they are known from."""
    wanted = {one.name: one for one in types}
    pending = list(types)
    while pending:
        needed = [content_type(name) for name in pending.pop().after if name not in wanted]
        wanted |= {one.name: one for one in needed}
        pending += needed
    found = ask(list(wanted.values())) if wanted else {}
    return {one.name: found[one.name] for one in types}
