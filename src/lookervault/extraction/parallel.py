"""The worker threads."""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from lookervault.errors import LookerVaultError
from lookervault.extraction.work_queue import WorkQueue


class Workers[Work, Done]:
    """`count` threads that take work from a bounded queue and report what became of it.

    One thread is the serial mode. What goes wrong with work is part of its result: a worker whose
    `perform` raises ends, and `check` says so. `results` is unbounded, but never holds more than
    was handed in. Only the thread that created the pool may call its methods.
    """

    def __init__(self, count: int, queue_size: int, perform: Callable[[Work], Done]) -> None:
        """Raises `LookerVaultError` where the system gives fewer threads."""
        self.count = count
        self.tasks: WorkQueue[Work] = WorkQueue(queue_size)
        self.results: queue.SimpleQueue[Done] = queue.SimpleQueue()
        self._perform = perform
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="worker")
        try:
            self._loops = [self._pool.submit(self._loop) for _ in range(count)]
        except RuntimeError as error:
            self.tasks.close(drop=True)  # or those that began would wait for ever
            raise LookerVaultError(
                f"The system does not give this process {count} threads ({error}).",
                hint="Use fewer --workers, or raise the limits (ulimit -u, ulimit -v).",
            ) from error

    def _loop(self) -> None:
        while (task := self.tasks.get()) is not None:
            self.results.put(self._perform(task))

    def check(self) -> None:
        """Raises what a worker died of: the result of its work would be waited for in vain."""
        for loop in self._loops:
            if loop.done():
                loop.result()

    def close(self, *, drop: bool = False) -> None:
        """Waits for the work in hand; with `drop`, what is queued is not begun."""
        self.tasks.close(drop=drop)
        self._pool.shutdown(wait=True)
        for loop in self._loops:
            loop.result()
