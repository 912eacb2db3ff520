"""What depends on a field, a model, a look, a user …: directly, and by way of something else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from itertools import chain, islice
from typing import NamedTuple

import msgspec

from lookervault.errors import DamagedError
from lookervault.search.finding import (
    NO_INTERVAL,
    ByType,
    Place,
    Places,
    Result,
    counted,
    first_places,
    in_order,
    marks_of,
)
from lookervault.search.folding import fold
from lookervault.search.keys import key_value
from lookervault.search.marks import LEADS_TO, Kind, Mark, dicts
from lookervault.storage.contents import Contents, Interval
from lookervault.storage.search_index import Item, Numbers, SearchIndex, State

PASSED_ON = frozenset({Kind.FIELD, Kind.MODEL, Kind.EXPLORE, Kind.LOOK, Kind.DASHBOARD, Kind.QUERY})
"""What a schedule depends on with the dashboard that it sends. A dashboard's owner is not."""
_PASSING = frozenset(LEADS_TO.values())
_PEOPLE = frozenset({"users", "embed_users"})


class Target(NamedTuple):
    kind: Kind
    value: str


class Step(NamedTuple):
    type: str
    id: str
    name: str | None


class User(NamedTuple):
    """An item that uses something: in these places, or what is there is used by the first step
    of the way, and so on; the last step uses the thing itself.
    """

    type: str
    id: str
    name: str | None
    state: State
    places: Places
    way: list[Step]


def uses(
    index: SearchIndex,
    contents: Contents,
    targets: Sequence[Target],
    *,
    types: Collection[str] | None = None,
    limit: int | None = None,
    places: int | None = None,
) -> Result[User]:
    """The items that use one of the targets, those that do so directly first."""
    direct: ByType = defaultdict(set)
    for target in targets:
        for type, items in _directly(index, target).items():
            direct[type].update(items)
    way, indirect = _further(index, direct) if _pass_on(targets) else ({}, defaultdict(set))
    for group in (direct, indirect):
        for type in [type for type in group if types is not None and type not in types]:
            del group[type]
    shown = list(islice(chain(in_order(direct), in_order(indirect)), limit))
    reading = _Reading(index, contents, targets, way, places)
    return Result(counted(direct, indirect), [reading.user(item) for item in shown])


def _directly(index: SearchIndex, target: Target, *, past: bool = False) -> dict[str, Numbers]:
    """Who has an address does not use it."""
    found = index.having(target.kind, target.value, past=past)
    own = _PEOPLE if target.kind is Kind.EMAIL else ()
    return {type: items for type, items in found.items() if type not in own}


def _pass_on(targets: Sequence[Target]) -> bool:
    return any(target.kind in PASSED_ON for target in targets)


def _further(index: SearchIndex, direct: ByType) -> tuple[dict[int, int], ByType]:
    """For each item that uses something else that uses it: that item, by the shortest way."""
    seen = {item for items in direct.values() for item in items}
    edge = {item for type in _PASSING for item in direct.get(type, ())}
    way: dict[int, int] = {}
    indirect: ByType = defaultdict(set)
    while edge:
        found: set[int] = set()
        for target, source, type in index.sources(edge):
            if target in edge and source not in seen:
                seen.add(source)
                way[source] = target
                indirect[type].add(source)
                if type in _PASSING:
                    found.add(source)
        edge = found
    return way, indirect


class _Reading:
    """Reads of the items that are shown where they use what."""

    def __init__(
        self,
        index: SearchIndex,
        contents: Contents,
        targets: Sequence[Target],
        way: dict[int, int],
        most: int | None,
    ) -> None:
        self._index = index
        self._contents = contents
        self._targets = frozenset(targets)
        self._way = way
        self._most = most

    def user(self, item: int) -> User:
        steps = [item]
        while steps[-1] in self._way:
            steps.append(self._way[steps[-1]])
        one, *others = self._index.items(steps)
        interval = self._present(one)
        found = marks_of(self._contents, one, interval) if interval.first_run else ()
        used = (mark for mark in found if self._is_used(mark, others))
        found_in = (Place(mark.place, mark.value, kind=mark.kind) for mark in used)
        places = first_places(found_in, self._most)
        way = [Step(each.type, each.id, self._present(each).name) for each in others]
        name = interval.name or self._name_of_access_list(one)
        return User(one.type, one.id, name, one.state, places, way)

    def _name_of_access_list(self, item: Item) -> str | None:
        if item.type != "content_metadata_access":
            return None
        holders = self._index.having(Kind.ACCESS, item.id).values()
        for holder in self._index.items([item for items in holders for item in items]):
            if name := self._present(holder).name:
                return f"access to {name}"
        return None

    def _is_used(self, mark: Mark, others: Sequence[Item]) -> bool:
        if others:
            return (LEADS_TO.get(mark.kind), mark.value) == (others[0].type, others[0].id)
        return Target(mark.kind, key_value(mark)) in self._targets

    def _present(self, item: Item) -> Interval:
        intervals = self._contents.intervals(item.type, item.id)
        return intervals[-1] if intervals and intervals[-1].end_run is None else NO_INTERVAL


def is_named(index: SearchIndex, targets: Iterable[Target], *, past: bool = False) -> bool:
    """Whether any item has one of them now; with `past`, at any time."""
    return any(_directly(index, target, past=past) for target in targets)


def explores_of(contents: Contents, model: str) -> list[str]:
    """As the last version of the model that the vault has lists them."""
    for interval in contents.intervals("lookml_models", model)[-1:]:
        with suppress(DamagedError, msgspec.MsgspecError):
            obj = msgspec.json.decode(contents.body("lookml_models", model, interval.first_run))
            listed = dicts(obj.get("explores")) if isinstance(obj, dict) else ()
            return [name for each in listed if isinstance(name := each.get("name"), str)]
    return []


def ids_called(index: SearchIndex, name: str, *types: str, past: bool = False) -> set[str]:
    """Of the items of these types that are called so, or with `past` ever were."""
    having = index.having(Kind.NAME, fold(name), past=past)
    found = [item for type in types for item in having.get(type, ())]
    return {item.id for item in index.items(found)}


def user_targets(contents: Contents, ids: Iterable[str]) -> list[Target]:
    """Users by id, with their e-mail addresses: schedules are sent there."""
    targets: dict[Target, None] = {}
    for id in ids:
        targets[Target(Kind.USER, id)] = None
        for type in _PEOPLE:
            intervals = contents.intervals(type, id)
            for interval in intervals[-1:]:
                item = Item(type, id, State.PRESENT)
                found = marks_of(contents, item, interval)
                mails = (key_value(mark) for mark in found if mark.kind is Kind.EMAIL)
                targets |= dict.fromkeys(Target(Kind.EMAIL, mail) for mail in mails)
    return [*targets]


def ids_of_mail(index: SearchIndex, address: str, *, past: bool = False) -> set[str]:
    having = index.having(Kind.EMAIL, fold(address), past=past)
    found = [item for type in _PEOPLE for item in having.get(type, ())]
    return {item.id for item in index.items(found)}
