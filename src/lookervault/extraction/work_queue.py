"""The bounded queue between the orchestrator, who plans pages, and the workers, who fetch them."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable


class WorkQueue[T]:
    """First in, first out; thread-safe, one condition guards it.

    `put` waits while `size` tasks are queued, so that a slow consumer slows the producer down.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._tasks: deque[T] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, task: T, seconds: float | None = None) -> bool:
        """Whether the task was taken: not where there is no room for `seconds`, or it is closed."""
        with self._changed:
            if not self._changed.wait_for(self._has_room, seconds) or self._closed:
                return False
            self._tasks.append(task)
            self._changed.notify_all()
            return True

    def get(self) -> T | None:
        """The oldest task; None when no more will come."""
        with self._changed:
            self._changed.wait_for(lambda: self._tasks or self._closed)
            if not self._tasks:
                return None
            task = self._tasks.popleft()
            self._changed.notify_all()
            return task

    def close(self, *, drop: bool = False) -> None:
        """No more tasks; with `drop`, those that wait are forgotten too."""
        with self._changed:
            self._closed = True
            if drop:
                self._tasks.clear()
            self._changed.notify_all()

    def __len__(self) -> int:
        with self._changed:
            return len(self._tasks)

    def _has_room(self) -> bool:
        return self._closed or len(self._tasks) < self._size


class InFlight:
    """A ceiling on the bytes of answers that all threads hold at once. Thread-safe.

    A thread holds one answer at a time, from the moment that its size is known until it is stored
    or the thread asks for the next one. An answer larger than the whole ceiling is let through
    alone, and while it waits for that, no other one is. `waited` is the seconds that threads had to
    wait.
    """

    def __init__(self, ceiling: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.waited = 0.0
        self._ceiling = ceiling
        self._clock = clock
        self._held = self._large = 0
        self._own = threading.local()
        self._changed = threading.Condition()

    def hold(self, size: int) -> None:
        """Waits until there is room; what the thread held before is let go."""
        self.let_go()
        large = size > self._ceiling
        with self._changed:
            began = self._clock()
            self._large += large
            self._changed.wait_for(lambda: self._has_room(size, large=large))
            self._large -= large
            self.waited += self._clock() - began
            self._held += size
        self._own.size = size

    def _has_room(self, size: int, *, large: bool) -> bool:
        if large:
            return self._held == 0
        return not self._large and self._held + size <= self._ceiling

    def let_go(self) -> None:
        size: int = getattr(self._own, "size", 0)
        self._own.size = 0
        if size:
            with self._changed:
                self._held -= size
                self._changed.notify_all()
