"""Vaults that development versions made under the number of format 1, with fewer columns.

Which they were: docs/design/decisions/013-vaults-of-development-versions.md.
"""

from __future__ import annotations

import shlex
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from lookervault.errors import VaultError
from lookervault.storage.connections import open_reader

_SUMS = ("types", "sum")
"""The first to come: without sums, nothing can be proven to be as it was written."""
_ROLES = ("runs", "roles")
"""The last to come: whoever lacks any lacks this."""
_NEW = "Name a new file with --vault: `lookervault extract` reads Looker into it."


def check(path: Path) -> None:
    """Raises `VaultError`. What is damaged is left to whoever reads on."""
    if _lacks(path, _ROLES):
        check_sums(path)
        raise VaultError(
            f"{_told(path, _ROLES)}, and this program cannot read it. It is not damaged.",
            hint=f"`lookervault salvage {shlex.quote(str(path))} NEW` brings what it holds into a"
            " new vault; `lookervault extract --vault NEW` goes on with that one.",
        )


def check_sums(path: Path) -> None:
    """Raises `VaultError` where it cannot be told what is whole."""
    if _lacks(path, _SUMS):
        raise VaultError(f"{_told(path, _SUMS)}, so that nothing in it can be proven.", hint=_NEW)


def _told(path: Path, lacking: tuple[str, str]) -> str:
    table, column = lacking
    return (
        f"The vault {path} was made by a development version of LookerVault, before the first"
        f" release: its table {table} has no column {column}"
    )


def _lacks(path: Path, asked: tuple[str, str]) -> bool:
    """Whether the table is there, and the column is not."""
    table, column = asked
    with suppress(sqlite3.Error, UnicodeError), closing(open_reader(path)) as connection:
        rows = connection.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()
        return bool(rows) and (column,) not in rows
    return False
