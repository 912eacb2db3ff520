"""Writes the parts of the documentation that follow from the program.

`python -m scripts.documents` writes them between their markers, with `--check` it compares.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from lookervault.content.costs import SESSION
from lookervault.content.not_backed_up import GROUPS
from lookervault.content.registry import TYPES
from lookervault.errors import Exit
from scripts import costs

_SHOWN = 12
"""Calls named in the short table."""


def main(arguments: Sequence[str]) -> int:
    stale = [path for path in PAGES if path.read_text(encoding="utf-8") != _written(path)]
    if "--check" not in arguments:
        for path in stale:
            path.write_text(_written(path), encoding="utf-8")
        return Exit.COMPLETE
    for path in stale:
        sys.stderr.write(f"{path} is not what the program says: run `make generate`.\n")
    return Exit.FAILED if stale else Exit.COMPLETE


def _written(path: Path) -> str:
    """Raises `ValueError` where the page has no place for one of its parts."""
    text = path.read_text(encoding="utf-8")
    for name in PAGES[path]:
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        part = f"{begin}\n{PARTS[name]()}\n{end}"
        text, times = pattern.subn(lambda _, part=part: part, text)  # type: ignore[misc]  # bound now
        if times != 1:
            raise ValueError(f"{path} has {times} places for {name}, not one")
    return text


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _backed_up() -> str:
    rows = [(f"`{t.name}`", t.holds, "yes" if t.default else "name it") for t in TYPES.values()]
    return _table(("type", "what is kept", "by default"), rows)


def _not_backed_up() -> str:
    return _table(("why", "what the API calls it"), [(w, _calls(ops)) for w, ops in GROUPS.items()])


def _calls(operations: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in operations[:_SHOWN])
    more = len(operations) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _not_backed_up_in_full() -> str:
    return "\n\n".join(
        f"{reason}\n\n{', '.join(f'`{name}`' for name in operations)}"
        for reason, operations in GROUPS.items()
    )


def _types_in_full() -> str:
    rows = [
        (
            f"`{t.name}`",
            ", ".join(f"`{operation.id}`" for operation in t.source.operations),
            ", ".join(f"`{name}`" for name in t.secrets) or "–",
            ", ".join(f"`{name}`" for name in t.after) or "–",
            "yes" if t.in_scope else "",
        )
        for t in TYPES.values()
    ]
    return _table(("type", "calls", "cut out as secret", "listed by", "with `--folder`"), rows)


def _permissions() -> str:
    return _table(("type", "needs"), [(f"`{t.name}`", t.permission) for t in TYPES.values()])


def _assumed() -> str:
    names = [one.name for one in costs.INSTANCES]
    return _table(("", *names), [(what, *numbers) for what, numbers in costs.figures()])


def _costs() -> str:
    rows: list[tuple[object, ...]] = [
        (f"`{t.name}`", t.cost, *(one.calls(t.name) for one in costs.INSTANCES))
        for t in TYPES.values()
        if t.default
    ]
    sums = [
        ("**first run**", "", *(one.run(first=True) for one in costs.INSTANCES)),
        ("**later run**", "", *(one.run(first=False) for one in costs.INSTANCES)),
    ]
    return _table(("type", "formula", *(one.name for one in costs.INSTANCES)), [*rows, *sums])


_CONTENT = ("dashboards", "looks", "folders", "boards")
_LEAN = ("content_metadata", "content_metadata_access", "queries", "merge_queries")


def _quotas() -> str:
    ways: tuple[tuple[str, Callable[[costs.Instance], int]], ...] = (
        ("everything that is on by default", lambda one: one.run(first=False)),
        (
            "the same with `--exclude content_metadata --exclude content_metadata_access`",
            lambda one: one.run(first=False, without=_LEAN),
        ),
        (
            "the same with `--page-size 500`",
            lambda one: one.run(first=False, page=500, without=_LEAN),
        ),
        (
            f"`lookervault extract {' '.join(_CONTENT)}`",
            lambda one: SESSION + sum(one.calls(name) for name in _CONTENT),
        ),
    )
    rows = [
        (way, one.name, cost(one), *(_times(quota, cost(one)) for quota in costs.QUOTAS.values()))
        for way, cost in ways
        for one in costs.INSTANCES
    ]
    heads = (f"runs in {quota:,} calls" for quota in costs.QUOTAS.values())
    return _table(("a later run over", "instance", "calls", *heads), rows)


def _times(quota: int, cost: int) -> str:
    return f"{quota // cost:,}" if cost <= quota else "none"


PARTS: dict[str, Callable[[], str]] = {
    "what is backed up": _backed_up,
    "what is not backed up": _not_backed_up,
    "types in full": _types_in_full,
    "not backed up in full": _not_backed_up_in_full,
    "permissions": _permissions,
    "assumed instances": _assumed,
    "costs": _costs,
    "quotas": _quotas,
}

PAGES = {
    Path("README.md"): ("what is backed up", "what is not backed up"),
    Path("docs/reference/content-types.md"): ("types in full", "not backed up in full"),
    Path("docs/how-to/permissions.md"): ("permissions",),
    Path("docs/how-to/rate-limits-and-quotas.md"): ("assumed instances", "costs", "quotas"),
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
