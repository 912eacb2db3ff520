"""What the program's streams lead to, and how wide a page may be."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Buffer
from typing import TextIO

from lookervault.cli import said

_COMFORTABLE = 100
_STDERR = 2
"""The highest number of the standard streams."""
_NARROWEST = 20


def width(stream: TextIO | None = None) -> int | None:
    """Columns of the terminal that `stream` (stdout) is, None where it is none."""
    stream = stream or sys.stdout
    if not stream.isatty():
        return None
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except OSError:
        columns = 0
    return max(_NARROWEST, columns or shutil.get_terminal_size().columns)


def has_colours() -> bool:
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not plain


def may_draw() -> bool:
    """Whether stderr is a terminal that shows what changes on it, and a person looks at it."""
    plain = os.environ.get("CI") or os.environ.get("TERM") == "dumb" or said.is_for_programs()
    return sys.stderr.isatty() and not plain


def page() -> int:
    """Columns for running text: lines longer than this are tiring to read."""
    return min(width() or _COMFORTABLE, _COMFORTABLE)


def open_streams() -> None:
    """Standard streams that are closed lead to nowhere from now on, and no other file gets their
    number: a vault opened as file 1 would be written to by `print`.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    while nowhere <= _STDERR:
        nowhere = os.dup(nowhere)
    os.close(nowhere)
    sys.stdout, sys.stderr = _spoken_to(sys.stdout, 1), _spoken_to(sys.stderr, 2)


def _spoken_to(stream: TextIO | None, number: int) -> TextIO:
    """Python has None in place of a stream that was closed when it began."""
    if stream is not None and not isinstance(stream, io.TextIOWrapper):
        return stream
    raw = _MayBeLeft(number, "wb", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding="utf-8" if stream is None else stream.encoding,
        errors="backslashreplace",  # a locale may know ASCII alone
        line_buffering=number == _STDERR or raw.isatty(),
    )


class _MayBeLeft(io.FileIO):
    """Whoever reads may have seen enough (`| head`): the work goes on, and its exit code counts."""

    def write(self, data: Buffer) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            return memoryview(data).nbytes
