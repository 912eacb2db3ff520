"""Items that were found, as a person reads them, and what `search` and `uses` share."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lookervault.cli import terminal
from lookervault.cli.output import cell, painted, print_text
from lookervault.cli.text import harmless

if TYPE_CHECKING:
    from lookervault.search.finding import Place, Places, Result
    from lookervault.storage.repository import Repository
    from lookervault.storage.search_index import State

AT_ONCE = 20
PLACES = 4
"""Of each item; --json has all of them."""

LimitOption = Annotated[
    int | None,
    typer.Option(
        "--limit",
        help=f"At most so many items. Default: {AT_ONCE}, all with --json.",
        metavar="N",
        min=1,
        show_default=False,
    ),
]


def namer(repository: Repository) -> Callable[[str, str, str | None, int | None], str | None]:
    """What an item is called, given its own name and the run that ended it."""
    from lookervault.history.names import VaultNames, item_name

    names = VaultNames(repository)
    runs = repository.runs()
    last = runs[-1].run if runs else 0

    def name(type: str, id: str, own: str | None, end_run: int | None = None) -> str | None:
        if type == "content_metadata_access":  # what the index does not know takes too long
            return own
        return item_name(names, type, id, own, last if end_run is None else end_run - 1)

    return name


def print_item(
    type: str, id: str, name: str | None, state: State, lines: Iterable[str], note: str = ""
) -> None:
    from lookervault.storage.search_index import State

    words = {State.TRASHED: "in the trash", State.DELETED: "deleted"}.get(state, "")
    told = ", ".join(part for part in (words, note) if part)
    parts = (f"{type} {harmless(id)}", cell(name) if name else "", f"({told})" if told else "")
    _print("  ".join(part for part in parts if part), "", "bold")
    for line in lines:
        _print(harmless(line), "    ")


def place_lines(places: Places, words: Callable[[Place], str] = str) -> list[str]:
    return [*map(words, places.first), *(["…"] if places.more else [])]


def print_count(result: Result[Any], nothing: str) -> None:
    """How many there are, by type, and whether these are all."""
    if not result.total:
        print(nothing)
        return
    by_type = ", ".join(f"{count:,} {type}" for type, count in result.counts.items())
    shown = len(result.found)
    if shown == result.total:
        print_text(f"Found: {by_type}.")
    else:
        print_text(
            f"… and {result.total - shown:,} more. Found: {by_type}."
            " --limit shows more of them, --type those of one type."
        )


def place_json(place: Place) -> dict[str, str]:
    return {"where": place.where, "text": place.text}


def _print(text: str, indent: str, colour: str = "") -> None:
    """Wrapped on a terminal; in a pipe a line stays one."""
    room = terminal.width()
    text = indent + text
    if room is not None and len(text) > room:
        text = textwrap.fill(text, room, subsequent_indent=indent + "  ")
    print(painted(text, colour))
