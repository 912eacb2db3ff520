"""`lookervault salvage`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from lookervault.cli.options import DebugOption, JsonOption, LogFormatOption, QuietOption


def salvage(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The damaged vault. It stays.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The vault that is made.")],
    quiet: QuietOption = False,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> int:
    """Bring what is whole in a badly damaged vault into a new one.

    \b
    Examples:
      lookervault salvage lookervault.db rescued.db
      lookervault salvage lookervault.db rescued.db --json
    """
    from lookervault.cli import verification
    from lookervault.cli.output import print_json
    from lookervault.errors import Exit
    from lookervault.storage.salvage import salvage as bring

    with verification.choose(quiet=quiet or json) as watch:
        salvaged = bring(old, new, now=time.time(), watch=watch)
    found = verification.salvage_as_json(new, salvaged)
    if json:
        print_json(found)
    else:
        verification.print_salvage(found)
    return Exit.COMPLETE if found["status"] == "complete" else Exit.INCOMPLETE
