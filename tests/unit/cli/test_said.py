"""A line of the log, as an object."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from lookervault.cli.progress import Lines
from lookervault.cli.said import VOICE, Form, Level, record
from lookervault.cli.verification import Line
from lookervault.extraction.retry import Tally

NOON = 1_795_867_200.25


def test_a_record_has_its_time_in_utc_and_no_empty_fields() -> None:
    line = record(NOON, "It is late.", level=Level.WARNING, event="late", run=None, type="looks")
    assert json.loads(line) == {
        "time": "2026-11-28T12:00:00.250Z",
        "level": "warning",
        "event": "late",
        "message": "It is late.",
        "type": "looks",
    }


@pytest.fixture
def for_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VOICE, "form", Form.JSON)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def said(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_progress_of_a_run_is_told_in_figures(for_programs: None) -> None:
    stream, clock, tally = io.StringIO(), Clock(), Tally()
    lines = Lines(stream, clock)
    lines.update("boards", 2, 2, finished=True)
    lines.update("users", 1, 4, finished=False)
    tally.call("boards")
    clock.now += 12
    lines.beat(tally, None)
    (told,) = said(stream)
    names = ("event", "seconds", "items", "listed", "types_done", "calls", "retries", "throttled")
    assert [told[name] for name in names] == ["progress", 12.0, 3, 6, 1, 1, 0, 0]


def test_progress_of_a_check_stays_no_line_that_changes(for_programs: None) -> None:
    stream, clock = Terminal(), Clock()
    with Line(stream, every_s=10, clock=clock) as line:
        clock.now += 11
        line("items", 5, 10)
    (told,) = said(stream)
    assert (told["what"], told["done"], told["total"]) == ("items", 5, 10)
