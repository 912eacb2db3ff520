"""Calls that are worth another try get one.

`Calls` is what a content type reads Looker through: it waits for the rate limiter, sends the
call, counts it, and repeats what may go better next time, within a bound in number and in time.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential
from tenacity.stop import stop_base

from lookervault.config.models import ParallelConfig
from lookervault.content.operations import Operation
from lookervault.errors import NobodyThereError, PostponedError, RateLimitedError, TransientError
from lookervault.extraction.rate_limiter import RateLimiter
from lookervault.extraction.stop import Stop

_LONGEST_BACKOFF_S = 30.0
_CALLS_PER_SPARE_THREAD = 4
_TRIES_TO_MEET, _SECONDS_TO_MEET = 3, 3.0
"""For a call to an address where nobody has ever answered."""


class Client(Protocol):
    """One attempt at a call: `lookervault.looker.client.Looker`."""

    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes: ...


class Tally:
    """What the calls of a run cost, by type. Its lock guards every count."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.calls: Counter[str] = Counter()
        self.retries: Counter[str] = Counter()
        self.throttled = 0
        self.bytes = 0

    def call(self, owner: str) -> None:
        with self._lock:
            self.calls[owner] += 1

    def retry(self, owner: str) -> None:
        with self._lock:
            self.retries[owner] += 1

    def throttle(self) -> None:
        """A call was answered with 429."""
        with self._lock:
            self.throttled += 1

    def received(self, size: int) -> None:
        with self._lock:
            self.bytes += size


class Slots:
    """How many calls may be under way at once. Thread-safe.

    There are a few more threads than that (`threads`): while one hashes and stores what it
    fetched, another one calls. `held` is the seconds that all slots were taken, added up.
    """

    def __init__(self, count: int, clock: Callable[[], float]) -> None:
        self.count = count
        self.threads = count + count // _CALLS_PER_SPARE_THREAD
        self.held = 0.0
        self._clock = clock
        self._free = threading.BoundedSemaphore(count)
        self._lock = threading.Lock()

    @contextmanager
    def one(self) -> Iterator[None]:
        with self._free:
            began = self._clock()
            try:
                yield
            finally:
                with self._lock:
                    self.held += self._clock() - began


class _Enough(stop_base):
    """429s are waited out as long as time allows; other failures also have a number of tries.

    Where nobody has ever answered, the address is wrong, most probably, and a person waits for the
    message: both are small. Once somebody has answered, Looker is waited for.
    """

    def __init__(self, tries: int, seconds: float) -> None:
        self._tries = tries
        self._seconds = seconds

    def __call__(self, state: RetryCallState) -> bool:
        tries, seconds = self._tries, self._seconds
        if _failed_by(state, NobodyThereError):
            tries, seconds = min(tries, _TRIES_TO_MEET), min(seconds, _SECONDS_TO_MEET)
        if (state.seconds_since_start or 0) >= seconds:
            return True
        return state.attempt_number >= tries and not _failed_by(state, RateLimitedError)


def _failed_by(state: RetryCallState, kind: type[TransientError]) -> bool:
    return state.outcome is not None and isinstance(state.outcome.exception(), kind)


class Calls:
    """Thread-safe: one for all workers of a run. `for_type` says on whose account a call goes."""

    def __init__(
        self,
        client: Client,
        limiter: RateLimiter,
        config: ParallelConfig,
        *,
        stop: Stop,
        tally: Tally,
        jitter: random.Random,
        clock: Callable[[], float] = time.monotonic,
        let_go: Callable[[], None] = lambda: None,
    ) -> None:
        """`let_go` gives up what the calling thread holds of the ceiling on bytes in flight."""
        self._client = client
        self._let_go = let_go
        self._limiter = limiter
        self._stop = stop
        self.slots = Slots(config.workers, clock)
        self.tally = tally
        self._backoff = wait_exponential(multiplier=0.25, max=_LONGEST_BACKOFF_S)
        self._enough = _Enough(config.max_tries, config.max_retry_seconds)
        self._max_wait = config.max_wait
        self._jitter = jitter

    def for_type(self, owner: str) -> TypeCalls:
        return TypeCalls(self, owner)

    def get(
        self,
        owner: str,
        operation: Operation,
        path_args: tuple[str, ...],
        params: Mapping[str, str],
    ) -> bytes:
        """Raises `CallError` when it failed for good, `Interrupted` when the run is stopped, and
        `PostponedError` where Looker names a wait that is longer than `max_wait`.
        """
        retrying = Retrying(
            stop=self._enough,
            wait=self._pause,
            retry=retry_if_exception_type(TransientError),
            sleep=self._stop.wait,
            before_sleep=lambda _: self.tally.retry(owner),
            reraise=True,
        )
        return retrying(self._once, owner, operation, path_args, params)

    def _pause(self, state: RetryCallState) -> float:
        """The limiter makes everybody wait after a 429; a second pause here would be too much.

        What came of the failed call is held no longer: others may need the room meanwhile.
        """
        self._let_go()
        if _failed_by(state, RateLimitedError):
            return 0.0
        return self._backoff(state) * (0.5 + 0.5 * self._jitter.random())

    def _once(
        self,
        owner: str,
        operation: Operation,
        path_args: tuple[str, ...],
        params: Mapping[str, str],
    ) -> bytes:
        self._let_go()  # who waits for a slot must not keep those waiting who have one
        with self.slots.one():
            self._stop.check()
            sent_at = self._limiter.acquire()
            self.tally.call(owner)
            try:
                body = self._client.get(operation, *path_args, params=params)
            except RateLimitedError as error:
                self.tally.throttle()
                self._limiter.throttled(sent_at, error.retry_after)
                self._check_wait(error.retry_after or 0)
                raise
            self._limiter.succeeded(sent_at)
        self.tally.received(len(body))
        return body

    def _check_wait(self, seconds: float) -> None:
        if seconds > self._max_wait:
            raise PostponedError(
                f"Looker asks not to be called for {seconds:,.0f} seconds (429, Retry-After);"
                f" --max-wait allows {self._max_wait:,.0f}.",
                hint="What came until then is in the vault. Run the same command after that time:"
                " it goes on from there.",
            ) from None


class TypeCalls:
    """`content.model.Reader` on one type's account. Each piece of work has its own.

    `gave_up` tells that a call of it has failed each time it was tried.
    """

    def __init__(self, calls: Calls, owner: str) -> None:
        self._calls = calls
        self._owner = owner
        self.gave_up = False

    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes:
        try:
            return self._calls.get(self._owner, operation, path_args, params or {})
        except TransientError:
            self.gave_up = True
            raise
