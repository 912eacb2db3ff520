"""Asking a run to stop."""

from __future__ import annotations

import threading

from lookervault.errors import Interrupted


class Stop:
    """Set once, seen by all threads, waited for instead of sleeping.

    `request` may be called from a signal handler: it takes no lock. The run's main thread calls
    `spread` now and then, which wakes the threads that wait.
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
        if self._event.wait(seconds) or self.requested:
            raise Interrupted("The run was stopped.", hint="Run the same command to go on.")

    def check(self) -> None:
        if self.requested:
            self.wait(0)
