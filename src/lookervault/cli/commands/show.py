"""`lookervault show TYPE ID`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from lookervault.cli.options import (
    AtOption,
    DebugOption,
    Flags,
    LogFormatOption,
    RunOption,
    TypeArgument,
    reading,
)

if TYPE_CHECKING:
    from lookervault.storage.repository import Repository


@reading
def show(
    type: TypeArgument,
    id: Annotated[str, typer.Argument(metavar="ID", help="The id, as `list` shows it.")],
    run: RunOption = None,
    at: AtOption = None,
    last: Annotated[
        bool, typer.Option("--last", help="The last version, also where the item is deleted.")
    ] = False,
    *,
    source: Flags,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> None:
    """Print an item's JSON, byte for byte as Looker gave it, or as it was imported.

    \b
    Examples:
      lookervault show dashboards 12
      lookervault show dashboards 12 --run 1 > dashboard.json
      lookervault show dashboards 12 --at yesterday
      lookervault show dashboards 12 --last
    """
    from lookervault.cli import failures
    from lookervault.cli.output import write_bytes
    from lookervault.cli.vaults import not_there, open_source, run_of
    from lookervault.content.registry import content_type
    from lookervault.errors import UsageError

    name = content_type(type).name
    if last and (run is not None or at is not None):
        raise UsageError("--last is not as of a run.", hint="Leave out --run and --at.")
    with open_source(source) as repository:
        run = run_of(repository, run, at)
        body = repository.last_body(name, id) if last else repository.body(name, id, run)
        if body is None:
            raise not_there(repository, name, id, run, source["vault"])
        inexact = _is_imported(repository, name, id, run)
    if inexact:
        failures.note("This was imported: Looker's content, but not its bytes.", type=name, id=id)
    write_bytes(_for_a_terminal(body) if sys.stdout.isatty() else body)


def _is_imported(repository: Repository, name: str, id: str, run: int | None) -> bool:
    from lookervault.cli.vaults import imported

    runs = imported(repository)
    return bool(runs) and any(
        item.id == id and item.first_run in runs for item in repository.items(name, run)
    )


def _for_a_terminal(body: bytes) -> bytes:
    """The same JSON value: what a terminal would obey or hide is spelled as its escape."""
    from lookervault.content.unseen import escaped_json

    return f"{escaped_json(body.decode(errors='replace'))}\n".encode()
