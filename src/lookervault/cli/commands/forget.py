"""`lookervault forget`."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from lookervault.cli.options import (
    DebugOption,
    DryRunOption,
    Flags,
    JsonOption,
    LogFormatOption,
    VaultOption,
    retaining,
)


@retaining
def forget(
    *,
    keep: Flags,
    dry_run: DryRunOption = False,
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

    policy = forgetting.policy(**keep)
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
