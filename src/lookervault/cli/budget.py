"""How many calls a run may send, by its own limit and by that of the month."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lookervault.cli import failures
from lookervault.errors import BudgetError, UsageError, VaultError

if TYPE_CHECKING:
    from lookervault.config.settings import Settings
    from lookervault.extraction.budget import Budget
    from lookervault.storage.repository import Repository

_DAYS = {"d": 1, "w": 7}
_MOST_DAYS = 366


def budget(vault: Repository, settings: Settings, max_calls: int | None) -> Budget:
    """What a run may send: no more than it was told, and no more than the month has left."""
    from lookervault.extraction.budget import Budget
    from lookervault.storage.months import month_of

    month = month_of(time.time())
    limits = [] if max_calls is None else [(max_calls, "--max-calls")]
    if settings.monthly_calls is not None:
        left = max(0, settings.monthly_calls - vault.months().get(month, 0))
        limits.append((left, f"{settings.monthly_calls:,} a month; {left:,} were left in {month}"))
    most, why = min(limits, default=(None, ""))
    return Budget(most, why=why, record=lambda calls: vault.add_calls(month, calls))


@contextmanager
def counted(vault: Path) -> Iterator[Callable[[], None]]:
    """Gives what is to be called before each call that no run sends: it counts them in the month of
    the vault, where there is one. They are not limited.
    """
    from lookervault.extraction.budget import Budget

    book = _Book(vault)
    spending = Budget(record=book.add) if vault.exists() else Budget()
    try:
        yield spending.spend
    finally:
        spending.close()
        book.close()


class _Book:
    """While another process writes the vault, calls wait for `close`, which says how many were
    left then. Guarded by the budget that tells it of them.
    """

    def __init__(self, vault: Path) -> None:
        from lookervault.storage.months import month_of

        self._vault = vault
        self._month = month_of(time.time())
        self._waiting = 0
        self._why_not = ""

    def add(self, calls: int) -> None:
        self._waiting += calls
        if not self._why_not:
            self._write()

    def close(self) -> None:
        if self._waiting:
            self._write()
        if self._waiting > 0:
            failures.note(
                f"{self._waiting:,} calls are not in the count of {self._month}: {self._why_not}"
            )

    def _write(self) -> None:
        from lookervault.storage.outside import add_calls

        try:
            add_calls(self._vault, self._waiting, month=self._month, now=time.time())
            self._waiting = 0
        except VaultError as error:
            self._why_not = error.message


def check(spending: Budget, settings: Settings, expected: int) -> None:
    """Raises `BudgetError` where a run of so many calls would pass the month's limit."""
    from lookervault.storage.months import month_of

    quota, left = settings.monthly_calls, (spending.most or 0) - spending.sent
    if quota is None or expected <= left:
        return
    fits = "It never fits."
    if expected <= quota:
        fits = f"It fits from {_next(month_of(time.time()))} on (UTC)."
    if left > 0:
        fits += f" `--max-calls {left}` brings the most valuable first."
    called = f"{spending.sent:,} calls told that" if spending.sent else "Nothing was called"
    raise BudgetError(
        f"The run would take about {expected:,} calls, and of the {quota:,} of a month"
        f" (LOOKERVAULT_MONTHLY_CALLS) {left:,} are left. {called}.",
        hint=f"{fits} `--plan` shows what costs how much, `--fit-quota` what fits.",
    )


def _next(month: str) -> str:
    year, number = map(int, month.split("-"))
    first = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    return first.strftime("%Y-%m-%d")


def every(texts: list[str]) -> dict[str, float]:
    """Days by type, of `settings=7d`. Raises `UsageError` where one is none."""
    from lookervault.content.registry import content_type

    found: dict[str, float] = {}
    for text in texts:
        name, equals, interval = text.partition("=")
        found[content_type(name).name] = _days(text, interval) if equals else _days(text, "")
    return found


def _days(text: str, interval: str) -> float:
    if interval.strip().lower() == "run":
        return 0
    told = re.fullmatch(r"(\d{1,3})([dw]?)", interval.strip().lower())
    days = int(told[1]) * _DAYS[told[2] or "d"] if told else 0
    if not told or days > _MOST_DAYS:
        raise UsageError(
            f"--every {text} is no interval.",
            hint="Write a type and days, such as --every settings=7d, or --every settings=run.",
        )
    return days
