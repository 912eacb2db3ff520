"""`lookervault verify`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from lookervault.cli.options import DebugOption, JsonOption, QuietOption, VaultOption


def verify(
    deep: Annotated[
        bool, typer.Option("--deep", help="Compute each content hash anew, too.")
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Only the structure of the file and the runs' seals.")
    ] = False,
    vault: VaultOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Look at every byte of the vault and name what is not as it was written.

    \b
    Examples:
      lookervault verify
      lookervault verify --deep --json
      lookervault verify --quick
    """
    from lookervault.cli import verification
    from lookervault.cli.output import print_json
    from lookervault.config.settings import vault_path
    from lookervault.errors import UsageError
    from lookervault.storage.verify import verify as look

    if deep and quick:
        raise UsageError(
            "--deep and --quick exclude each other.",
            hint="--quick looks at no item, --deep looks at each one twice.",
        )
    path, _ = vault_path({"vault": vault}, os.environ)
    with verification.choose(quiet=quiet or json) as watch:
        report = look(path, deep=deep, quick=quick, watch=watch)
    found = verification.as_json(report)
    if json:
        print_json(found)
    else:
        verification.print_report(str(path), found, quick=quick)
    return verification.EXIT_CODES[report.status]
