"""`lookervault list TYPE`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lookervault.cli.options import (
    AtOption,
    DebugOption,
    Flags,
    JsonOption,
    LogFormatOption,
    RunOption,
    complete_type,
    reading,
)

if TYPE_CHECKING:
    from lookervault.cli.vaults import Proven
    from lookervault.storage.repository import Repository


@reading
def list_items(
    type: Annotated[
        str | None,
        typer.Argument(
            metavar="TYPE",
            autocompletion=complete_type,
            help="A content type, such as dashboards. `lookervault types` lists them.",
            show_default=False,
        ),
    ] = None,
    run: RunOption = None,
    at: AtOption = None,
    deleted: Annotated[
        bool,
        typer.Option("--deleted", help="What is deleted, and the run that noticed; of any type."),
    ] = False,
    unproven_since: Annotated[
        str | None,
        typer.Option(
            "--unproven-since",
            help="Only what no run has read since: 2026-11-01, -14d, or a run's number.",
            metavar="WHEN",
            show_default=False,
        ),
    ] = None,
    *,
    source: Flags,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> None:
    """List what the vault holds of a type.

    \b
    Examples:
      lookervault list dashboards
      lookervault list users --json
      lookervault list looks --run 1
      lookervault list looks --at -7d
      lookervault list --deleted
      lookervault list dashboards --unproven-since -14d
    """
    from lookervault.cli.output import print_json, print_table
    from lookervault.cli.vaults import open_source, run_of
    from lookervault.content.registry import content_type
    from lookervault.errors import UsageError

    name = None if type is None else content_type(type).name
    if name is None and not deleted:
        raise UsageError("Which TYPE?", hint="`lookervault types` lists them all.")
    if deleted and unproven_since is not None:
        raise UsageError(
            "What is deleted is not read any more.", hint="Leave --deleted or --unproven-since out."
        )
    with open_source(source) as repository:
        run = run_of(repository, run, at)
        if deleted or name is None:
            rows = _deleted(repository, name, run)
        else:
            rows = _held(repository, name, run, unproven_since)
    if json:
        print_json(rows)
    else:
        # the longest one last
        columns = ("type", "id", "deleted_in", "size", "name") if deleted else _COLUMNS
        cells = [[_short(column, row[column]) for column in columns] for row in rows]
        print_table(
            columns,
            cells,
            keep=("id",),
            spare=[c for c in ("updated_at", "deleted") if c in columns],
        )


_COLUMNS = ("id", "updated_at", "deleted", "size", "name")


def _held(
    repository: Repository, type: str, run: int | None, unproven_since: str | None
) -> list[dict[str, Any]]:
    from lookervault.cli.vaults import Proven

    proven = Proven(repository, type, run)
    read_since = _read_since(repository, proven, unproven_since)
    exact = _exact(repository)
    rows = [_row(item) | exact(item) | proven.of(item) for item in repository.items(type, run)]
    return [row for row in rows if not read_since(row["proven_run"])]


def _read_since(
    repository: Repository, proven: Proven, when: str | None
) -> Callable[[int | None], bool]:
    """Whether a run is one since then. Raises `UsageError` where that is no time and no run."""
    from datetime import UTC, datetime

    from lookervault.cli.vaults import check_run
    from lookervault.history.moments import beginning

    if when is None:
        return lambda _run: False
    if when.strip().isdecimal():
        first = int(when)
        check_run(repository, first, or_forgotten=True)
        return lambda run: run is not None and run >= first
    since = beginning(when, datetime.now(UTC)).timestamp()
    return lambda run: proven.time(run) >= since


def _deleted(repository: Repository, type: str | None, run: int | None) -> list[dict[str, Any]]:
    gone = repository.timeline().gone(None if type is None else [type], run)
    exact = _exact(repository)
    return [_row(item) | exact(item) | {"deleted_in": item.end_run} for item in gone]


def _exact(repository: Repository) -> Callable[[Any], dict[str, bool]]:
    """Whether an item's bytes are those of Looker: not where it came with an import."""
    from lookervault.cli.vaults import imported

    runs = imported(repository)
    return lambda item: {"exact": item.first_run not in runs}


def _short(column: str, value: Any) -> Any:
    """A time to the minute, where it begins like one: `2026-10-01T09:00:00…`."""
    if column == "updated_at" and value and value[10:11] == "T":
        return f"{value[:10]} {value[11:16]}"
    return value


def _row(item: Any) -> dict[str, Any]:
    return {
        "type": item.type,
        "id": item.id,
        "name": item.name,
        "updated_at": item.updated_at,
        "deleted": item.trashed,
        "hash": item.hash.hex(),
        "size": item.size,
    }
