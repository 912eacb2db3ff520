"""How many calls a run may send, by its own limit and by that of the month."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lookervault.errors import BudgetError, UsageError

if TYPE_CHECKING:
    from lookervault.config.settings import Settings
    from lookervault.extraction.budget import Budget
    from lookervault.storage.repository import Repository

_DAYS = {"d": 1, "w": 7}


def budget(
    vault: Repository, settings: Settings, max_calls: int | None, expected: int | None
) -> Budget:
    """`expected` are the calls that the run is thought to take, None where nobody knows.

    Raises `BudgetError` where it would pass the month's limit.
    """
    from lookervault.extraction.budget import Budget
    from lookervault.storage.months import month_of

    month = month_of(time.time())
    limits = [] if max_calls is None else [(max_calls, "--max-calls")]
    if settings.monthly_calls is not None:
        left = max(0, settings.monthly_calls - vault.months().get(month, 0))
        wanted = min(max_calls or expected or 1, expected or max_calls or 1)
        _check(month, left, settings.monthly_calls, wanted)
        limits.append((left, f"{settings.monthly_calls:,} a month; {left:,} were left in {month}"))
    most, why = min(limits, default=(None, ""))
    return Budget(most, why=why, record=lambda calls: vault.add_calls(month, calls))


def _check(month: str, left: int, quota: int, wanted: int) -> None:
    if wanted <= left:
        return
    fits = "It never fits" if wanted > quota else f"It fits from {_next(month)} on (UTC)"
    raise BudgetError(
        f"The run would take about {wanted:,} calls, and of the {quota:,} of a month"
        f" (LOOKERVAULT_MONTHLY_CALLS) {left:,} are left in {month}. Nothing was called.",
        hint=f"{fits}. `--max-calls {left}` brings the most valuable first; `--plan` shows what"
        " costs how much.",
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
    number = interval.strip().lower()
    unit = _DAYS.get(number[-1:], 1)
    number = number.rstrip("dw")
    if number == "run":
        return 0
    if not number.isdecimal() or int(number) > 366:  # noqa: PLR2004 -- days of a year
        raise UsageError(
            f"--every {text} is no interval.",
            hint="Write a type and days, such as --every settings=7d, or --every settings=run.",
        )
    return int(number) * unit
