"""Which run a person means by a time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lookervault.errors import UsageError
from lookervault.history.moments import beginning, moment, run_at
from lookervault.storage.repository import Repository
from tests.unit.storage.samples import end, start

NOW = datetime(2026, 11, 28, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("now", "2026-11-28T14:30"),
        ("today", "2026-11-28T14:30"),
        ("yesterday", "2026-11-28T00:00"),
        ("-7d", "2026-11-21T14:30"),
        ("7d", "2026-11-21T14:30"),
        ("-12h", "2026-11-28T02:30"),
        ("-2w", "2026-11-14T14:30"),
        ("2026-11-01", "2026-11-02T00:00"),
        ("20261101", "2026-11-02T00:00"),
        ("2026-11-01T09:30", "2026-11-01T09:30"),
        ("2026-11-01 09:30+02:00", "2026-11-01T07:30"),
    ],
)
def test_a_time_is_understood(text: str, then: str) -> None:
    assert moment(text, NOW) == datetime.fromisoformat(then).replace(tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "tomorrowish", "2026-13-01", "-7q", "-999999999y"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no time"):
        moment(text, NOW)


def test_the_run_that_had_ended_by_then(tmp_path: Path) -> None:
    with Repository.open(tmp_path / "v.db", write=True) as vault:
        for _ in range(2):
            vault.end_run(vault.begin_run(start()), end())  # ended 2025-11-13T02:14:20Z
        vault.begin_run(start())
        runs = vault.runs()
    assert run_at(runs, "now", NOW).run == 2
    assert run_at(runs, "1", NOW).run == 1
    assert run_at(runs, "2025-11-13", NOW).run == 2
    for text in ("2025-11-12", "7"):
        with pytest.raises(UsageError, match="The vault has no run"):
            run_at(runs, text, NOW)


def test_since_a_day_is_from_where_it_begins() -> None:
    now = datetime(2026, 11, 28, 14, 30, tzinfo=UTC)
    assert beginning("2026-11-01", now) == datetime(2026, 11, 1, tzinfo=UTC)
    assert beginning("20261101", now) == datetime(2026, 11, 1, tzinfo=UTC)
    assert beginning("yesterday", now) == datetime(2026, 11, 27, tzinfo=UTC)
    assert beginning("today", now) == datetime(2026, 11, 28, tzinfo=UTC)
    assert beginning("-1h", now) == datetime(2026, 11, 28, 13, 30, tzinfo=UTC)
    assert beginning("2026-11-01T09:30", now) == datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
