"""The bounded queue between the orchestrator, who plans pages, and the workers, who fetch them."""

from __future__ import annotations

import threading
from collections import deque


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
    """A ceiling on the bytes that all workers hold at once. Thread-safe.

    A page larger than the whole ceiling is let through alone.
    """

    def __init__(self, ceiling: int) -> None:
        self._ceiling = ceiling
        self._held = 0
        self._changed = threading.Condition()

    def acquire(self, size: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._held == 0 or self._held + size <= self._ceiling)
            self._held += size

    def release(self, size: int) -> None:
        with self._changed:
            self._held -= size
            self._changed.notify_all()
