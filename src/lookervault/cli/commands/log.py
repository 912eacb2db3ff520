"""`lookervault log`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lookervault.cli.changes import FolderOption, TypesOption
from lookervault.cli.options import (
    DebugOption,
    Flags,
    JsonOption,
    LogFormatOption,
    complete_type,
    reading,
)

if TYPE_CHECKING:
    from lookervault.history.changes import Change
    from lookervault.storage.repository import Repository

_AT_ONCE = 50


@reading
def log(
    type: Annotated[
        str | None,
        typer.Argument(
            metavar="[TYPE]",
            autocompletion=complete_type,
            help="The content type of an item, such as dashboards.",
            show_default=False,
        ),
    ] = None,
    id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Its id.", show_default=False)
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="What happened to all items, the newest first.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            help="With --all: not before this time: 2026-11-01, yesterday, -7d.",
            metavar="WHEN",
            show_default=False,
        ),
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(
            "--user",
            help="With --all: only by this user: an id, e-mail address or name.",
            metavar="USER",
            show_default=False,
        ),
    ] = None,
    types: TypesOption = None,
    folder: FolderOption = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            help="With --all: at most so many changes. Default: 50, all with --json.",
            metavar="N",
            min=1,
            show_default=False,
        ),
    ] = None,
    *,
    source: Flags,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> None:
    """Show what happened to an item: when, by whom, which fields; or to all of them.

    The time is that of the run that found it. Who it was is known of dashboards and looks: the
    one whom Looker names as the last to change it.

    \b
    Examples:
      lookervault log dashboards 12
      lookervault log dashboards 12 --json
      lookervault log --all --since -7d
      lookervault log --all --type dashboards --folder 1 --limit 10
    """
    from lookervault.cli.output import print_json
    from lookervault.cli.vaults import all_runs, open_source
    from lookervault.errors import UsageError
    from lookervault.history.moments import utc

    narrowing: dict[str, object] = {"--since": since, "--user": user, "--limit": limit}
    narrowing |= {"--type": types, "--folder": folder}
    if everything == bool(type) or bool(type) != bool(id):
        raise UsageError(
            "Either one item's log is shown, or that of all.",
            hint="Name an item (`lookervault log dashboards 12`), or give --all.",
        )
    given = [name for name, value in narrowing.items() if value]
    if type and given:
        raise UsageError(f"{given[0]} goes with --all.", hint="Leave it out for a single item.")
    with open_source(source) as repository:
        if type and id:
            found = _of_item(repository, type, id)
        else:
            at_most = limit or (None if json else _AT_ONCE)
            found = _feed(repository, since, user, types, folder, at_most)
        if json:
            seen = {run.run: utc(run.started) for run in all_runs(repository)}
            print_json([_told(change, seen) for change in found])
        elif type:
            _print_item(repository, list(found))
        else:
            _print_feed(repository, found, at_most=limit or _AT_ONCE)


def _of_item(repository: Repository, type: str, id: str) -> Iterator[Change]:
    from lookervault.cli.vaults import not_there
    from lookervault.content.registry import content_type
    from lookervault.history.changes import History

    name = content_type(type).name
    found = list(History(repository).of_item(name, id))
    if not found:
        raise not_there(repository, name, id)
    return iter(found)


def _feed(
    repository: Repository,
    since: str | None,
    user: str | None,
    types: list[str] | None,
    folder: str | None,
    limit: int | None,
) -> Iterator[Change]:
    from itertools import islice

    from lookervault.cli.changes import in_folder, type_names
    from lookervault.history.changes import History
    from lookervault.history.narrowing import users_called

    runs = _runs_since(repository, since)
    if runs is None:
        return iter(())
    users = None if user is None else users_called(repository, user)
    found = History(repository).feed(runs, type_names(types), in_folder(repository, folder))
    by_them = (c for c in found if users is None or (c.who is not None and c.who.id in users))
    return islice(by_them, limit)


def _runs_since(repository: Repository, since: str | None) -> tuple[int, int] | None:
    from datetime import UTC, datetime

    from lookervault.cli.vaults import all_runs
    from lookervault.history.moments import beginning

    runs = all_runs(repository)
    if since is not None:
        from_ = beginning(since, datetime.now(UTC)).timestamp()
        runs = [run for run in runs if (run.finished or run.started) >= from_]
    return (runs[0].run, runs[-1].run) if runs else None


def _told(change: Change, seen: dict[int, str]) -> dict[str, Any]:
    after = change.after
    return change.json() | {
        "run": change.run,
        "seen": seen.get(change.run),
        "updated_at": after.updated_at if after else None,
        "who": change.who._asdict() if change.who else None,
        "size": after.size if after else None,
        "hash": after.hash.hex() if after else None,
    }


def _print_item(repository: Repository, changes: list[Change]) -> None:
    from lookervault.cli.changes import print_change, print_heading
    from lookervault.cli.text import size

    times = _times(repository)
    for change in changes:
        first = change.before is None and change.run == change.row.first_run
        began = first and change.run == repository.timeline().beginnings().get(change.type)
        weight = f", {size(change.after.size)}" if change.after else ""
        print_heading(f"{times(change.run)}{weight}")
        print_change(change, "first seen" if began else "")


def _print_feed(repository: Repository, changes: Iterator[Change], *, at_most: int) -> None:
    from lookervault.cli.changes import print_change, print_heading

    times, count, last = _times(repository), 0, 0
    for change in changes:
        if change.run != last:
            print_heading(times(change.run))
            last = change.run
        print_change(change)
        count += 1
    if not count:
        print("Nothing changed.")
    elif count == at_most:
        print(f"The newest {count} are shown; --limit shows more.")


def _times(repository: Repository) -> Any:
    from lookervault.cli.changes import ran

    runs = {one.row.run: f"{ran(one.row)}, forgotten since" for one in repository.forgotten()}
    runs |= {run.run: ran(run) for run in repository.runs()}
    return lambda run: runs.get(run, f"run {run}")
