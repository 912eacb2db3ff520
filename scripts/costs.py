"""What a run costs in calls: the formulae of the content types, worked out for some instances.

A formula is a type's `cost`, as `lookervault types` prints it. Divisions are rounded up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from lookervault.config.models import ParallelConfig
from lookervault.content import costs
from lookervault.content.costs import SESSION
from lookervault.content.model import ContentType
from lookervault.content.registry import TYPES, select
from lookervault.extraction.estimate import Found
from lookervault.extraction.plan import Plan, plan
from lookervault.extraction.request import Request
from lookervault.extraction.shelf import entry_of
from lookervault.storage.repository import Repository

PAGE = 100
QUOTAS = {"Standard": 1_000, "Enterprise": 10_000, "Embed": 100_000}
"""Admin API calls a month of Looker (Google Cloud core), by edition."""

_PER = re.compile(r"(one|two) per ([^,]+)")
_PLUS_OUTSIDE_BRACKETS = re.compile(r" \+ (?![^(]*\))")


@dataclass(frozen=True, slots=True)
class Instance:
    """`objects` by type; `words` are the other quantities that formulae name."""

    name: str
    objects: Mapping[str, int]
    words: Mapping[str, int]
    trash: Mapping[str, int]

    def calls(self, type_name: str, *, page: int = PAGE) -> int:
        fits = ParallelConfig().page_bytes // TYPES[type_name].typical_size
        known = {
            **self.words,
            "N": self.objects.get(type_name, 0),
            "P": min(page, fits),
            "trash": self.trash.get(type_name, 0),
        }
        return calls(TYPES[type_name].cost, known)

    def first_run(self, *, page: int = PAGE) -> int:
        """Calls of a first run over the types that are on by default."""
        types = [t.name for t in TYPES.values() if t.default]
        return SESSION + sum(self.calls(name, page=page) for name in types)

    def plan(self, *names: str, page: int = PAGE) -> Plan:
        """Of later runs, by the program's own arithmetic; one in a hundred changes a night."""
        config = ParallelConfig(page_size=page)
        types = select(list(names), [])
        found = {one.name: self._found(one, page) for one in types}
        with TemporaryDirectory() as folder, _empty(Path(folder)) as vault:
            request = Request(types=types, base_url="", program_version="")
            return plan(vault, request, config, now=0, ask=lambda _: found)

    def _found(self, one: ContentType, page: int) -> Found:
        count, trash = self.objects.get(one.name, 0), self.trash.get(one.name, 0)
        if not costs.parts_of(one):
            return Found(beside=self.calls(one.name, page=page))
        folders = self.words["folders that hold looks"]
        entries = [
            entry_of(one, str(i), trashed=i < trash, folder=str(i % folders))
            for i in range(count + trash)
        ]
        return Found(entries, listed=costs.census(one, entries))


def night(of: Plan, *, weekly: bool = False) -> int:
    """Calls of a run the night after another one; `weekly`: everything is due in it."""
    due = [one.name for one in of.types if weekly or not of.every[one.name]]
    return SESSION + round(sum(of.costs[name].later(1, of.share).calls for name in due))


def month(of: Plan, *, share: float | None = None) -> int:
    """Calls of the nights of a month, once everything was read."""
    proven = of.share if share is None else share
    return of.month_of(of.every, proven).calls


def _empty(folder: Path) -> Repository:
    return Repository.open(folder / "empty.db", write=True)


def calls(cost: str, known: Mapping[str, int]) -> int:
    """Raises `KeyError` for a word of the formula that is not known."""
    if each := _PER.findall(cost):
        return sum({"one": 1, "two": 2}[count] * known[what] for count, what in each)
    return _sum(cost.removesuffix(", once each"), known)


def _sum(text: str, known: Mapping[str, int]) -> int:
    return sum(_term(term, known) for term in _PLUS_OUTSIDE_BRACKETS.split(text))


def _term(text: str, known: Mapping[str, int]) -> int:
    if " x " in text:
        times, _, rest = text.partition(" x ")
        return int(times) * _sum(rest.strip("()"), known)
    amount, _, size = text.partition("/")
    return -(-_amount(amount, known) // _amount(size or "1", known))


def _amount(word: str, known: Mapping[str, int]) -> int:
    return int(word) if word.isdigit() else known[word]


def _instance(name: str, *figures: int) -> Instance:
    given = dict(zip(_FIGURES, figures, strict=True))
    return Instance(
        name=name,
        objects={key: value for key, value in given.items() if key in TYPES},
        words={
            "folders that hold looks": given["folders that hold looks"],
            "folder that has folders inside": given["folders that have folders inside"],
            "folder that does not inherit": given["folders that do not inherit"],
            "board": given["boards"],
            "role": given["roles"],
            "user": given["users"],
            "user attribute": given["user_attributes"],
        },
        trash={"dashboards": given["in the trash"] // 2, "looks": given["in the trash"] // 2},
    )


_FIGURES = (
    "dashboards",
    "looks",
    "in the trash",
    "folders that hold looks",
    "folders that have folders inside",
    "folders that do not inherit",
    "boards",
    "users",
    "groups",
    "roles",
    "permission_sets",
    "model_sets",
    "alerts",
    "user_attributes",
    "merge_queries",
    "queries",
)

SIZES = {
    "small": (150, 150, 10, 30, 10, 12, 8, 60, 15, 8, 8, 8, 20, 10, 5, 20),
    "middle": (2_000, 1_500, 100, 300, 120, 150, 40, 800, 100, 20, 20, 20, 200, 25, 80, 250),
    "large": (
        *(30_000, 15_000, 1_000, 2_000, 800, 1_200, 250, 8_000, 400),
        *(50, 50, 50, 2_000, 60, 900, 2_500),
    ),
}

INSTANCES = tuple(_instance(name, *figures) for name, figures in SIZES.items())


def figures() -> list[tuple[str, tuple[int, ...]]]:
    """(what is counted, its number in each instance), as assumed."""
    return [
        (what.replace("_", " "), tuple(size[i] for size in SIZES.values()))
        for i, what in enumerate(_FIGURES)
    ]
