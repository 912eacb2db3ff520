"""`lookervault key new`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lookervault.cli.options import DebugOption, LogFormatOption

app = typer.Typer(no_args_is_help=True)


@app.callback()
def key() -> None:
    """Keys that sign certificates.

    \b
    Examples:
      lookervault key new --out lookervault.pem
    """


@app.command("new")
def new(
    out: Annotated[
        Path,
        typer.Option("--out", help="Where the private key is written.", metavar="FILE"),
    ] = Path("lookervault-key.pem"),
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> None:
    """Make a key: the private part into a file, the public one on stdout.

    \b
    Examples:
      lookervault key new
      lookervault key new --out lookervault.pem > lookervault.pub
    """
    from lookervault.cli import failures
    from lookervault.proof import keys

    made = keys.make(out)
    print(made.key)
    failures.note(f"The private key is in {out}: to sign, LOOKERVAULT_SIGNING_KEY names that file.")
    failures.note("Keep a copy of it elsewhere. Whoever checks certificates needs the line above.")
