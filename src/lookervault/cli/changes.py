"""Changes as a person reads them on a terminal, and what their commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from lookervault.cli import terminal
from lookervault.cli.options import complete_type
from lookervault.cli.output import cell, cells_of, painted
from lookervault.cli.text import harmless

if TYPE_CHECKING:
    from lookervault.history.changes import Change
    from lookervault.storage.listing import ItemRow
    from lookervault.storage.repository import Repository
    from lookervault.storage.runs import RunRow

TypesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--type",
        help="Only this content type; may be repeated.",
        metavar="TYPE",
        autocompletion=complete_type,
        show_default=False,
    ),
]
FolderOption = Annotated[
    str | None,
    typer.Option(
        "--folder",
        help="Only what lies, or lay, in this folder or below: its id or name.",
        metavar="FOLDER",
        show_default=False,
    ),
]

_COLOURS = {
    "added": "green",
    "first seen": "green",
    "restored": "green",
    "changed": "yellow",
    "deleted": "red",
    "trashed": "red",
}
_WIDEST = max(map(len, _COLOURS))
_INDENT = "    "


def type_names(types: list[str] | None) -> list[str] | None:
    """Raises `UsageError` for an unknown one."""
    from lookervault.content.registry import content_type

    return [content_type(name).name for name in types] if types else None


def in_folder(
    repository: Repository, folder: str | None
) -> Callable[[ItemRow | None, ItemRow | None], bool]:
    """Whether an item lies, or lay, there. Raises `UsageError` where there is no such folder."""
    if folder is None:
        return lambda _before, _after: True
    from lookervault.history.narrowing import folders_below

    folders = folders_below(repository, folder)

    def wanted(before: ItemRow | None, after: ItemRow | None) -> bool:
        return any(row is not None and row.folder_id in folders for row in (before, after))

    return wanted


def ran(run: RunRow) -> str:
    """`run 3, 2026-11-28T02:00:00Z`"""
    from lookervault.history.moments import utc

    return f"run {run.run}, {utc(run.started)}"


def who(change: Change) -> str:
    if change.who is None:
        return ""
    return change.who.name or f"user {change.who.id}"


def print_change(change: Change, words: str = "") -> None:
    """An item's line, and one for each field that tells something.

    `words` stand for an item that was there before anybody looked.
    """
    said = words or change.change
    name = cell(change.name) if change.name else ""
    done = "last changed by" if words else "by"
    by = f"{done} {harmless(who(change))}" if change.who else ""
    head = f"{said:<{_WIDEST}} {change.type} {harmless(change.id)}"
    _print("  ".join(part for part in (head, name, by) if part), "", _COLOURS[said])
    print_fields(change)


def print_fields(change: Change) -> None:
    from lookervault.history.words import plain

    for line in change.lines():
        _print(f"{_INDENT}{harmless(plain(line))}", _INDENT + "  ")


def print_heading(text: str) -> None:
    _print(text, "  ", "bold")


def _print(text: str, then: str, colour: str = "") -> None:
    """Folded on a terminal; in a pipe a line stays one."""
    room = terminal.width()
    if room is not None and cells_of(text) > room:
        text = "\n".join(folded(text, room, then or _INDENT))
    print(painted(text, colour))


def folded(text: str, room: int, then: str) -> list[str]:
    """Lines of at most `room` columns, broken at blanks, and within what is longer than a line.

    All but the first are indented by `then`.
    """
    lines: list[str] = []
    line = text[: len(text) - len(text.lstrip())]
    blank = ""
    for word in text.split():
        left = word
        while cells_of(f"{line}{blank}{left}") > room:
            piece = "" if blank else _piece(left, room - cells_of(line))
            lines.append(line + piece)
            line, blank, left = then, "", left[len(piece) :]
        line, blank = f"{line}{blank}{left}", " "
    return [*lines, line]


def _piece(word: str, room: int) -> str:
    """As much of its beginning as there is room for, at least one character."""
    end = used = 0
    while end < len(word) and (used := used + cells_of(word[end])) <= room:
        end += 1
    return word[: max(1, end)]
