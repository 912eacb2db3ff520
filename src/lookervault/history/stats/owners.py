"""What belongs to users who are disabled or gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from lookervault.history.stats.facts import Facts
from lookervault.history.stats.state import Known, Owner, State

OWNED = ("dashboards", "looks", "folders", "boards", "alerts")
"""Types that somebody owns; schedules are told apart. Of folders only personal ones are."""
_IN_DOUBT = ("active", "untold")


class Owned(NamedTuple):
    type: str
    id: str
    name: str | None
    folder_id: str | None
    owner: Owner


class Schedule(NamedTuple):
    """`content` is what it sends: (type, id, name), None where that is none that a vault holds."""

    id: str
    name: str | None
    enabled: bool | None
    content: tuple[str, str, str | None] | None
    owner: Owner


def orphans(state: State) -> list[Owned]:
    """Content whose owner is not active, that of the owner who has most of it first; that of
    owners whom the vault does not know last.
    """
    found = [
        Owned(item.type, item.id, state.name(item.type, item.id), item.folder_id, owner)
        for type in OWNED
        for item, _, owner in _left_behind(state, type)
    ]
    most = Counter(one.owner.id for one in found)
    return sorted(
        found, key=lambda one: (_is_unknown(one.owner), -most[one.owner.id], one.owner.id)
    )


def schedules(state: State) -> list[Schedule]:
    """Schedules whose owner is not active, in the same order; those that run first."""
    found = [
        Schedule(item.id, item.name, fact.enabled, _content(state, fact), owner)
        for item, fact, owner in _left_behind(state, "scheduled_plans")
    ]
    return sorted(found, key=lambda one: (_is_unknown(one.owner), one.enabled is False))


def _is_unknown(owner: Owner) -> bool:
    return owner.state == "unknown"


def _content(state: State, fact: Facts) -> tuple[str, str, str | None] | None:
    for link in fact.links:
        if link.id is not None:
            return link.type, link.id, state.name(link.type, link.id)
    return None


def _left_behind(state: State, type: str) -> Iterator[tuple[Known, Facts, Owner]]:
    for item, fact in state.living(type):
        if fact.owner is not None:
            owner = state.owner(fact.owner)
            if owner.state not in _IN_DOUBT:
                yield item, fact, owner
