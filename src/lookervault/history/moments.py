"""Which run a person means by a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from lookervault.errors import UsageError
from lookervault.storage.runs import RunRow

_AGO = re.compile(r"-?(\d+)([hdwmy])")
_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "m": 30 * 24, "y": 365 * 24}
TIMES = (
    "a date such as 2026-11-01, a time such as 2026-11-01T09:30, `now`, `today`, `yesterday`, or"
    " `-7d` (h, d, w, m, y)"
)
_HINT = f"Write a run's number, {TIMES}."


def moment(text: str, now: datetime, hint: str = _HINT) -> datetime:
    """The end of what the text names, in UTC: a day ends as the next begins.

    `now` is in UTC. Raises `UsageError` where it is no time; `hint` is what could be written.
    """
    words = {"now": now, "today": now, "yesterday": _day(now)}
    asked = text.strip().lower()
    if asked in words:
        return words[asked]
    try:
        if ago := _AGO.fullmatch(asked):
            return now - timedelta(hours=int(ago[1]) * _HOURS[ago[2]])
        told = datetime.fromisoformat(text.strip())
        if _is_day(asked):
            told += timedelta(days=1)
        return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is no time.", hint=hint) from None


def beginning(text: str, now: datetime) -> datetime:
    """As `moment`, except that a day is meant from where it begins."""
    asked = text.strip().lower()
    if asked == "today":
        return _day(now)
    whole = asked == "yesterday" or _is_day(asked)
    return moment(text, now) - timedelta(days=1 if whole else 0)


def run_at(runs: Sequence[RunRow], text: str, now: datetime) -> RunRow:
    """The run whose state was the newest one then: the last that had ended. A number is a run.

    `runs` are in order. Raises `UsageError` where there is none.
    """
    if text.strip().isdecimal():
        found = [row for row in runs if row.run == int(text)]
        when = f"run {int(text)}"
    else:
        then = moment(text, now).timestamp()
        found = [row for row in runs if row.finished is not None and row.finished <= then]
        when = f"run that had ended by {utc(then)}"
    if not found:
        known = f"The first one ended {utc(runs[0].finished)}." if _ended(runs) else _HINT
        raise UsageError(f"The vault has no {when}.", hint=f"{known} `lookervault runs` lists all.")
    return found[-1]


def _is_day(text: str) -> bool:
    """However it is written: 20261101 is one, too."""
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def utc(seconds: float | None) -> str:
    """ISO 8601, to the second. Raises `ValueError` or `OverflowError` beyond any calendar."""
    if seconds is None:
        return "never"
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _day(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _ended(runs: Sequence[RunRow]) -> bool:
    return bool(runs) and runs[0].finished is not None
