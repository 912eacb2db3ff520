"""Progress: a line now and then, or a display that fits and goes away."""

from __future__ import annotations

import io
import re
import sys

import pytest
from rich.console import Console

from lookervault.cli.progress import Display, Lines, Quiet, choose
from lookervault.extraction.retry import Tally


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def tally(calls: int, retries: int = 0) -> Tally:
    one = Tally()
    for _ in range(calls):
        one.call("boards")
    for _ in range(retries):
        one.retry("boards")
    return one


def test_a_line_comes_every_ten_seconds_and_no_sooner() -> None:
    stream, clock = io.StringIO(), Clock()
    with Lines(stream, clock) as lines:
        lines.update("boards", 1, 4, finished=False)
        lines.update("users", 1500, 2000, finished=False)
        for _ in range(41):  # 20.5 seconds
            lines.beat(tally(12), None)
            clock.now += 0.5
    assert stream.getvalue().splitlines() == [
        "10.0 s: 1,501 of 2,004 items, 0 types done, 12 calls",
        "20.0 s: 1,501 of 2,004 items, 0 types done, 12 calls",
    ]


def test_a_line_tells_of_retries_and_the_rate() -> None:
    stream, clock = io.StringIO(), Clock()
    lines = Lines(stream, clock)
    lines.update("boards", 2, 2, finished=True)
    clock.now += 61
    calls = tally(3, retries=2)
    calls.throttle()
    lines.beat(calls, 4.25)
    assert stream.getvalue() == (
        "1 min 01 s: 2 of 2 items, 1 type done, 3 calls, 2 of them again, 1 answered with 429,"
        " at most 4.2 a second\n"
    )


def test_a_line_cannot_hold_the_terminal_up_after_a_long_pause() -> None:
    stream, clock = io.StringIO(), Clock()
    lines = Lines(stream, clock)
    clock.now += 1000  # the machine slept
    lines.beat(tally(1), None)
    lines.beat(tally(1), None)
    assert len(stream.getvalue().splitlines()) == 1


def _display(columns: int) -> tuple[Display, io.StringIO]:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=columns, color_system=None)
    return Display(console), stream


@pytest.mark.parametrize("columns", [40, 69, 70, 120])
def test_the_display_has_a_line_per_type_and_one_for_all(columns: int) -> None:
    display, stream = _display(columns)
    with display:
        display.update("boards", 3, 10, finished=False)
        display.update("users", 40, 50, finished=False)
        display.beat(tally(7, retries=2), 5.0)
    shown = stream.getvalue()
    assert "boards" in shown
    assert "3/10" in shown
    assert "40/50" in shown
    assert "43/60" in shown
    assert ("━" in shown) == (columns >= 70)
    told = "0 types done, 7 calls, 2 of them again, at most 5.0 a second"
    assert told in " ".join(re.sub(r"\x1b\[[\d?]*[A-Za-z]", "", shown).split())


def test_the_display_takes_its_lines_away() -> None:
    display, stream = _display(80)
    with display:
        display.update("boards", 1, 2, finished=False)
    shown = stream.getvalue()
    assert shown.rstrip().endswith("\x1b[2K")
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")  # the cursor is back


def test_a_type_that_is_done_makes_room() -> None:
    display, stream = _display(80)
    with display:
        display.update("boards", 1, 2, finished=False)
        display.update("boards", 2, 2, finished=True)
        display.update("never seen before", 0, 0, finished=True)
        before = len(stream.getvalue())
        display.beat(tally(1), None)
    after = stream.getvalue()[before:]
    assert "boards" not in after
    assert "2/2" in after


def test_more_types_than_lines_are_shown_in_turn() -> None:
    display, stream = _display(100)
    with display:
        for number in range(20):
            display.update(f"type-{number:02}", 1, 2, finished=False)
    assert "type-00" in stream.getvalue()
    assert "type-19" not in stream.getvalue()

    display, stream = _display(100)
    with display:
        for number in range(20):
            display.update(f"type-{number:02}", 1, 2, finished=False)
        for number in range(12):
            display.update(f"type-{number:02}", 2, 2, finished=True)
        display.update("type-19", 1, 2, finished=False)
    assert "type-19" in stream.getvalue()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_fits_where_stderr_leads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert type(choose(quiet=False)) is Lines
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert type(choose(quiet=False)) is Display
    assert type(choose(quiet=True)) is Quiet
    monkeypatch.setenv("CI", "1")
    assert type(choose(quiet=False)) is Lines
    monkeypatch.delenv("CI")
    monkeypatch.setenv("TERM", "dumb")
    assert type(choose(quiet=False)) is Lines


def test_quiet_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Quiet() as quiet:
        quiet.update("boards", 1, 2, finished=False)
        quiet.beat(tally(1), None)
    assert capsys.readouterr() == ("", "")
