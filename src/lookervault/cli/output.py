"""Results on stdout: one JSON value, or tables for people."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from typing import Any

from lookervault.cli.text import harmless


def print_json(value: Any) -> None:
    """Exactly one JSON value and a line break."""
    print(json.dumps(value, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None))


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], *, keep: Sequence[str] = ()
) -> None:
    """Columns named in `keep` are never cut; numbers stand to the right.

    On a terminal the other columns are cut to its width, so that each row is one line.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [
        max(_width(text) for text in (name, *(row[i] for row in cells)))
        for i, name in enumerate(columns)
    ]
    if sys.stdout.isatty():
        _fit(widths, columns, keep, shutil.get_terminal_size().columns)
    right = [bool(rows) and all(_is_number(row[i]) for row in rows) for i in range(len(columns))]
    for row in ([*columns], *cells):
        line = "  ".join(
            _pad(text, width, to_the_right=number)
            for text, width, number in zip(row, widths, right, strict=True)
        )
        print(line.rstrip())


def print_pairs(pairs: Sequence[tuple[str, Any]]) -> None:
    """Names and values below one another; nothing is cut."""
    width = max((len(name) for name, _ in pairs), default=0)
    for name, value in pairs:
        print(f"{name:<{width}}  {_cell(value)}")


def _fit(widths: list[int], columns: Sequence[str], keep: Sequence[str], room: int) -> None:
    """Takes from the widest column that may be cut until the row fits, or all are short."""
    flexible = [i for i, name in enumerate(columns) if name not in keep]
    while flexible and sum(widths) + 2 * (len(widths) - 1) > room:
        widest = max(flexible, key=lambda i: widths[i])
        if widths[widest] <= max(6, len(columns[widest])):
            return
        widths[widest] -= 1


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, int):
        return f"{value:,}"
    return harmless(str(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _pad(text: str, width: int, *, to_the_right: bool) -> str:
    if _width(text) > width:
        from rich.cells import set_cell_size

        text = set_cell_size(text, width - 1).rstrip() + "…"
    fill = " " * (width - _width(text))
    return fill + text if to_the_right else text + fill
