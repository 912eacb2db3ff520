"""`lookervault import DIR`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lookervault.cli.options import (
    DebugOption,
    JsonOption,
    LogFormatOption,
    QuietOption,
    VaultOption,
)


def import_tree(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A tree that `export` wrote.")],
    vault: VaultOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> None:
    """Make a new vault of a tree of JSON files that `export` wrote.

    The content is that of the exported run, with the same root hash. The bytes are not Looker's:
    `list --json` says `exact: false` of what was imported.

    \b
    Examples:
      lookervault import tree --vault imported.db
      lookervault import tree --vault imported.db --json
    """
    import os

    from lookervault.cli import trees
    from lookervault.cli.output import print_json
    from lookervault.config.settings import vault_path

    path, _ = vault_path({"vault": vault}, os.environ)
    told = trees.bring(directory, path, quiet=quiet or json)
    if json:
        print_json(told)
    else:
        trees.print_import(told)
