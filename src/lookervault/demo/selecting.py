"""Which objects a list or search answers with: filters, sorts, the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from lookervault.demo.behaviour import Behaviour
from lookervault.demo.ids import plain_number
from lookervault.demo.params import Params
from lookervault.demo.world import World

type Condition = Callable[[int], bool]
type Special = Callable[[World, int, str], bool]


@dataclass(frozen=True, slots=True)
class Search:
    """What a search's parameters mean: `integers` take lists of values, `strings` take `%` and
    `_`, `flags` take true and false; `special` is for what no column holds."""

    type: str
    integers: tuple[str, ...] = ()
    strings: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    special: dict[str, Special] = field(default_factory=dict)


def select(world: World, behaviour: Behaviour, search: Search, params: Params) -> Sequence[int]:
    """The indexes of all rows that match, in order, before paging."""
    conditions = list(_conditions(world, search, params))
    either = params.flag("filter_or") is True
    ids = params.text("id")
    if ids and either:
        named = set(_named(world, behaviour, search.type, ids))
        conditions.append(named.__contains__)
    candidates = _candidates(world, search.type, trash=params.flag("deleted") is True)
    if ids and not either:
        candidates = _in_trash_or_not(world, behaviour, search.type, ids, params)
    if conditions:
        combine = any if either else all
        candidates = [each for each in candidates if combine(test(each) for test in conditions)]
    return _sorted(
        world, search.type, _seen(world, behaviour, search.type, candidates, ids), params
    )


def _candidates(world: World, type_: str, *, trash: bool) -> Sequence[int]:
    if not world.kinds[type_].has_trash:
        return world.live(type_)
    return world.derive(
        ("live", type_, trash),
        lambda: [each for each in world.live(type_) if world.in_trash(type_, each) == trash],
    )


def _in_trash_or_not(
    world: World, behaviour: Behaviour, type_: str, ids: str, params: Params
) -> list[int]:
    trash = params.flag("deleted") is True
    return [
        index
        for index in _named(world, behaviour, type_, ids)
        if world.in_trash(type_, index) == trash
    ]


def _named(world: World, behaviour: Behaviour, type_: str, ids: str) -> list[int]:
    names = [name.strip() for name in ids.split(",")]
    indexes = {
        world.kinds[type_].ids.index(name) for name in names[: None if behaviour.id_lists else 1]
    }
    return sorted(index for index in indexes if index is not None and world.exists(type_, index))


def _seen(
    world: World, behaviour: Behaviour, type_: str, found: Sequence[int], ids: str | None
) -> Sequence[int]:
    """Without those that the server pretends not to have."""
    hidden = set(behaviour.invisible_ids.get(type_, ()))
    if ids:
        hidden |= behaviour.hidden_ids.get(type_, set())
    if hidden:
        found = [index for index in found if world.id(type_, index) not in hidden]
    if not behaviour.admin and type_ in _PARTLY_VISIBLE:
        found = [index for index in found if visible_to_few(world, type_, index)]
    return found


_PARTLY_VISIBLE = ("dashboards", "looks", "folders", "users", "boards", "groups")


def visible_to_few(world: World, type_: str, index: int) -> bool:
    """What an API user without an all-access role sees: two of three."""
    return index < 5 or world.scatter(f"visible {type_}", index) % 3 > 0


def _conditions(world: World, search: Search, params: Params) -> Iterable[Condition]:
    for name in (*search.integers, *search.strings, *search.flags, *search.special):
        wanted = params.text(name)
        if wanted is not None and name != "id":
            yield _condition(world, search, name, wanted, params)


def _condition(world: World, search: Search, name: str, wanted: str, params: Params) -> Condition:
    type_ = search.type
    if name in search.special:
        special = search.special[name]
        return lambda index: special(world, index, wanted)
    if name in search.flags:
        flag = params.flag(name)
        return lambda index: world.columns(type_, index)[name] is flag
    if wanted.upper() in ("IS NULL", "NULL"):
        return lambda index: world.columns(type_, index)[name] is None
    if wanted.upper() == "NOT NULL":
        return lambda index: world.columns(type_, index)[name] is not None
    if name in search.integers:
        values = {value.strip() for value in wanted.split(",")}
        return lambda index: str(world.columns(type_, index)[name]) in values
    return lambda index: like(wanted, world.columns(type_, index)[name])


def like(pattern: str, value: object) -> bool:
    """SQL's LIKE, ignoring case."""
    return value is not None and bool(_like(pattern).fullmatch(str(value)))


@lru_cache(maxsize=64)
def _like(pattern: str) -> re.Pattern[str]:
    parts = {"%": ".*", "_": "."}
    translated = "".join(parts.get(letter, re.escape(letter)) for letter in pattern)
    return re.compile(translated, re.IGNORECASE | re.DOTALL)


# Order and page


def _sorted(world: World, type_: str, found: Sequence[int], params: Params) -> Sequence[int]:
    """The last key first: Python's sort keeps the order of equals. Without `sorts`: by id."""
    for key in reversed((params.text("sorts") or "").split(",")):
        name, _, direction = key.strip().partition(" ")
        descending = direction.strip().lower() == "desc"
        if name == "id":
            found = list(reversed(found)) if descending else found
        elif name:
            found = sorted(found, key=_sort_key(world, type_, name), reverse=descending)
    return found


def _sort_key(world: World, type_: str, name: str) -> Callable[[int], tuple[bool, int, str]]:
    def key(index: int) -> tuple[bool, int, str]:
        value = world.columns(type_, index).get(name)
        text = "" if value is None else str(value)
        number = plain_number(text) if text else None
        return value is None, -1 if number is None else number, text.casefold()

    return key


def page[T](rows: Sequence[T], behaviour: Behaviour, params: Params) -> Sequence[T]:
    """`limit` and `offset` win over `page` and `per_page`; `max_limit` caps both silently."""
    limit, offset = params.number("limit"), params.number("offset")
    if limit is None and offset is None:
        limit = params.number("per_page")
        offset = (max(1, params.number("page") or 1) - 1) * (limit or 0)
    start = offset or 0
    most = min(
        (each for each in (limit, behaviour.max_limit) if each is not None), default=len(rows)
    )
    return rows[start : start + most]
