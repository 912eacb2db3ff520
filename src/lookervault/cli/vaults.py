"""Opening a vault for a command that reads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lookervault.storage.repository import Repository


def open_vault(vault: Path | None) -> Repository:
    """Raises `UsageError` where there is no such file, `VaultError` where it is no vault."""
    from lookervault.config.settings import vault_path
    from lookervault.errors import UsageError
    from lookervault.storage.repository import Repository

    path, source = vault_path({"vault": vault}, os.environ)
    if not path.exists():
        raise UsageError(
            f"There is no vault at {path} ({source}).",
            hint="Name it with --vault, or make one with `lookervault extract`.",
        )
    return Repository.open(path, write=False)


def run_of(repository: Repository, run: int | None, at: str | None) -> int | None:
    """The run that `--run` or `--at` names; None where neither is given.

    Raises `UsageError` where there is none, or both are given.
    """
    from datetime import UTC, datetime

    from lookervault.errors import UsageError
    from lookervault.history.moments import run_at

    if at is None:
        check_run(repository, run)
        return run
    if run is not None:
        raise UsageError("--run and --at say the same.", hint="Leave one of them out.")
    return run_at(repository.runs(), at, datetime.now(UTC)).run


def check_run(repository: Repository, run: int | None) -> None:
    """Raises `UsageError` where the vault has no such run."""
    from lookervault.errors import UsageError

    if run is not None and repository.run(run) is None:
        known = ", ".join(str(row.run) for row in repository.runs()[-5:]) or "none"
        raise UsageError(
            f"The vault has no run {run}.",
            hint=f"The newest are: {known}. `lookervault runs` lists them all.",
        )
