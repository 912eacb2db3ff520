"""In which order the types of a run get their turn. Only the orchestrator's thread touches it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lookervault.extraction.tasks import Work
from lookervault.extraction.type_run import Phase, TypeRun


class Schedule:
    """What has changed comes before what is only to be proven.

    Where calls are `few`, the types follow one another from the most valuable to the least, so
    that the least is left out. Otherwise all are read at once.
    """

    def __init__(self, types: Sequence[TypeRun], *, few: bool = False) -> None:
        self.types: Mapping[str, TypeRun] = {one.name: one for one in types}
        self._few = few
        self._in_order = list(types)

    @property
    def is_done(self) -> bool:
        return all(one.phase is Phase.DONE for one in self._in_order)

    def next(self) -> Work | None:
        """The next piece of work; None while there is none to give out."""
        self._begin_ready()
        work = self._in_turn() if self._few else self._any()
        if work is None and not any(one.is_busy for one in self._in_order):
            for one in self._in_order:
                one.paging.may_prove = True
            work = self._any()
        return work

    def _begin_ready(self) -> None:
        for one in self._in_order:
            if one.phase is Phase.WAITING:
                needed = {name: self.types[name] for name in one.type.after if name in self.types}
                if all(other.phase is Phase.DONE for other in needed.values()):
                    one.begin(needed)

    def _any(self) -> Work | None:
        """Types that others wait for go first, then the longest: so that none is left alone."""
        waited_for = {
            name for one in self._in_order if one.phase is Phase.WAITING for name in one.type.after
        }
        order = sorted(self._in_order, key=lambda one: (one.name not in waited_for, -one.remaining))
        return next((work for one in order if (work := one.take()) is not None), None)

    def _in_turn(self) -> Work | None:
        for one in self._in_order:
            if (work := one.take()) is not None:
                return work
            if one.is_busy:
                return None
        return None
