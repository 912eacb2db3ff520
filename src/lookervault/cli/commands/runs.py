"""`lookervault runs`, `lookervault runs show N`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lookervault.cli.options import DebugOption, JsonOption, VaultOption

app = typer.Typer(invoke_without_command=True)

_SPARE = ("root_hash", "seconds", "calls", "items")
"""Columns that a narrow terminal does without."""


@app.callback()
def runs(
    context: typer.Context,
    vault: VaultOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """List the runs, or show one.

    \b
    Examples:
      lookervault runs
      lookervault runs show 1
    """
    if context.invoked_subcommand is not None:
        return
    from lookervault.cli.output import print_json, print_table
    from lookervault.cli.vaults import open_vault

    with open_vault(vault) as repository:
        rows = [_run(row) for row in repository.runs()]
    if json:
        print_json(rows)
        return
    columns = ("run", "started", "status", "items", "calls", "seconds", "root_hash")
    cells = [[_short(column, row[column]) for column in columns] for row in rows]
    print_table(columns, cells, keep=("run", "started", "status"), spare=_SPARE)


@app.command("show")
def show(
    run: Annotated[int, typer.Argument(metavar="N", help="The run's number.")],
    vault: VaultOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show what a run brought, and what is missing.

    \b
    Examples:
      lookervault runs show 1
      lookervault runs show 1 --json
    """
    from lookervault.cli.output import print_json
    from lookervault.cli.report import print_result, result
    from lookervault.cli.vaults import check_run, open_vault

    with open_vault(vault) as repository:
        check_run(repository, run)
        row = repository.run(run)
        if row is None:
            return
        found = _run(row) | result(row, repository.type_results(run), repository.missing(run))
    if json:
        print_json(found)
    else:
        print_result(found, all_missing=True)


def _run(row: Any) -> dict[str, Any]:
    seconds = None if row.finished is None else round(row.finished - row.started, 1)
    return {
        "run": row.run,
        "started": _time(row.started),
        "status": row.status,
        "items": row.items,
        "calls": row.calls,
        "seconds": seconds,
        "root_hash": row.root.hex() if row.root else None,
        "user": row.user,
        "instance": row.instance,
        "looker_version": row.looker_version,
        "program_version": row.program_version,
        "scope": row.scope,
    }


def _time(seconds: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _short(column: str, value: Any) -> Any:
    return value[:16] if column == "root_hash" and value else value
