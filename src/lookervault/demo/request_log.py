"""What was asked of the server, for tests that count calls."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from threading import Lock
from typing import NamedTuple, overload


class Served(NamedTuple):
    """`path` is below `/api/4.0`; `query` has the last value of each parameter."""

    operation_id: str
    path: str
    query: dict[str, str]
    status: int


class RequestLog(Sequence[Served]):
    """The latest requests, oldest first. Every method may be called from any thread."""

    def __init__(self, keep: int = 100_000) -> None:
        self._lock = Lock()
        self._served: deque[Served] = deque(maxlen=keep)

    def add(self, served: Served) -> None:
        with self._lock:
            self._served.append(served)

    def clear(self) -> None:
        with self._lock:
            self._served.clear()

    def calls(self, operation_id: str) -> list[Served]:
        return [served for served in self._snapshot() if served.operation_id == operation_id]

    def _snapshot(self) -> list[Served]:
        with self._lock:
            return list(self._served)

    def __len__(self) -> int:
        return len(self._served)

    @overload
    def __getitem__(self, index: int) -> Served: ...

    @overload
    def __getitem__(self, index: slice) -> list[Served]: ...

    def __getitem__(self, index: int | slice) -> Served | list[Served]:
        return self._snapshot()[index]
