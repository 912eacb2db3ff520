"""`lookervault export DIR`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lookervault.cli.options import (
    AtOption,
    DebugOption,
    Flags,
    JsonOption,
    LogFormatOption,
    QuietOption,
    RunOption,
    reading,
)


class Files(StrEnum):
    JSON = "json"
    YAML = "yaml"


@reading
def export(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="A new or empty folder, or an earlier export.")
    ],
    run: RunOption = None,
    at: AtOption = None,
    files: Annotated[
        Files, typer.Option("--format", help="YAML is for reading; `import` takes JSON.")
    ] = Files.JSON,
    git: Annotated[
        bool,
        typer.Option(
            "--git", help="Commit it to the Git repository in DIR, made if there is none."
        ),
    ] = False,
    all_runs: Annotated[
        bool,
        typer.Option(
            "--all-runs", help="With --git: a commit for each complete run that has none yet."
        ),
    ] = False,
    quiet: QuietOption = False,
    *,
    source: Flags,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> None:
    """Write the state of a run as a tree of files: a folder per folder, a file per item.

    Without --run and --at it is the newest complete run. Only files that differ are written; what
    is no longer there is removed, and nothing that an export did not write is touched. Fields that
    move without anybody's doing (view counts, say) are left out.

    A commit has the time of its run, and as its author who changed what it changes, where that was
    one person and Looker tells it.

    \b
    Examples:
      lookervault export tree
      lookervault export tree --at yesterday
      lookervault export tree --git --all-runs
      lookervault export tree --format yaml --json
    """
    from lookervault.cli import trees
    from lookervault.cli.output import print_json
    from lookervault.cli.vaults import open_source

    asked = trees.Asked(run, at, git=git, all_runs=all_runs)
    with open_source(source) as repository:
        told = trees.export(repository, asked, directory, files.value, quiet=quiet or json)
    if json:
        print_json(told)
    else:
        trees.print_export(told)
