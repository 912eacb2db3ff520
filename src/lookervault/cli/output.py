"""Results on stdout: one JSON value, or tables for people."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

from lookervault.cli import terminal
from lookervault.cli.text import harmless
from lookervault.content.unseen import escaped_json

_GAP = 2
_MOST_PER_CELL = 16
"""Characters that are looked at for each column of a cell: an emoji may be made of several."""
_SHORTEST = 12
"""Columns of text below which cutting leaves nothing to read."""


def print_json(value: Any) -> None:
    """Exactly one JSON value and a line end, in UTF-8 whatever the terminal's encoding is."""
    indent = 2 if sys.stdout.isatty() else None
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    write_bytes(f"{escaped_json(text)}\n".encode())


def write_bytes(data: bytes) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    keep: Sequence[str] = (),
    spare: Sequence[str] = (),
) -> None:
    """One line per row; numbers stand to the right.

    Where the terminal is too narrow, columns are cut, except for those to `keep`; and before a
    column is cut to nothing, those to `spare` are left out in that order. In a pipe nothing is.
    """
    cells = [[cell(value) for value in row] for row in rows]
    widths = [
        max(cells_of(text) for text in (name, *(row[i] for row in cells)))
        for i, name in enumerate(columns)
    ]
    shown = list(range(len(columns)))
    if (room := terminal.width()) is not None:
        _fit(widths, shown, columns, room, keep=keep, spare=spare)
    right = [_are_numbers([row[i] for row in rows]) for i in range(len(columns))]
    *before, last = shown
    for row in ([*columns], *cells):
        padded = [_pad(_cut(row[i], widths[i]), widths[i], to_the_right=right[i]) for i in before]
        end = _cut(row[last], widths[last])  # one long title would make all rows as long
        padded.append(_pad(end, widths[last], to_the_right=True) if right[last] else end)
        print((" " * _GAP).join(padded).rstrip())


def _fit(
    widths: list[int],
    shown: list[int],
    columns: Sequence[str],
    room: int,
    *,
    keep: Sequence[str],
    spare: Sequence[str],
) -> None:
    """Leaves columns out of `shown` and takes from the widest ones until a row fits, if it can."""
    flexible = [i for i, name in enumerate(columns) if name not in keep]
    shortest = [min(w, _SHORTEST) if i in flexible else w for i, w in enumerate(widths)]
    for name in spare:
        if _row_width(shortest, shown) <= room:
            break
        shown.remove(columns.index(name))
    flexible = [i for i in flexible if i in shown]
    for i in flexible:  # at once where it is megabytes; the rest goes column by column
        widths[i] = min(widths[i], max(room, shortest[i]))
    while flexible and _row_width(widths, shown) > room:
        widest = max(flexible, key=lambda i: widths[i])
        if widths[widest] <= shortest[widest]:
            return
        widths[widest] -= 1


def _row_width(widths: Sequence[int], shown: Sequence[int]) -> int:
    return sum(widths[i] for i in shown) + _GAP * (len(shown) - 1)


def print_pairs(pairs: Sequence[tuple[str, Any]], *, colour: str = "") -> None:
    """Names and values below one another, the first pair in colour.

    Running text is wrapped, one long word never is.
    """
    indent = max((len(name) for name, _ in pairs), default=0) + _GAP
    room = terminal.width()
    for number, (name, value) in enumerate(pairs):
        text = _pair(name, cell(value), indent, room)
        print(painted(text, colour) if number == 0 else text)


def _pair(name: str, text: str, indent: int, room: int | None) -> str:
    if room is None or indent + cells_of(text) <= room:
        return f"{name:<{indent}}{text}"
    if " " in text:
        return _wrapped(text, room, f"{name:<{indent}}", " " * indent)
    return f"{name}\n{text}"


def painted(text: str, colour: str) -> str:
    """In colour, where stdout is a terminal that may show it (https://no-color.org)."""
    if not colour or not terminal.has_colours():
        return text
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"


_COLOURS = {"bold": 1, "red": 31, "green": 32, "yellow": 33}


def print_text(text: str, indent: str = "", first: str | None = None, *, colour: str = "") -> None:
    """Running text, wrapped to the page; `first` is the indentation of its first line."""
    lines = _wrapped(text, terminal.page(), indent if first is None else first, indent)
    print(painted(lines, colour))


def _wrapped(text: str, room: int, first: str, then: str) -> str:
    return textwrap.fill(
        text,
        room,
        initial_indent=first,
        subsequent_indent=then,
        break_long_words=False,
        break_on_hyphens=False,
    )


def cell(value: Any) -> str:
    """A value as one harmless piece of text."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return harmless(str(value))


def _are_numbers(values: Sequence[Any]) -> bool:
    numbers = [v for v in values if v is not None]
    return bool(numbers) and all(
        isinstance(v, int | float) and not isinstance(v, bool) for v in numbers
    )


def cells_of(text: str) -> int:
    """Columns that a terminal needs for the text: two for a Chinese character or an emoji."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _cut(text: str, width: int) -> str:
    if cells_of(text) <= width:
        return text
    from rich.cells import set_cell_size

    beginning = text[: _MOST_PER_CELL * width]  # of megabytes, perhaps
    return set_cell_size(beginning, width - 1).rstrip() + "…"


def _pad(text: str, width: int, *, to_the_right: bool) -> str:
    fill = " " * (width - cells_of(text))
    return fill + text if to_the_right else text + fill


def silence() -> None:
    """Whatever is still to be written to stdout goes nowhere: it cannot be written."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
