"""What `export` and `import` do and say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lookervault.cli.output import print_text
from lookervault.errors import UsageError

if TYPE_CHECKING:
    from lookervault.storage.repository import Repository
    from lookervault.storage.runs import RunRow


def chosen(repository: Repository, run: int | None, at: str | None) -> RunRow:
    """The run that was asked for, else the newest complete one. Raises `UsageError`."""
    from lookervault.cli.vaults import run_of

    number = run_of(repository, run, at)
    rows = [row for row in repository.runs() if number in (None, row.run)]
    if number is None:
        rows = [row for row in rows if row.status == "complete"]
    if not rows:
        raise UsageError(
            "The vault has no complete run.",
            hint="Name the run to be exported: `lookervault runs`, then --run N.",
        )
    row = rows[-1]
    if row.finished is None:
        raise UsageError(f"Run {row.run} has not ended.", hint="Name one that has.")
    return row


def export(
    repository: Repository,
    rows: Sequence[RunRow],
    directory: Path,
    files: str,
    *,
    quiet: bool,
) -> dict[str, Any]:
    """The stable object of `export --json`."""
    from lookervault.cli import verification
    from lookervault.tree.directory import Directory
    from lookervault.tree.export import export as write

    told = []
    with Directory(directory, make=True) as tree, verification.choose(quiet=quiet) as watch:
        for row in rows:
            outcome = write(repository, row, tree, files, watch)
            told.append(_run_as_json(row, outcome))
    return {"directory": str(directory), "format": files, "runs": told}


def _run_as_json(row: RunRow, outcome: Any) -> dict[str, Any]:
    from lookervault.history.moments import utc

    return {
        "run": row.run,
        "finished": utc(row.finished),
        "status": row.status,
        "root_hash": None if row.root is None else row.root.hex(),
        "items": outcome.items,
        **outcome.counts(),
    }


def print_export(told: dict[str, Any]) -> None:
    for run in told["runs"]:
        counts = ", ".join(
            f"{run[kind]:,} {kind}" for kind in ("new", "changed", "moved", "deleted") if run[kind]
        )
        print_text(
            f"Run {run['run']} of {run['finished']} ({run['status']}) is in {told['directory']}:"
            f" {run['items']:,} items; {counts or 'nothing has changed'}."
        )


def bring(directory: Path, vault: Path, *, quiet: bool) -> dict[str, Any]:
    """The stable object of `import --json`."""
    from lookervault.cli import verification
    from lookervault.tree.directory import Directory
    from lookervault.tree.importing import bring as read

    with Directory(directory) as tree, verification.choose(quiet=quiet) as watch:
        done = read(tree, vault, watch)
    return {
        "vault": str(vault),
        "run": done.run,
        "of_run": done.of,
        "status": done.status,
        "items": done.items,
        "root_hash": None if done.root is None else done.root.hex(),
    }


def print_import(told: dict[str, Any]) -> None:
    print_text(
        f"Run {told['of_run']} ({told['status']}) is run {told['run']} of {told['vault']}:"
        f" {told['items']:,} items, root {told['root_hash']}."
    )
