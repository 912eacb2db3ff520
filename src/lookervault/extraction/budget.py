"""How many calls may be sent: of one run, and of a calendar month."""

from __future__ import annotations

import threading
from collections.abc import Callable

from lookervault.errors import BudgetError

_BLOCK = 20
"""Calls that are written down at once, before they are sent: a killed run may have sent them."""

LEFT_OUT = "budget"
"""The reason of what a run leaves out because it may send no more calls."""


class Budget:
    """Counts every call that is sent, with its retries and the logins. Thread-safe.

    `most` is never exceeded; None is no limit. `record` is told of calls before they are sent, and
    in the end, as a negative number, of those that were not.
    """

    def __init__(
        self,
        most: int | None = None,
        *,
        why: str = "",
        record: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.most = most
        self.sent = 0
        self._why = why
        self._record = record
        self._recorded = 0
        self._lock = threading.Lock()

    def spend(self) -> None:
        """Raises `BudgetError` where one more call is one too many."""
        with self._lock:
            if self.most is not None and self.sent >= self.most:
                raise BudgetError(
                    f"The run has sent the {self.most:,} calls that it may send ({self._why}).",
                    hint="What came until then is in the vault. The next run goes on from there.",
                )
            if self.sent >= self._recorded:
                block = _BLOCK if self.most is None else min(_BLOCK, self.most - self.sent)
                self._record(block)
                self._recorded += block
            self.sent += 1

    def close(self) -> None:
        with self._lock:
            if self._recorded > self.sent:
                self._record(self.sent - self._recorded)
            self._recorded = self.sent
