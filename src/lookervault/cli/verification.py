"""What `verify` and `salvage` say: as the object of `--json`, and as a page for a person."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self, TextIO

import msgspec

from lookervault.cli.output import painted, print_pairs, print_table, print_text
from lookervault.cli.text import duration, size
from lookervault.errors import Exit

if TYPE_CHECKING:
    from lookervault.storage.findings import Report

EXIT_CODES = {"ok": Exit.COMPLETE, "incomplete": Exit.INCOMPLETE, "damaged": Exit.DAMAGED}
_COLOURS = {"ok": "green", "incomplete": "yellow", "damaged": "red"}
_WORDS = {
    "ok": "ok: every byte that means something is the one that was written",
    "incomplete": "incomplete: nothing is damaged, but a run has no seal",
    "damaged": "damaged: see below",
}
_QUICKLY = "ok as far as was looked: no item was read (--quick)"
_NEXT = {
    "incomplete": "A run without a seal is still going on, was killed, or lost its end together"
    " with the log beside the vault. `lookervault extract` goes on with it.",
    "damaged": "`lookervault verify --repair` fetches again what Looker still has as it was;"
    " `lookervault salvage` brings what is whole into a new vault.",
}


def as_json(report: Report) -> dict[str, Any]:
    """The stable object of `verify --json`."""
    return {
        "status": report.status,
        "checked": dict(report.checked),
        "findings": [msgspec.structs.asdict(finding) for finding in report.findings],
        "unused_bytes": report.unused_bytes,
        "seconds": report.seconds,
    }


def print_report(name: str, found: dict[str, Any], *, quick: bool) -> None:
    status = found["status"]
    checked = found["checked"]
    words = _QUICKLY if quick and status == "ok" else _WORDS[status]
    pairs = [
        (name, words),
        ("Items", checked.get("items", 0)),
        ("Content", size(checked.get("bytes", 0))),
        ("Runs", checked.get("runs", 0)),
        ("Unused", size(found["unused_bytes"])),
        ("Time", duration(found["seconds"])),
    ]
    print_pairs(pairs, colour=_COLOURS[status])
    print_findings(found["findings"])
    if status in _NEXT:
        print()
        print_text(_NEXT[status])


def print_findings(findings: list[dict[str, Any]]) -> None:
    if findings:
        print(painted("\nFound:", "bold"))
        columns = ("kind", "type", "id", "run", "detail")
        rows = [[finding[column] for column in columns] for finding in findings]
        print_table(columns, rows, keep=("kind", "type", "id", "run", "detail"))


class Quiet:
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __call__(self, what: str, done: int, total: int) -> None:
        pass


class Line(Quiet):
    """How far the check has come: one line that changes on a terminal, a new one elsewhere."""

    def __init__(
        self, stream: TextIO, *, every_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._every_s = every_s
        self._same_line = stream.isatty()
        self._next = clock() + every_s

    def __exit__(self, *_: object) -> None:
        if self._same_line:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def __call__(self, what: str, done: int, total: int) -> None:
        if (now := self._clock()) < self._next:
            return
        self._next = now + self._every_s
        text = f"{done:,} of {total:,} {what}"
        self._stream.write(f"\r\x1b[K{text}" if self._same_line else f"{text}\n")
        self._stream.flush()


def choose(*, quiet: bool) -> Quiet:
    if quiet:
        return Quiet()
    plain = not sys.stderr.isatty() or os.environ.get("CI") or os.environ.get("TERM") == "dumb"
    return Line(sys.stderr, every_s=10.0 if plain else 0.2)
