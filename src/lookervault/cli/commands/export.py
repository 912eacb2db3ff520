"""`lookervault export DIR`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lookervault.cli.options import (
    AtOption,
    DebugOption,
    JsonOption,
    QuietOption,
    RunOption,
    VaultOption,
)


class Files(StrEnum):
    JSON = "json"
    YAML = "yaml"


def export(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="A new or empty folder, or an earlier export.")
    ],
    vault: VaultOption = None,
    run: RunOption = None,
    at: AtOption = None,
    files: Annotated[
        Files, typer.Option("--format", help="YAML is for reading; `import` takes JSON.")
    ] = Files.JSON,
    quiet: QuietOption = False,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Write the state of a run as a tree of files: a folder per folder, a file per item.

    Without --run and --at it is the newest complete run. Only files that differ are written; what
    is no longer there is removed, and nothing that an export did not write is touched. Fields that
    move without anybody's doing (view counts, say) are left out.

    \b
    Examples:
      lookervault export tree
      lookervault export tree --at yesterday
      lookervault export tree --format yaml --json
    """
    from lookervault.cli import trees
    from lookervault.cli.output import print_json
    from lookervault.cli.vaults import open_vault

    with open_vault(vault) as repository:
        row = trees.chosen(repository, run, at)
        told = trees.export(repository, [row], directory, files.value, quiet=quiet or json)
    if json:
        print_json(told)
    else:
        trees.print_export(told)
