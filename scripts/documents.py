"""Writes the parts of the documentation that follow from the program.

`python -m scripts.documents` writes them between their markers, with `--check` it compares.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from lookervault.content.not_backed_up import GROUPS
from lookervault.content.registry import TYPES
from lookervault.errors import Exit, UsageError
from lookervault.extraction.fit import fit
from lookervault.extraction.plan import Plan
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
    plans = [one.plan() for one in costs.INSTANCES]
    sums = [
        ("**first run**", "", *(one.first_run() for one in costs.INSTANCES)),
        ("**a night**", "", *(costs.night(one) for one in plans)),
        ("**a night a week**", "", *(costs.night(one, weekly=True) for one in plans)),
    ]
    return _table(("type", "formula", *(one.name for one in costs.INSTANCES)), [*rows, *sums])


_CONTENT = ("dashboards", "looks", "folders", "boards")
_LARGE_PAGE = 500


def _quotas() -> str:
    ways: tuple[tuple[str, Callable[[costs.Instance], int]], ...] = (
        ("every night, as it is by default", lambda one: costs.month(one.plan())),
        (
            f"the same with `--page-size {_LARGE_PAGE}`",
            lambda one: costs.month(one.plan(page=_LARGE_PAGE)),
        ),
        ("the same with `--prove 0`", lambda one: costs.month(one.plan(), share=0)),
        (
            f"`lookervault extract {' '.join(_CONTENT)}`",
            lambda one: costs.month(one.plan(*_CONTENT)),
        ),
    )
    rows = [(way, *(cost(one) for one in costs.INSTANCES)) for way, cost in ways]
    return _table(("calls a month", *(one.name for one in costs.INSTANCES)), rows)


def _schedules() -> str:
    rows: list[tuple[object, ...]] = []
    for one in costs.INSTANCES:
        made = one.plan()
        rows += ((one.name, quota, *_fitted(made, quota)) for quota in costs.QUOTAS.values())
    columns = ("instance", "quota", "content", "all else, at least", "proven in a run", "calls")
    return _table(columns, rows)


def _fitted(made: Plan, quota: int) -> tuple[object, ...]:
    try:
        found = fit(made, quota, given={}, share=None)
    except UsageError:
        return ("does not fit", "", "", "")
    others = "as by default" if found.others <= found.content else _every(found.others)
    proven = f"{100 * found.share:.2g} %" if found.share else "nothing"
    return (_every(found.content), others, proven, found.month.calls)


def _every(days: float) -> str:
    return f"every {days:g} days" if days else "every night"


PARTS: dict[str, Callable[[], str]] = {
    "what is backed up": _backed_up,
    "what is not backed up": _not_backed_up,
    "types in full": _types_in_full,
    "not backed up in full": _not_backed_up_in_full,
    "permissions": _permissions,
    "assumed instances": _assumed,
    "costs": _costs,
    "quotas": _quotas,
    "schedules": _schedules,
}

PAGES = {
    Path("README.md"): ("what is backed up", "what is not backed up"),
    Path("docs/reference/content-types.md"): ("types in full", "not backed up in full"),
    Path("docs/how-to/permissions.md"): ("permissions",),
    Path("docs/how-to/rate-limits-and-quotas.md"): ("assumed instances", "costs", "quotas"),
    Path("docs/how-to/nightly-within-the-quota.md"): ("schedules",),
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
