"""`lookervault forget`."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from lookervault.cli.options import DebugOption, JsonOption, LogFormatOption, VaultOption


def _keep(name: str, what: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        f"--keep-{name}", help=what, metavar="N", min=1, show_default=False
    )
    return option


def forget(
    keep_last: Annotated[int | None, _keep("last", "Keep the newest N runs.")] = None,
    keep_daily: Annotated[int | None, _keep("daily", "One for each of N days with runs.")] = None,
    keep_weekly: Annotated[int | None, _keep("weekly", "One for each of N weeks.")] = None,
    keep_monthly: Annotated[int | None, _keep("monthly", "One for each of N months.")] = None,
    keep_yearly: Annotated[int | None, _keep("yearly", "One for each of N years.")] = None,
    keep_within: Annotated[
        str | None,
        typer.Option(
            "--keep-within",
            help="Keep all within this time before the newest run: 30d, 2m, 1y6m.",
            metavar="DURATION",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Only show what would be done.")
    ] = False,
    drop_deleted: Annotated[
        bool,
        typer.Option(
            "--drop-deleted",
            help="Also remove the last version of deleted items, where no kept run has it.",
        ),
    ] = False,
    gc: Annotated[bool, typer.Option("--gc", help="Give the space back afterwards.")] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> None:
    """Remove runs that are not to be kept. What the others show stays exactly as it is.

    Of each day, week (from Monday), month and year in UTC, the newest complete run is kept. The
    newest complete run, one that has not ended, and the last version of deleted items always are.

    \b
    Examples:
      lookervault forget --keep-daily 14 --keep-monthly 12 --dry-run
      lookervault forget --keep-last 30 --gc
      lookervault forget --keep-within 90d --json
    """
    from lookervault.cli import forgetting
    from lookervault.cli.output import print_json
    from lookervault.cli.vaults import existing

    policy = forgetting.policy(
        last=keep_last,
        daily=keep_daily,
        weekly=keep_weekly,
        monthly=keep_monthly,
        yearly=keep_yearly,
        within=keep_within,
    )
    found = forgetting.forget(
        existing(vault),
        policy,
        drop_deleted=drop_deleted,
        collect=gc,
        dry_run=dry_run,
        clock=time.time,
    )
    if json:
        print_json(found)
    else:
        forgetting.print_forgot(found)
