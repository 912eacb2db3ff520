"""An embedded Looker in which something happens at a moment that no clock decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from lookervault.demo.behaviour import Behaviour, Fault

ANY = "any"
"""In place of an operation: calls of all of them count, the login as well."""


class Happening(Behaviour):
    """Something happens when a call has come in, and before anybody looks at it.

    That is the server's thread: what happens there must not wait for the server.
    """

    def __init__(self) -> None:
        super().__init__()
        self._happens: dict[tuple[str, int], Callable[[], object]] = {}
        self._counts: Counter[str] = Counter()

    def at(self, operation_id: str, call: int, happens: Callable[[], object]) -> None:
        """`call` is counted from 1. To be told while no call is under way."""
        self._happens[operation_id, call] = happens

    @property
    def left(self) -> int:
        """Things that have not happened."""
        return len(self._happens)

    def wait(self, latency_ms: float) -> None:
        """So long before each answer, from now on."""
        self.latency_ms = latency_ms

    def aimed_fault(self, operation_id: str) -> Fault | None:
        for name in (ANY, operation_id):
            self._counts[name] += 1
            if happens := self._happens.pop((name, self._counts[name]), None):
                happens()
        return super().aimed_fault(operation_id)
