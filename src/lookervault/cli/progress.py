"""Progress on stderr: a display on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, Any, Self, TextIO

from lookervault.cli import said, terminal
from lookervault.cli.text import duration

if TYPE_CHECKING:
    from lookervault.extraction.retry import Tally

_EVERY_S = 10.0
_NARROW = 70
"""Columns below which there is no room for a bar."""
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


class _Count:
    """How far the types are: of those that were listed so far."""

    def __init__(self) -> None:
        self._types: dict[str, tuple[int, int, bool]] = {}

    def update(self, type_name: str, done: int, total: int, *, finished: bool) -> None:
        self._types[type_name] = (done, total, finished)

    @property
    def done(self) -> int:
        return sum(done for done, _, _ in self._types.values())

    @property
    def total(self) -> int:
        return sum(total for _, total, _ in self._types.values())

    @property
    def finished(self) -> int:
        return sum(finished for _, _, finished in self._types.values())


class Lines(Quiet):
    """A line every ten seconds. Used by one thread."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._began = clock()
        self._next = self._began + _EVERY_S
        self._count = _Count()

    def update(self, type_name: str, done: int, total: int, *, finished: bool) -> None:
        self._count.update(type_name, done, total, finished=finished)

    def beat(self, tally: Tally, rate: float | None) -> None:
        if (now := self._clock()) < self._next:
            return
        self._next = now + _EVERY_S
        items = f"{self._count.done:,} of {self._count.total:,} items"
        took = duration(now - self._began)
        line = said.told(
            f"{took}: {items}, {_told(self._count, tally, rate)}",
            event="progress",
            seconds=round(now - self._began, 1),
            items=self._count.done,
            listed=self._count.total,
            types_done=self._count.finished,
            calls=tally.calls.total(),
            retries=tally.retries.total(),
            throttled=tally.throttled,
        )
        print(line, file=self._stream, flush=True)


class Display(Quiet):
    """A line per type that is under way, one for the whole, and what the calls are like.

    `update` and `beat` are called by the run's thread, Rich's own thread draws; `lock` guards what
    both touch.
    """

    def __init__(self, console: Any) -> None:
        from lookervault.cli.progress_bars import Bars

        self._lock = threading.Lock()
        self._bars = Bars(console, with_bars=console.width >= _NARROW)
        self._tasks: dict[str, Any] = {}
        self._count = _Count()
        self._all = self._bars.add_task("all", total=None)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def update(self, type_name: str, done: int, total: int, *, finished: bool) -> None:
        with self._lock:
            self._count.update(type_name, done, total, finished=finished)
            task = self._tasks.get(type_name)
            if finished and task is not None:
                self._bars.remove_task(task)
                del self._tasks[type_name]
                self._show_first()
            elif task is not None:
                self._bars.update(task, completed=done, total=total)
            elif not finished:
                visible = len(self._tasks) < _MOST_LINES
                self._tasks[type_name] = self._bars.add_task(
                    type_name, completed=done, total=total, visible=visible
                )

    def _show_first(self) -> None:
        """One that had no room takes the line of one that is done."""
        for task in islice(self._tasks.values(), _MOST_LINES):
            self._bars.update(task, visible=True)

    def beat(self, tally: Tally, rate: float | None) -> None:
        with self._lock:
            self._bars.told = _told(self._count, tally, rate)
            self._bars.update(
                self._all, completed=self._count.done, total=self._count.total or None
            )


def _told(count: _Count, tally: Tally, rate: float | None) -> str:
    types = "1 type" if count.finished == 1 else f"{count.finished:,} types"
    parts = [f"{types} done", f"{tally.calls.total():,} calls"]
    if retries := tally.retries.total():
        parts.append(f"{retries:,} of them again")
    if tally.throttled:
        parts.append(f"{tally.throttled:,} answered with 429")
    if rate is not None:
        parts.append(f"at most {rate:.1f} a second")
    return ", ".join(parts)


def choose(*, quiet: bool) -> Quiet:
    """What fits where stderr goes to."""
    if quiet:
        return Quiet()
    if not terminal.may_draw():
        return Lines(sys.stderr)
    from rich.console import Console

    return Display(Console(stderr=True))
