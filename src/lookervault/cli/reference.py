"""The command line reference, written from the program itself.

`python -m lookervault.cli.reference` writes docs/reference/cli.md, with `--check` it compares.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lookervault.cli.commands import build

_PAGE = Path("docs/reference/cli.md")
_HEAD = """# Command line

Written by `make generate` from the program's own help; not edited by hand.
"""


def page() -> str:
    return "\n".join([_HEAD, *_sections("lookervault", build(), None)])


def _sections(name: str, command: Any, parent: Any) -> Iterator[str]:
    """A command's help, then that of each command below it."""
    context = command.make_context(name, [], parent=parent, resilient_parsing=True)
    context.terminal_width = context.max_content_width = 100
    help = command.get_help(context).rstrip()
    yield f"## {context.command_path}\n\n```text\n{help}\n```\n"
    for child, below in getattr(command, "commands", {}).items():
        yield from _sections(child, below, context)


def main(arguments: list[str]) -> int:
    text = page()
    if "--check" not in arguments:
        _PAGE.parent.mkdir(parents=True, exist_ok=True)
        _PAGE.write_text(text, encoding="utf-8")
        return 0
    if _PAGE.exists() and _PAGE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{_PAGE} is not what the program says of itself: run `make generate`.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
