"""What a worker does with one piece of work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from lookervault.content.model import (
    Answer,
    Batch,
    Census,
    ContentType,
    Entry,
    Known,
    Listed,
    Scope,
    View,
)
from lookervault.errors import BadAnswerError, LookerVaultError
from lookervault.extraction.batch_processor import BatchProcessor, Digest
from lookervault.extraction.retry import Calls, TypeCalls
from lookervault.extraction.work_queue import InFlight

_READINGS = 3
"""Times an answer that makes no sense is asked for."""


class Kind(Enum):
    CENSUS = "census"
    """List what there is; for types whose listing is whole, store it too."""
    PAGE = "page"
    """Fetch a page of what is due."""
    ADDED = "added"
    """List what was created since the census."""
    AGAIN = "again"
    """Ask for one object by its own call: the second look."""


class Work(NamedTuple):
    kind: Kind
    type: str
    batch: Batch | None = None
    census: Census | None = None


@dataclass(slots=True)
class Done:
    work: Work
    digest: Digest = field(default_factory=Digest)
    listed: dict[str, Entry] = field(default_factory=dict)
    error: LookerVaultError | None = None
    gave_up: bool = False
    """A call failed each time it was tried: Looker, not the one item, is what does not answer."""


class Performer:
    """Does any work of a run, in any thread."""

    def __init__(
        self,
        types: Iterable[ContentType],
        *,
        processors: dict[str, BatchProcessor],
        calls: Calls,
        known: Known,
        scope: Scope,
        in_flight: InFlight,
        heard: Callable[[str, Sequence[Entry]], None],
    ) -> None:
        """`heard` is told, in the worker's thread, what a census has listed so far."""
        self._types = {t.name: t for t in types}
        self._processors = processors
        self._calls = calls
        self._known = known
        self._scope = scope
        self._in_flight = in_flight
        self._heard = heard

    def __call__(self, work: Work) -> Done:
        """Never raises a `LookerVaultError`: it is part of what is done."""
        done, read = Done(work), self._calls.for_type(work.type)
        try:
            self._repeat_nonsense(read, done)
        except LookerVaultError as error:
            done.error = error
        finally:
            self._in_flight.let_go()
        done.gave_up = read.gave_up
        return done

    def _repeat_nonsense(self, read: TypeCalls, done: Done) -> None:
        """Calls that fail are repeated where they are made: here only what came and is no sense."""
        steps = {
            Kind.CENSUS: self._census,
            Kind.PAGE: self._page,
            Kind.ADDED: self._added,
            Kind.AGAIN: self._again,
        }
        for reading in range(_READINGS):
            try:
                steps[done.work.kind](read, done.work, done)
            except BadAnswerError:
                if read.gave_up or reading == _READINGS - 1:
                    raise
                self._calls.tally.retry(done.work.type)
                done.listed.clear()
                done.digest.bad.clear()
            else:
                return

    def _census(self, read: TypeCalls, work: Work, done: Done) -> None:
        source = self._types[work.type].source
        for part in source.census(View(read, self._known, self._scope)):
            if isinstance(part, Listed):
                done.listed.update((entry.id, entry) for entry in part.entries)
                self._heard(work.type, part.entries)
            else:
                digest = self._store(work, part, None)
                done.digest.add(digest)
                done.listed.update((i, Entry(i)) for i in digest.seen)
                if digest.repeated:
                    raise BadAnswerError(
                        f"The list of {work.type} has {min(digest.repeated)} twice.",
                        hint="Something else is likely to be missing from it. Try again.",
                    )

    def _added(self, read: TypeCalls, work: Work, done: Done) -> None:
        assert work.census is not None  # noqa: S101 -- nothing is added but to a census
        census = work.census
        if self._scope.folders is not None:
            census = census._replace(parts={})
        source = self._types[work.type].source
        for part in source.added(View(read, self._known, self._scope), census):
            done.listed.update((entry.id, entry) for entry in part.entries)

    def _page(self, read: TypeCalls, work: Work, done: Done) -> None:
        batch = work.batch
        assert batch is not None  # noqa: S101 -- a page of work always has its batch
        source = self._types[work.type].source
        by_ids = source.id_lists and batch.offset is None
        wanted = frozenset(entry.id for entry in batch.entries) if by_ids else None
        for answer in source.fetch(read, batch):
            done.digest.add(self._store(work, answer, wanted))

    def _again(self, read: TypeCalls, work: Work, done: Done) -> None:
        assert work.batch is not None  # noqa: S101 -- a second look is always at an entry
        entry = work.batch.entries[0]
        answer = self._types[work.type].source.fetch_one(read, entry)
        done.digest.add(self._store(work, answer, frozenset((entry.id,))))

    def _store(self, work: Work, answer: Answer, wanted: frozenset[str] | None) -> Digest:
        return self._processors[work.type].store(answer, wanted)
