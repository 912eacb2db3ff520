"""`lookervault uses FIELD`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from lookervault.cli.changes import TypesOption
from lookervault.cli.finds import LimitOption
from lookervault.cli.options import DebugOption, JsonOption, LogFormatOption, VaultOption

if TYPE_CHECKING:
    from lookervault.cli.using import Known
    from lookervault.search.finding import Result
    from lookervault.search.using import Step, User
    from lookervault.storage.contents import Contents
    from lookervault.storage.repository import Repository
    from lookervault.storage.search_index import SearchIndex


def _option(name: str, help: str, metavar: str) -> Any:
    return typer.Option(name, help=help, metavar=metavar, show_default=False)


def uses(
    field: Annotated[
        str | None,
        typer.Argument(
            metavar="[FIELD]",
            help="A field, as queries name it: orders.revenue.",
            show_default=False,
        ),
    ] = None,
    vault: VaultOption = None,
    model: Annotated[str | None, _option("--model", "What uses this model.", "NAME")] = None,
    explore: Annotated[
        str | None, _option("--explore", "With --model: what uses this explore of it.", "NAME")
    ] = None,
    look: Annotated[str | None, _option("--look", "What uses this look.", "ID")] = None,
    dashboard: Annotated[
        str | None, _option("--dashboard", "What uses this dashboard.", "ID")
    ] = None,
    query: Annotated[str | None, _option("--query", "What uses this query.", "ID")] = None,
    user: Annotated[
        str | None,
        _option("--user", "What belongs or is sent to a user: id, e-mail or name.", "USER"),
    ] = None,
    group: Annotated[
        str | None, _option("--group", "Who and what is given to a group: id or name.", "GROUP")
    ] = None,
    folder: Annotated[
        str | None, _option("--folder", "What lies in a folder: id or name.", "FOLDER")
    ] = None,
    types: TypesOption = None,
    limit: LimitOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> None:
    """Show what depends on something: dashboards, looks, schedules, alerts, boards, roles …

    What depends on a field, model, explore, look, dashboard or query by way of something else is
    shown, too, with the way: a schedule that sends a dashboard, one of whose tiles is a look that
    has the field. The present state counts, trash included.

    \b
    Examples:
      lookervault uses orders.revenue
      lookervault uses --model sales --explore orders --type scheduled_plans
      lookervault uses --look 42 --json
      lookervault uses --user ann@example.com
    """
    from lookervault.cli import failures, using
    from lookervault.cli.changes import type_names
    from lookervault.cli.finds import AT_ONCE, PLACES, print_count
    from lookervault.cli.output import print_json
    from lookervault.cli.vaults import open_vault
    from lookervault.search.index import ask
    from lookervault.search.using import uses as users_of

    asked = using.asked_for(
        field=field,
        model=model,
        explore=explore,
        look=look,
        dashboard=dashboard,
        query=query,
        user=user,
        group=group,
        folder=folder,
    )
    names = type_names(types)
    at_most = limit or (None if json else AT_ONCE)
    places = None if json else PLACES

    def question(index: SearchIndex, contents: Contents) -> tuple[using.Known, Result[User]]:
        one = using.meant(index, contents, asked)
        found = users_of(index, contents, one.targets, types=names, limit=at_most, places=places)
        return using.known(index, contents, asked, one), found

    with open_vault(vault) as repository:
        known, result = ask(repository, question, failures.note)
        using.check(repository, asked, known, vault)
        for note in using.notes(known):
            failures.note(note)
        if json:
            print_json([_told(one) for one in result.found])
        else:
            _print(repository, result.found, known)
            print_count(result, using.nothing(asked, known, types))


def _print(repository: Repository, found: list[User], known: Known) -> None:
    from functools import partial

    from lookervault.cli.finds import namer, place_lines, print_item
    from lookervault.cli.using import reason

    name = namer(repository)
    for one in found:
        lines = place_lines(one.places, partial(reason, known))
        way = [_step(step, name(step.type, step.id, step.name, None)) for step in one.way]
        if way:
            lines = [f"by way of {', '.join(way)}", *lines]
        print_item(one.type, one.id, name(one.type, one.id, one.name, None), one.state, lines)


def _step(step: Step, name: str | None) -> str:
    return f"{step.type} {step.id} *{name}*" if name else f"{step.type} {step.id}"


def _told(user: User) -> dict[str, Any]:
    from lookervault.cli.finds import place_json

    return {
        "type": user.type,
        "id": user.id,
        "name": user.name,
        "state": user.state.name.lower(),
        "places": [place_json(place) for place in user.places.first],
        "way": [step._asdict() for step in user.way],
    }
