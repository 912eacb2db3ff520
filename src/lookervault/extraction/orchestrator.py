"""One run, from the login to the sealed result.

The orchestrator's thread plans and counts; worker threads call, hash and store. They meet in a
bounded queue of work and an unbounded queue of results, so neither can hold the other up for
ever. A first run, a run over a few types and a run over some folders are the same code: they
differ in what is due.
"""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lookervault.config.models import ParallelConfig
from lookervault.content import operations as op
from lookervault.content.model import ContentType, Entry, Scope
from lookervault.errors import (
    CallError,
    Interrupted,
    LookerVaultError,
    UnauthorizedError,
    UsageError,
)
from lookervault.extraction import ending
from lookervault.extraction.batch_processor import BatchProcessor
from lookervault.extraction.beginning import Beginning, begin, due_of
from lookervault.extraction.deletions import Deletions
from lookervault.extraction.identity import claim
from lookervault.extraction.known import VaultKnown
from lookervault.extraction.memory import peak_memory_mb
from lookervault.extraction.parallel import Workers
from lookervault.extraction.permissions import doubts_about, last_complete
from lookervault.extraction.progress import Progress
from lookervault.extraction.rate_limiter import RateLimiter
from lookervault.extraction.request import Request
from lookervault.extraction.retry import Calls, Client, Tally
from lookervault.extraction.schedule import Schedule
from lookervault.extraction.stop import Stop
from lookervault.extraction.tasks import Done, Performer, Work
from lookervault.extraction.type_run import Phase, TypeRun
from lookervault.extraction.unchanged import DEFAULT_PROVE, slices
from lookervault.extraction.visibility import Caller, Version, caller, decoded, version
from lookervault.extraction.work_queue import InFlight
from lookervault.storage.proving import Read
from lookervault.storage.repository import Repository
from lookervault.storage.runs import Proof, RunEnd, RunStart

SESSION = "session"
"""On whose account the calls of the run itself go: version, user, roles, scope."""
_POLL_S = 0.1
"""Seconds after which the orchestrator looks whether it was asked to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run brought; `error` is why it failed or was interrupted."""

    run: int
    end: RunEnd
    resumed: bool = False
    notes: tuple[str, ...] = ()
    """What a person should know of how it began."""
    error: LookerVaultError | None = None


class Orchestrator:
    """Runs once; `stop.request()` may be called by any thread or signal handler meanwhile."""

    def __init__(
        self,
        client: Client,
        vault: Repository,
        config: ParallelConfig,
        progress: Progress,
        *,
        in_flight: InFlight | None = None,
        stop: Stop | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        jitter: random.Random | None = None,
    ) -> None:
        """`in_flight` is the one by which the client admits bodies."""
        self._vault = vault
        self._in_flight = in_flight or InFlight(config.bytes_in_flight, clock)
        self._config = config
        self._progress = progress
        self._stop = stop or Stop()
        self._clock = clock
        self._now = now
        self._tally = Tally()
        jitter = jitter or random.Random()
        self._limiter = RateLimiter(config.rate, clock=clock, wait=self._stop.wait, jitter=jitter)
        self._calls = Calls(
            client,
            self._limiter,
            config,
            stop=self._stop,
            tally=self._tally,
            jitter=jitter,
            clock=clock,
            let_go=self._in_flight.let_go,
        )
        self._heard: queue.SimpleQueue[tuple[str, Sequence[Entry]]] = queue.SimpleQueue()
        self._failures_in_a_row = 0
        self._utilization = 0.0

    def run(self, request: Request) -> Result:
        """Raises what went wrong before the run was begun; afterwards the result tells."""
        types, left = due_of(self._vault, request, self._now())
        session = self._calls.for_type(SESSION)
        looker = version(session)
        here = claim(self._vault, looker, request.base_url, same_instance=request.same_instance)
        who = caller(session)
        scope = self._scope(request)
        self._in_flight.let_go()
        before = last_complete(self._vault.runs())
        start = self._start(
            request, types, instance=here.instance, looker=looker, who=who, scope=scope
        )
        beginning = begin(self._vault, start, request)
        run = beginning.run
        doubts = doubts_about(request, who, before, beginning.earlier)
        deletions = self._deletions(request, run, proven=scope.folders is None and not doubts)
        proofs = self._slices(request, types, beginning, deletions.held)
        schedule = Schedule(
            [self._type_run(t, beginning, deletions, proofs[t.name]) for t in types],
            few=request.few_calls,
        )
        error = None
        try:
            self._extract(schedule, run, scope)
        except LookerVaultError as raised:
            error = raised
        end = self._end(run, list(schedule.types.values()), doubts, error, left)
        end = ending.with_earlier(beginning.earlier, end)
        self._vault.end_run(run, end)
        return Result(
            run=run,
            end=end,
            resumed=beginning.earlier is not None,
            notes=tuple(note for note in (here.note, *beginning.notes) if note),
            error=error,
        )

    # Before.

    def _scope(self, request: Request) -> Scope:
        if not request.folders:
            return Scope()
        body = self._calls.for_type(SESSION).get(op.ALL_FOLDERS, params={"fields": "id,parent_id"})
        rows = decoded(body, op.ALL_FOLDERS, list[dict[str, Any]])
        parents = {str(row.get("id")): str(row.get("parent_id") or "") for row in rows}
        if unknown := [i for i in request.folders if i not in parents]:
            raise UsageError(
                f"Looker shows no folder {', '.join(unknown)}.",
                hint="The id is the number in the folder's URL; `list folders` shows them.",
            )
        inside = set(request.folders)
        grown = request.recursive
        while grown:
            below = {i for i, parent in parents.items() if parent in inside} - inside
            inside |= below
            grown = bool(below)
        return Scope(frozenset(inside))

    def _start(
        self,
        request: Request,
        types: Sequence[ContentType],
        *,
        instance: str,
        looker: Version,
        who: Caller,
        scope: Scope,
    ) -> RunStart:
        return RunStart(
            started=self._now(),
            instance=instance,
            base_url=request.base_url,
            user=who.name,
            user_id=who.user_id,
            looker_version=looker.release,
            program_version=request.program_version,
            arguments={**request.arguments, **self._how_much(request)},
            types=[t.name for t in types],
            scope=None if scope.folders is None else sorted(scope.folders),
            roles=who.roles,
        )

    def _how_much(self, request: Request) -> dict[str, Any]:
        """What of the request a run that goes on with this one has to know."""
        prove = {} if self._config.prove is None else {"prove": self._config.prove}
        return prove | ({"full": True} if request.full else {})

    def _deletions(self, request: Request, run: int, *, proven: bool) -> Deletions:
        return Deletions(
            proven=proven,
            most=self._config.max_deletions,
            accepted=frozenset(request.accept_deletions),
            held=self._vault.held(run - 1),
        )

    def _slices(
        self,
        request: Request,
        types: Sequence[ContentType],
        beginning: Beginning,
        held: Iterable[str],
    ) -> dict[str, Proof]:
        """A run that goes on reads the slice that it began with."""
        earlier = beginning.earlier
        prove = self._config.prove if earlier is None else earlier.arguments.get("prove")
        last = self._vault.proving().newest(beginning.run)
        return slices(
            types,
            last,
            held=held,
            prove=DEFAULT_PROVE if prove is None else prove,
            full=request.full,
        )

    def _type_run(
        self, content_type: ContentType, beginning: Beginning, deletions: Deletions, proof: Proof
    ) -> TypeRun:
        one = TypeRun(
            content_type,
            self._config,
            self._vault,
            beginning.run,
            deletions=deletions,
            proof=proof,
            resumed=beginning.earlier is not None,
        )
        if part := beginning.done.get(content_type.name):
            one.adopt(part.result, part.proof)
        return one

    # While it runs.

    def _extract(self, schedule: Schedule, run: int, scope: Scope) -> None:
        types = schedule.types
        thinking = threading.Lock()
        processors = {
            name: BatchProcessor(t.type, scope, run, self._vault, thinking)
            for name, t in types.items()
        }
        performer = Performer(
            [t.type for t in types.values()],
            processors=processors,
            calls=self._calls,
            known=VaultKnown(self._vault, run, types.keys(), scope, self._calls.for_type),
            scope=scope,
            in_flight=self._in_flight,
            heard=lambda name, entries: self._heard.put((name, entries)),
        )
        slots = self._calls.slots
        workers = Workers(slots.threads, self._config.queue_size, performer)
        began, called = self._clock(), self._seconds_in_calls()
        finished = False
        try:
            self._feed(schedule, workers)
            finished = True
        finally:
            if not finished:
                self._stop.request()
                self._stop.spread()
            workers.close(drop=not finished)
            seconds = max(self._clock() - began, 1e-9)
            called = self._seconds_in_calls() - called
            self._utilization = called / (slots.count * seconds)

    def _seconds_in_calls(self) -> float:
        """Of all workers together: under way to Looker, not waiting for the rate or for room."""
        return self._calls.slots.held - self._limiter.waited - self._in_flight.waited

    def _feed(self, schedule: Schedule, workers: Workers[Work, Done]) -> None:
        types = schedule.types
        while True:
            self._settle_all(types, workers)
            work = schedule.next()  # after it: what was settled may be what another waited for
            if work is not None:
                while not workers.tasks.put(work, _POLL_S):
                    workers.check()
                    self._check_stop()
                    self._progress.beat(self._tally, self._limiter.rate)
            elif schedule.is_done:
                return
            else:
                self._settle_one(types, workers)

    def _settle_all(self, types: Mapping[str, TypeRun], workers: Workers[Work, Done]) -> None:
        while not self._heard.empty():
            name, entries = self._heard.get()
            types[name].hear(entries)
        while not workers.results.empty():
            self._settle(types, workers.results.get())

    def _settle_one(self, types: Mapping[str, TypeRun], workers: Workers[Work, Done]) -> None:
        while self._heard.empty():
            self._check_stop()
            try:
                self._settle(types, workers.results.get(timeout=_POLL_S))
            except queue.Empty:
                workers.check()
                self._progress.beat(self._tally, self._limiter.rate)
            else:
                return

    def _settle(self, types: Mapping[str, TypeRun], done: Done) -> None:
        self._judge(done)
        one = types[done.work.type]
        one.settle(done)
        self._progress.update(
            one.name, one.objects, max(one.census, one.objects), finished=one.phase is Phase.DONE
        )
        self._progress.beat(self._tally, self._limiter.rate)

    def _judge(self, done: Done) -> None:
        """Raises the errors that no other page could do better with."""
        error = done.error
        if error is not None and (
            not isinstance(error, CallError) or isinstance(error, UnauthorizedError)
        ):
            raise error
        if error is None or not done.gave_up:
            self._failures_in_a_row = 0
            return
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= max(3, self._config.workers):
            raise error

    def _check_stop(self) -> None:
        if self._stop.requested:
            self._stop.spread()
            raise Interrupted("The run was stopped.", hint="Run the same command to go on.")

    # After.

    def _end(
        self,
        run: int,
        types: Sequence[TypeRun],
        doubts: list[str],
        error: LookerVaultError | None,
        left: Mapping[str, Read],
    ) -> RunEnd:
        """`left` are the types that were not due."""
        root, by_type = self._vault.root(run, [t.name for t in types])
        results = [
            ending.type_result(t, self._vault, self._tally, run, by_type.get(t.name)) for t in types
        ]
        missing = sorted({m for t in types for m in (*t.missing, *ending.left_out(t, error))})
        proofs = [t.proof(result.items) for t, result in zip(types, results, strict=True)]
        proofs += [Proof(type=name, width=0, as_of=read.run) for name, read in left.items()]
        reasons = doubts + ending.incomplete(types)
        return RunEnd(
            finished=self._now(),
            status=ending.status(error, reasons),
            reasons=reasons if error is None else [*reasons, error.message],
            calls=self._tally.calls.total(),
            retries=self._tally.retries.total(),
            throttled=self._limiter.throttled_calls,
            bytes=self._tally.bytes,
            items=sum(result.items for result in results),
            utilization=round(self._utilization, 4),
            peak_memory_mb=peak_memory_mb(),
            root=root,
            types=results,
            missing=missing,
            proofs=proofs,
        )
