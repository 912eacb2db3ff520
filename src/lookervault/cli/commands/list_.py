"""`lookervault list TYPE`."""

from __future__ import annotations

from typing import Any

from lookervault.cli.options import (
    AtOption,
    DebugOption,
    JsonOption,
    RunOption,
    TypeArgument,
    VaultOption,
)


def list_items(
    type: TypeArgument,
    vault: VaultOption = None,
    run: RunOption = None,
    at: AtOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """List what the vault holds of a type.

    \b
    Examples:
      lookervault list dashboards
      lookervault list users --json
      lookervault list looks --run 1
      lookervault list looks --at -7d
    """
    from lookervault.cli.output import print_json, print_table
    from lookervault.cli.vaults import open_vault, run_of
    from lookervault.content.registry import content_type

    name = content_type(type).name
    with open_vault(vault) as repository:
        run = run_of(repository, run, at)
        rows = [_row(item) for item in repository.items(name, run)]
    if json:
        print_json(rows)
    else:
        columns = ("id", "updated_at", "deleted", "size", "name")  # the longest one last
        cells = [[_short(column, row[column]) for column in columns] for row in rows]
        print_table(columns, cells, keep=("id",), spare=("updated_at", "deleted"))


def _short(column: str, value: Any) -> Any:
    """A time to the minute, where it begins like one: `2026-10-01T09:00:00…`."""
    if column == "updated_at" and value and value[10:11] == "T":
        return f"{value[:10]} {value[11:16]}"
    return value


def _row(item: Any) -> dict[str, Any]:
    return {
        "type": item.type,
        "id": item.id,
        "name": item.name,
        "updated_at": item.updated_at,
        "deleted": item.trashed,
        "hash": item.hash.hex(),
        "size": item.size,
    }
