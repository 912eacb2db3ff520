"""`lookervault runs`, `lookervault runs show N`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from lookervault.cli.options import DebugOption, JsonOption, LogFormatOption, VaultOption

if TYPE_CHECKING:
    from lookervault.storage.repository import Repository
    from lookervault.storage.runs import RunRow

app = typer.Typer(invoke_without_command=True)

_UNFINISHED = ("running", "interrupted", "failed")
_SPARE = ("root_hash", "seconds", "calls", "items")
"""Columns that a narrow terminal does without."""


@app.callback()
def runs(
    context: typer.Context,
    vault: VaultOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> None:
    """List the runs, or show one.

    \b
    Examples:
      lookervault runs
      lookervault runs show 1
    """
    if context.invoked_subcommand is not None:
        return
    from lookervault.cli.output import print_json, print_table, print_text
    from lookervault.cli.vaults import open_vault

    with open_vault(vault) as repository:
        forgotten = len(repository.forgotten())
        months = repository.months()
        outside = repository.months(outside=True)
        rows = [_run(repository, row) for row in repository.runs()]
    if json:
        print_json(rows)
        return
    columns = ("run", "started", "status", "items", "calls", "seconds", "root_hash")
    cells = [[_short(column, row) for column in columns] for row in rows]
    print_table(columns, cells, keep=("run", "started", "status"), spare=_SPARE)
    if any(row["not_due"] for row in rows):
        print_text(
            "Items are those that a run looked at, without types that were not due.", first="\n"
        )
    if forgotten:
        print(f"\n{forgotten:,} forgotten.")
    if months:
        print()
        lines = [(month, calls, outside.get(month, 0)) for month, calls in months.items()]
        print_table(("month", "calls", "outside runs"), lines)


@app.command("show")
def show(
    run: Annotated[int, typer.Argument(metavar="N", help="The run's number.")],
    vault: VaultOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
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
        told = _run(repository, row)
        told_types = repository.type_results(run)
        end = result(row, told_types, repository.missing(run), repository.proofs(run))
        found = told | end | {"items": told["items"]}
    if json:
        print_json(found)
    else:
        print_result(found, all_missing=True)


def _run(vault: Repository, row: RunRow) -> dict[str, Any]:
    """`month_calls` are all calls of the month that it began in, with logins; some of them were
    sent outside runs.

    `census` is what the run knew of when it ended; a run that was killed could not tell.
    """
    from lookervault.cli.vaults import time_of

    census = sum(t.census for t in vault.type_results(row.run))
    items = row.items
    if items is None:
        items = sum(len(vault.confirmed(row.run, name)) for name in row.types)
    seconds = None if row.finished is None else round(row.finished - row.started, 1)
    return {
        "run": row.run,
        "started": time_of(row.started),
        "status": row.status,
        "items": items,
        "census": census or None,
        "not_due": sum(proof.as_of is not None for proof in vault.proofs(row.run)),
        "calls": row.calls,
        "seconds": seconds,
        "month": (month := time_of(row.started)[:7]),
        "month_calls": vault.months().get(month),
        "month_calls_outside_runs": vault.months(outside=True).get(month, 0),
        "root_hash": row.root.hex() if row.root else None,
        "user": row.user,
        "instance": row.instance,
        "looker_version": row.looker_version,
        "program_version": row.program_version,
        "scope": row.scope,
    }


def _short(column: str, row: dict[str, Any]) -> Any:
    value = row[column]
    if column == "root_hash" and value:
        return value[:16]
    if column == "items" and row["status"] in _UNFINISHED:
        of = f" of {row['census']:,}" if row["census"] else ""
        return f"{value:,}{of}"
    return value
