"""How fast all workers together may call Looker.

A token bucket (pyrate-limiter's GCRA) spaces the calls. Nobody documents a Looker's limit, so it
is found: a 429 halves the rate, once for all the calls that were under way together, and every
worker waits as long as the answer says. Then the rate rises again: fast to just below where it
was refused, slowly beyond (the shape of TCP CUBIC, RFC 9438: most of the time is spent close to
the limit, and the limit is seldom touched). Why: docs/design/decisions/006-finding-the-rate.md.
"""

from __future__ import annotations

import math
import random
import threading
from collections import deque
from collections.abc import Callable

from pyrate_limiter import GCRA, AbstractClock, Rate, RateItem, StateBucket

_WINDOW_S = 5.0
"""Seconds over which the present rate is measured."""
_FEW_CALLS = 10
"""So few in the window that a ceiling tells the rate better than they do."""
_SLOWEST = 0.5
"""Calls a second below which no 429 pushes the rate."""
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0
_RECOVERY_S = 6.0
_RECOVERY_CALLS = 120
"""Seconds, and calls, after an episode until the rate is back at where it was refused."""
_LONGEST_RECOVERY_S = 60.0
"""A few 429s in a row must not slow a run down for long: they need not come from a limit."""
_FREE_AFTER = 4.0
"""A rate this many times the last refused one is no limit any more."""


class _Clock(AbstractClock):
    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now

    def now(self) -> int:
        return int(self._now() * 1000)


class RateLimiter:
    """Thread-safe; one lock guards everything, and nobody sleeps while holding it.

    `ceiling` is the rate that was asked for in calls a second, None for no limit of our own.
    `clock` is monotonic, in seconds; `wait` sleeps and may raise to stop.
    """

    def __init__(
        self,
        ceiling: float | None,
        *,
        clock: Callable[[], float],
        wait: Callable[[float], None],
        jitter: random.Random,
    ) -> None:
        self._ceiling = ceiling
        self._clock = clock
        self._wait = wait
        self._jitter = jitter
        self._lock = threading.Lock()
        self._bucket = StateBucket([_rate(ceiling or 1)], GCRA(), clock=_Clock(clock))
        self._sent: deque[float] = deque()
        self._not_before = 0.0
        self._episode_at: float | None = None
        self._refused_rate = 0.0
        self._episodes_in_a_row = 0
        self.waited = 0.0
        self.throttled_calls = 0

    def acquire(self) -> float:
        """Waits until a call may be sent; returns when it was let go, for `throttled`."""
        began = self._clock()
        try:
            while (pause := self.try_acquire()) > 0:
                self._wait(pause)
        finally:
            now = self._clock()
            with self._lock:
                self.waited += now - began
        return now

    def try_acquire(self) -> float:
        """Lets one call go and returns 0, or the seconds to wait before the next try."""
        with self._lock:
            now = self._clock()
            pause = self._not_before - now
            if pause <= 0:
                pause = self._until_free(now)
            if pause <= 0:
                self._sent.append(now)
                while self._sent[0] < now - _WINDOW_S:
                    self._sent.popleft()
                return 0.0
            return pause

    def _until_free(self, now: float) -> float:
        if (rate := self._rate_at(now)) is None:
            return 0.0
        self._bucket.rates = [_rate(rate)]
        item = RateItem("call", math.ceil(now * 1000))
        if self._bucket.put(item):
            return 0.0
        waiting = self._bucket.waiting(item)
        return max(float(waiting if isinstance(waiting, int) else 1) / 1000, 0.001)

    def throttled(self, sent_at: float, retry_after: float | None) -> None:
        """A call that `acquire` let go at `sent_at` was answered 429."""
        with self._lock:
            now = self._clock()
            self.throttled_calls += 1
            new_episode = self._episode_at is None or sent_at > self._episode_at
            if new_episode:
                self._begin_episode(now)
            pause = retry_after if retry_after is not None else self._backoff()
            until = now + pause * (1 + 0.1 * self._jitter.random())
            self._not_before = max(self._not_before, until)
            self._episode_at = max(now, self._episode_at or now)

    def succeeded(self, sent_at: float) -> None:
        """A call was answered with anything but 429."""
        with self._lock:
            if self._episode_at is not None and sent_at > self._episode_at:
                self._episodes_in_a_row = 0

    def _begin_episode(self, now: float) -> None:
        found = self._found(now)
        present = self._measured(now) if found is None else self._really_sent(now, found)
        self._refused_rate = max(_SLOWEST, present)
        self._episodes_in_a_row += 1

    def _really_sent(self, now: float, found: float) -> float:
        """What is found rises while nothing is refused, however few calls there are to send: a
        rate that nobody sent at tells nothing of the one that was refused now.
        """
        count, per_second = self._lately(now, since=self._not_before)
        return found if count < _FEW_CALLS else min(found, per_second)

    def _backoff(self) -> float:
        doubled = _FIRST_PAUSE_S * 2.0 ** (self._episodes_in_a_row - 1)
        return min(_LONGEST_PAUSE_S, doubled)

    def _rate_at(self, now: float) -> float | None:
        """Calls a second that are allowed now; None is no limit."""
        found = self._found(now)
        return self._ceiling if found is None else found

    def _found(self, now: float) -> float | None:
        """The rate that 429s have led to; None where they have not, or do not any more."""
        if self._episode_at is None:
            return None
        since = max(0.0, now - max(self._episode_at, self._not_before))
        gap = self._refused_rate / 2
        recovery = max(_RECOVERY_S, _RECOVERY_CALLS / self._refused_rate)
        recovery = min(recovery, _LONGEST_RECOVERY_S)
        rate = self._refused_rate + gap * ((since / recovery) - 1) ** 3
        free = self._refused_rate * _FREE_AFTER
        return rate if rate < min(free, self._ceiling or free) else None

    def _measured(self, now: float) -> float:
        count, per_second = self._lately(now)
        return self._ceiling if self._ceiling is not None and count < _FEW_CALLS else per_second

    def _lately(self, now: float, since: float = 0.0) -> tuple[int, float]:
        """The calls that were sent within the window, and how many a second that is."""
        sent = [at for at in self._sent if at >= max(since, now - _WINDOW_S)]
        return len(sent), len(sent) / max(now - sent[0], 1.0) if sent else _SLOWEST

    @property
    def rate(self) -> float | None:
        """Calls a second that are allowed at the moment, None for no limit."""
        with self._lock:
            return self._rate_at(self._clock())


def _rate(per_second: float) -> Rate:
    """In thousandths of a call a second: the library counts whole calls in whole milliseconds.

    One call at a time, evenly spaced: a strict limiter (nginx's `limit_req`) refuses the second of
    two that come together. Only where the gap is near what a sleeping thread oversleeps may late
    calls catch up.
    """
    return Rate(max(1, round(per_second * 1000)), 1_000_000, burst=max(1, round(per_second / 40)))
