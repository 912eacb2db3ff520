"""`lookervault status`."""

from __future__ import annotations

import os
import time
from typing import Annotated

import typer

from lookervault.cli.options import (
    DebugOption,
    JsonOption,
    LogFormatOption,
    MetricsOption,
    VaultOption,
)


def status(
    vault: VaultOption = None,
    max_age: Annotated[
        str | None,
        typer.Option(
            "--max-age",
            help="End with 1 where the last complete run is older: 26h, 8d.",
            metavar="TIME",
            show_default=False,
        ),
    ] = None,
    metrics: MetricsOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> int:
    """Tell how fresh and how sound the backup is, for a person or a monitor. Calls nobody.

    It ends with 0 where the newest run is complete, with 1 where it is not, where none is, or
    where the last complete one is too old, and with 5 where the runs' certificates do not hold.
    Runs over folders or over types that were named count only where there are no others.

    \b
    Examples:
      lookervault status
      lookervault status --max-age 26h
      lookervault status --json --metrics lookervault-status.prom
    """
    from lookervault.cli import health, watching
    from lookervault.cli.output import print_json
    from lookervault.cli.vaults import open_vault
    from lookervault.config.settings import monthly_calls, vault_path
    from lookervault.storage.retention import span

    oldest = None if max_age is None else span(max_age)
    path, _ = vault_path({"vault": vault}, os.environ)
    with watching.Watch("status", path, str(path), metrics=metrics) as watch:
        with open_vault(vault) as repository:
            quota = monthly_calls(os.environ)
            found = health.look(repository, now=time.time(), max_age=oldest, quota=quota)
        watch.hear(found)
        if json:
            print_json(found)
        else:
            health.print_status(found)
        return watch.ended(health.exit_code(found))
