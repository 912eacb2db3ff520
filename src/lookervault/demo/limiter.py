"""A rate limit as a server keeps it."""

from __future__ import annotations

import math
from collections.abc import Callable


class Limiter:
    """A token bucket that holds one second's worth. For the event loop's thread alone."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._filled_at = clock()
        self._tokens = math.inf
        self._refused = 0

    def admits(self, rps: float) -> bool:
        """`rps`: requests a second; it may change from call to call."""
        now = self._clock()
        room = max(1.0, rps)
        self._tokens = min(room, self._tokens + (now - self._filled_at) * rps)
        self._filled_at = now
        if self._tokens < 1:
            self._refused += 1
            return False
        self._tokens -= 1
        return True

    def says_when(self) -> bool:
        """Whether this refusal has a Retry-After: every other one has."""
        return self._refused % 2 == 1

    def seconds_to_wait(self, rps: float) -> int:
        return max(1, math.ceil((1 - self._tokens) / rps))
