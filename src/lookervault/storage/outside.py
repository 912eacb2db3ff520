"""Counts calls that no run sent, in a vault that is otherwise only read."""

from __future__ import annotations

from pathlib import Path

from lookervault.errors import VaultError
from lookervault.storage import months
from lookervault.storage.file import check_header
from lookervault.storage.schema import FORMAT_VERSION
from lookervault.storage.upkeep import upkeep


def add_calls(path: Path, calls: int, *, month: str, now: float) -> None:
    """Raises `VaultError` where there is no vault, another process writes it, or it is of an
    earlier format: it is left as it is, for whoever still reads it by an earlier program.
    """
    if check_header(path) < FORMAT_VERSION:
        raise VaultError(
            f"The vault {path} is of an earlier format, which only a run renews.",
            hint="Run `lookervault extract`.",
        )
    with upkeep(path, now) as writer:
        writer.write(lambda connection: months.add(connection, month, calls, outside=True))
