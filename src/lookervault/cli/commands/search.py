"""`lookervault search TEXT`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from lookervault.cli.changes import TypesOption
from lookervault.cli.finds import LimitOption
from lookervault.cli.options import DebugOption, JsonOption, LogFormatOption, VaultOption

if TYPE_CHECKING:
    from lookervault.search.finding import Found, Result
    from lookervault.storage.contents import Contents
    from lookervault.storage.search_index import SearchIndex


def search(
    text: Annotated[
        str | None,
        typer.Argument(metavar="[TEXT]", help="What to look for.", show_default=False),
    ] = None,
    vault: VaultOption = None,
    types: TypesOption = None,
    all_versions: Annotated[
        bool,
        typer.Option("--all-versions", help="Also in what has changed since or was deleted."),
    ] = False,
    limit: LimitOption = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Make the index anew first.")] = False,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> None:
    """Find a text in titles, descriptions, fields, filters, SQL and notes.

    Any part of a word is found, in any script; upper and lower case are the same. What is found
    by an item's own title comes first. The index that makes this fast is a file beside the vault,
    FILE.index. It is brought up to date by each search, and can be deleted at any time.

    \b
    Examples:
      lookervault search revenue
      lookervault search orders.created_date --type dashboards
      lookervault search "net revenue" --all-versions --json
      lookervault search --rebuild
    """
    from lookervault.cli import failures
    from lookervault.cli.changes import type_names
    from lookervault.cli.finds import AT_ONCE, PLACES, print_count
    from lookervault.cli.output import print_json
    from lookervault.cli.vaults import open_vault
    from lookervault.errors import UsageError
    from lookervault.search.finding import search as search_in
    from lookervault.search.index import ask

    if not text and not rebuild:
        raise UsageError("What is to be searched for?", hint="`lookervault search revenue`")
    names = type_names(types)
    at_most = limit or (None if json else AT_ONCE)
    places = None if json else PLACES

    def question(index: SearchIndex, contents: Contents) -> Result[Found] | None:
        if not text:
            return None
        return search_in(
            index,
            contents,
            text,
            types=names,
            past=all_versions,
            limit=at_most,
            places=places,
        )

    with open_vault(vault) as repository:
        result = ask(repository, question, failures.note, anew=rebuild)
        if result is None:
            print("The index was made anew.")
        elif json:
            print_json([_told(found) for found in result.found])
        else:
            _print(repository, result.found)
            print_count(result, f"Nothing holds {text!r}.")


def _print(repository: Any, found: list[Found]) -> None:
    from lookervault.cli.finds import namer, place_lines, print_item

    name = namer(repository)
    for one in found:
        own = name(one.type, one.id, one.name, one.end_run)
        until = "" if one.end_run is None else f"runs {one.first_run} to {one.end_run - 1}"
        print_item(one.type, one.id, own, one.state, place_lines(one.places), until)


def _told(found: Found) -> dict[str, Any]:
    from lookervault.cli.finds import place_json

    return {
        "type": found.type,
        "id": found.id,
        "name": found.name,
        "state": found.state.name.lower(),
        "first_run": found.first_run,
        "end_run": found.end_run,
        "found": [place_json(place) for place in found.places.first],
    }
