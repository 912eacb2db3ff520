"""What past runs tell of a type: the calls they took, and what they found changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from statistics import fmean
from typing import NamedTuple

from lookervault.content.model import ContentType
from lookervault.storage.listing import ItemRow
from lookervault.storage.repository import Repository

MOST = 14
"""Runs that are looked at, besides the first one."""
_DAY_S = 24 * 3600
_ENDED = ("complete", "partial")


class Reading(NamedTuple):
    """One run's reading of one type. `changed` are the items as they became, new ones included;
    `full`: what seemed unchanged was read, too.
    """

    run: int
    started: float
    calls: int
    complete: bool
    first: bool
    full: bool
    deleted: int
    changed: tuple[ItemRow, ...] = ()


class Past:
    """Of the runs over the whole instance that came to their end, the newest first."""

    def __init__(self, vault: Repository, types: Iterable[ContentType]) -> None:
        self._found: dict[str, list[Reading]] = defaultdict(list)
        self._names = {one.name for one in types}
        self._began = vault.timeline().beginnings()
        for row in reversed(vault.runs()):
            if row.status in _ENDED and row.scope is None and self._wants_more():
                self._add(vault, row.run, row.started)
        self._add_changes(vault, [one.name for one in types if one.stamped])

    def readings(self, name: str) -> list[Reading]:
        return self._found.get(name, [])

    def nights(self, name: str) -> float:
        """Days between two readings, on average; runs of one day count as a night's each."""
        times = [reading.started for reading in self.readings(name)]
        gaps = [max(1.0, round((after - before) / _DAY_S)) for after, before in pairwise(times)]
        return fmean(gaps) if gaps else 1.0

    def _wants_more(self) -> bool:
        return any(len(self._found.get(name, ())) <= MOST for name in self._names)

    def _add(self, vault: Repository, run: int, started: float) -> None:
        proofs = {proof.type: proof for proof in vault.proofs(run)}
        for result in vault.type_results(run):
            if result.type in self._names and len(self._found[result.type]) <= MOST:
                self._found[result.type].append(
                    Reading(
                        run=run,
                        started=started,
                        calls=result.calls,
                        complete=result.status == "complete",
                        first=run <= self._began.get(result.type, 0),
                        full=result.type not in proofs or proofs[result.type].is_full,
                        deleted=result.deleted,
                    )
                )

    def _add_changes(self, vault: Repository, names: list[str]) -> None:
        for name in names:
            later = [reading.run for reading in self.readings(name) if not reading.first]
            if not later:
                continue
            changed: dict[int, list[ItemRow]] = defaultdict(list)
            for event in vault.timeline().events(min(later), max(later), [name]):
                if event.after is not None:
                    changed[event.run].append(event.after)
            self._found[name] = [
                reading._replace(changed=tuple(changed[reading.run]))
                for reading in self._found[name]
            ]
