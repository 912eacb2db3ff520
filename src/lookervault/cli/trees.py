"""What `export` and `import` do and say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lookervault.cli.output import print_text
from lookervault.errors import UsageError

if TYPE_CHECKING:
    from lookervault.storage.repository import Repository
    from lookervault.storage.runs import RunRow
    from lookervault.tree.directory import Directory
    from lookervault.tree.export import Outcome
    from lookervault.tree.git import Git


class Asked(NamedTuple):
    """Which runs, and whether they are committed."""

    run: int | None
    at: str | None
    git: bool
    all_runs: bool


def _chosen(repository: Repository, asked: Asked) -> RunRow:
    """The run that was asked for, else the newest complete one. Raises `UsageError`."""
    from lookervault.cli.vaults import run_of

    number = run_of(repository, asked.run, asked.at)
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
    repository: Repository, asked: Asked, directory: Path, files: str, *, quiet: bool
) -> dict[str, Any]:
    """The stable object of `export --json`."""
    from lookervault.cli import verification
    from lookervault.tree.directory import Directory as Open
    from lookervault.tree.export import export as write

    _check(asked)
    rows, older, told = [_chosen(repository, asked)], 0, []
    with Open(directory, make=True) as tree, verification.choose(quiet=quiet) as watch:
        git = _git(tree) if asked.git else None
        if git is not None and asked.all_runs:
            from lookervault.tree.commits import due

            rows, older = due(git, repository.runs())
        for row in rows:
            outcome = write(repository, row, tree, files, watch)
            told.append(_run_as_json(row, outcome))
            if git is not None:
                from lookervault.tree.commits import commit

                told[-1]["commit"] = commit(git, repository, row, tree)
    return {"directory": str(directory), "format": files, "runs": told, "left_out": older}


def _check(asked: Asked) -> None:
    if asked.all_runs and not asked.git:
        raise UsageError("--all-runs commits each run, and --git is not given.", hint="Add --git.")
    if asked.all_runs and (asked.run is not None or asked.at is not None):
        raise UsageError("--all-runs takes every run.", hint="Leave --run and --at out.")


def _git(tree: Directory) -> Git:
    """Where an export would be refused, no repository is made either."""
    from lookervault.tree.export import check_ours
    from lookervault.tree.git import Git

    check_ours(tree)
    return Git(tree.path)


def _run_as_json(row: RunRow, outcome: Outcome) -> dict[str, Any]:
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
            f" {run['items']:,} items; {counts or 'nothing has changed'}{_committed(run)}."
        )
    if not told["runs"]:
        print(f"Every complete run is in {told['directory']} already.")
    if told["left_out"]:
        print_text(
            f"{told['left_out']:,} older than the newest commit are left out: for these, export"
            " into a new folder."
        )


def _committed(run: dict[str, Any]) -> str:
    if "commit" not in run:
        return ""
    return f"; commit {run['commit'][:12]}" if run["commit"] else "; committed already"


def bring(directory: Path, vault: Path, *, quiet: bool) -> dict[str, Any]:
    """The stable object of `import --json`."""
    from lookervault.cli import verification
    from lookervault.tree.directory import Directory as Open
    from lookervault.tree.importing import bring as read

    with Open(directory) as tree, verification.choose(quiet=quiet) as watch:
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
