"""Progress on stderr: a display on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, Any, Self, TextIO

from lookervault.cli.text import duration

if TYPE_CHECKING:
    from lookervault.extraction.retry import Tally

_EVERY_S = 10.0
_NARROW = 70
"""Columns below which there is no room for a bar."""
_WIDE = 100
"""Columns from which on there is room for the rate beside all the rest."""
_MOST_LINES = 12
"""Types shown at once; those that are done make room."""


class Quiet:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, type_name: str, done: int, total: int, *, finished: bool) -> None:
        pass

    def beat(self, tally: Tally, rate: float | None) -> None:
        pass


class Lines(Quiet):
    """A line every ten seconds. Used by one thread."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._began = self._next = clock()
        self._next += _EVERY_S
        self._types: dict[str, tuple[int, int]] = {}

    def update(self, type_name: str, done: int, total: int, *, finished: bool) -> None:  # noqa: ARG002 -- a line counts items only
        self._types[type_name] = (done, total)

    def beat(self, tally: Tally, rate: float | None) -> None:
        if (now := self._clock()) < self._next:
            return
        self._next = now + _EVERY_S
        done = sum(one[0] for one in self._types.values())
        total = sum(one[1] for one in self._types.values())
        took = duration(now - self._began)
        print(f"{took}: {done:,} of {total:,} items, {_calls(tally, rate)}", file=self._stream)
        self._stream.flush()


class Display(Quiet):
    """A line per type that is under way, and one for the whole.

    `update` and `beat` are called by the run's thread, Rich's own thread draws; `lock` guards what
    both touch.
    """

    def __init__(self, console: Any) -> None:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._width = console.width
        narrow = self._width < _NARROW
        columns = [
            TextColumn("{task.description}"),
            *([] if narrow else [BarColumn(bar_width=None)]),
            MofNCompleteColumn(),
            *([] if narrow else [TextColumn("{task.fields[speed]}"), TimeRemainingColumn()]),
        ]
        self._lock = threading.Lock()
        self._progress = Progress(*columns, console=console, transient=True, expand=not narrow)
        self._tasks: dict[str, Any] = {}
        self._done: dict[str, tuple[int, int]] = {}
        self._began = time.monotonic()
        self._all = self._progress.add_task("all", total=None, speed="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def update(self, type_name: str, done: int, total: int, *, finished: bool) -> None:
        with self._lock:
            self._done[type_name] = (done, total)
            task = self._tasks.get(type_name)
            if finished and task is not None:
                self._progress.remove_task(task)
                del self._tasks[type_name]
                self._show_first()
            elif task is not None:
                self._progress.update(task, completed=done, total=total)
            elif not finished:
                self._tasks[type_name] = self._progress.add_task(
                    type_name,
                    completed=done,
                    total=total,
                    visible=len(self._tasks) < _MOST_LINES,
                    speed="",
                )

    def _show_first(self) -> None:
        """One that had no room takes the line of one that is done."""
        for task in islice(self._tasks.values(), _MOST_LINES):
            self._progress.update(task, visible=True)

    def beat(self, tally: Tally, rate: float | None) -> None:
        with self._lock:
            done = sum(one[0] for one in self._done.values())
            total = sum(one[1] for one in self._done.values())
            speed = f"{done / max(time.monotonic() - self._began, 0.1):,.0f}/s"
            self._progress.update(
                self._all,
                description=self._what(tally, rate),
                completed=done,
                total=total or None,
                speed=speed,
            )

    def _what(self, tally: Tally, rate: float | None) -> str:
        """As much as leaves room for the numbers, which Rich would leave out instead."""
        if self._width < _NARROW:
            return f"all: {tally.calls.total():,} calls"
        return f"all: {_calls(tally, rate if self._width >= _WIDE else None)}"


def _calls(tally: Tally, rate: float | None) -> str:
    retries = tally.retries.total()
    text = f"{tally.calls.total():,} calls"
    text += f", {retries:,} retries" if retries else ""
    return text + (f", at most {rate:.1f} a second" if rate is not None else "")


def choose(*, quiet: bool) -> Quiet:
    """What fits where stderr goes to."""
    if quiet:
        return Quiet()
    if not sys.stderr.isatty() or os.environ.get("CI") or os.environ.get("TERM") == "dumb":
        return Lines(sys.stderr)
    from rich.console import Console

    return Display(Console(stderr=True))
