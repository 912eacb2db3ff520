"""`lookervault status`."""

from __future__ import annotations

import os
import time
from typing import Annotated

import typer

from lookervault.cli.options import (
    DebugOption,
    Flags,
    JsonOption,
    LogFormatOption,
    MetricsOption,
    reading,
)


@reading
def status(
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
    *,
    source: Flags,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> int:
    """Tell how fresh and how sound the backup is, for a person or a monitor. Looker is not called.

    It ends with 0 where the newest run is complete, with 1 where it is not, where none is, where
    the last complete one is too old, or where the store cannot be reached or lacks the vault's
    newest run, and with 5 where the runs' certificates do not hold. Runs over folders or over types
    that were named count only where there are no others.

    \b
    Examples:
      lookervault status
      lookervault status --max-age 26h
      lookervault status --json --metrics lookervault-status.prom
    """
    from lookervault.cli import health, watching
    from lookervault.cli.output import print_json
    from lookervault.cli.standing import standing
    from lookervault.cli.vaults import store_to_read
    from lookervault.config.settings import monthly_calls
    from lookervault.storage.retention import span

    oldest = None if max_age is None else span(max_age)
    with watching.of_reading("status", source, metrics) as watch:
        with standing(source) as (repository, store):
            found = health.look(
                repository,
                now=time.time(),
                max_age=oldest,
                quota=monthly_calls(os.environ),
                store=store,
            )
            watch.hear(found, None if repository is None else repository.path)
        if store_to_read(source):  # what is here of it was here for a moment
            found |= {"vault": None, "vault_bytes": None}
        if json:
            print_json(found)
        else:
            health.print_status(found)
        return watch.ended(health.exit_code(found))
