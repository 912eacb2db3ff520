"""Sending a few objects at once, while the next is made."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self

_AT_ONCE = 2
"""Each of at most `packs.PACK_BYTES` in memory, and one more that is being made."""


class Line:
    """For one thread."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_AT_ONCE)
        self._under_way = deque[tuple[Future[Any], Callable[[Any], None]]]()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def put[T](self, send: Callable[[], T], then: Callable[[T], None]) -> None:
        """`then` is called with what `send` returned: by this thread, in the order of the calls,
        once there is no room for more.
        """
        self.wait(_AT_ONCE - 1)
        self._under_way.append((self._pool.submit(send), then))

    def wait(self, left: int = 0) -> None:
        """Until so many are under way."""
        while len(self._under_way) > left:
            done, then = self._under_way.popleft()
            then(done.result())
