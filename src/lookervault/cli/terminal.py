"""What the program's streams lead to, and how wide a page may be."""

from __future__ import annotations

import io
import os
import shutil
import sys
from typing import TextIO

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
    # Python has None in place of a stream that was closed when it began.
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 -- a descriptor, open to the end
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 -- the same
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a locale may know ASCII alone
