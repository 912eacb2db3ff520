"""Asking a run to stop."""

from __future__ import annotations

import threading
import time

from lookervault.errors import Interrupted

_LOOK_S = 0.1
"""Seconds after which who waits looks whether a stop was asked for."""


class Stop:
    """Set once, seen by all threads, waited for instead of sleeping.

    `request` may be called from a signal handler: it takes no lock, so whoever waits looks now and
    then. The run's main thread calls `spread` when it sees the request, which wakes all at once.
    """

    def __init__(self) -> None:
        self.requested = False
        self._event = threading.Event()

    def request(self) -> None:
        self.requested = True

    def spread(self) -> None:
        if self.requested:
            self._event.set()

    def wait(self, seconds: float) -> None:
        """Sleeps; raises `Interrupted` as soon as a stop is asked for."""
        until = time.monotonic() + seconds
        while not self.requested and (left := until - time.monotonic()) > 0:
            self._event.wait(min(left, _LOOK_S))
        if self.requested:
            raise Interrupted("The run was stopped.", hint="Run the same command to go on.")

    def check(self) -> None:
        if self.requested:
            self.wait(0)
