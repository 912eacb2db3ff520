"""`lookervault gc`."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from lookervault.cli.options import DebugOption, JsonOption, LogFormatOption, VaultOption


def gc(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Only show what would be freed.")
    ] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> None:
    """Free what no item of the vault needs any more, and give the space back.

    \b
    Examples:
      lookervault gc --dry-run
      lookervault gc
      lookervault gc --json
    """
    from lookervault.cli import forgetting
    from lookervault.cli.output import print_json
    from lookervault.cli.vaults import existing

    found = forgetting.gc(existing(vault), dry_run=dry_run, clock=time.time)
    if json:
        print_json(found)
    else:
        forgetting.print_collected(found)
