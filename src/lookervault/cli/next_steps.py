"""What to type next, with ids that are in the vault."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lookervault.storage.repository import Repository


def print_next(vault: Path, run: int) -> None:
    from lookervault.config.settings import vault_path
    from lookervault.storage.repository import Repository

    found_without = vault == vault_path({}, os.environ)[0]
    flag = "" if found_without else f" --vault {shlex.quote(str(vault))}"
    with Repository.open(vault, write=False) as repository:
        item = _an_item(repository)
    print("\nTry next:")
    if item is not None:
        name, id = item
        print(f"  lookervault list {name}{flag}")
        print(f"  lookervault show {name} {shlex.quote(id)}{flag}")
    print(f"  lookervault runs show {run}{flag}")


def _an_item(repository: Repository) -> tuple[str, str] | None:
    """(type, id), of a dashboard where there is one."""
    types = repository.counts()
    for name in sorted(types, key=lambda name: name != "dashboards"):
        for item in repository.items(name):
            return name, item.id
    return None
