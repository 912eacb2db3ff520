"""`lookervault types`."""

from __future__ import annotations

from typing import Any

from lookervault.cli.options import DebugOption, JsonOption, LogFormatOption


def types(
    json: JsonOption = False, debug: DebugOption = False, log_format: LogFormatOption = None
) -> None:
    """List the content types: what each holds, what it costs, what it needs; and what is left out.

    \b
    Examples:
      lookervault types
      lookervault types --json
    """
    from lookervault.cli.output import print_json
    from lookervault.content.not_backed_up import REASONS
    from lookervault.content.registry import TYPES

    rows = [
        {
            "type": t.name,
            "holds": t.holds,
            "calls": t.cost,
            "permission": t.permission,
            "default": t.default,
            "operations": [operation.id for operation in t.source.operations],
        }
        for t in TYPES.values()
    ]
    if json:
        print_json({"types": rows, "not_backed_up": REASONS})
    else:
        _print(rows)


def _print(rows: list[dict[str, Any]]) -> None:
    from lookervault.cli.output import print_text
    from lookervault.content.not_backed_up import GROUPS

    for row in rows:
        print_text(row["type"] + ("" if row["default"] else " (only where asked for)"))
        print_text(row["holds"], "    ")
        print_text(f"Calls: {row['calls']}. Needs: {row['permission']}.", "    ")
    print()
    print_text("Calls are for N objects in pages of P. Not backed up, and why:")
    print()
    for reason, operations in GROUPS.items():
        print_text(reason, "  ")
        print_text(", ".join(operations), "      ")
