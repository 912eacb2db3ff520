"""References that lead to nothing: to what is deleted, in the trash, or was never there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lookervault.history.stats.facts import READERS, TILES, Link
from lookervault.history.stats.state import PEOPLE, THERE, UNTOLD, Known, State

NOT_SET = "not set"


class Broken(NamedTuple):
    """`place` is where in the item the reference stands: *tile Revenue*, *folder*.

    `why`: deleted, trashed, never seen, or not set. `target` is what it leads to; its name is the
    last one that the vault knows.
    """

    type: str
    id: str
    name: str | None
    place: str
    why: str
    target_type: str
    target_id: str | None
    target_name: str | None


def broken(state: State) -> list[Broken]:
    """Of what is neither deleted nor in the trash, in the order of types and ids."""
    return [one for type in READERS for one in _of_type(state, type)]


def _of_type(state: State, type: str) -> Iterator[Broken]:
    for item, fact in state.living(type):
        links = (*_folder(item), *fact.links)
        dashboard = next((link.id for link in links if link.type == "dashboards"), None)
        for link in links:
            if (
                link.type == TILES
                and dashboard
                and state.standing("dashboards", dashboard) != THERE
            ):
                continue  # told of the dashboard
            why = _why(state, link)
            if why not in (THERE, UNTOLD):
                yield _row(state, item, link, why)


def _folder(item: Known) -> tuple[Link, ...]:
    if item.folder_id is None or item.type == "folders":
        return ()
    return (Link("folder", "folders", item.folder_id),)


def _why(state: State, link: Link) -> str:
    if link.id is None:
        return NOT_SET
    if link.type == TILES:
        dashboard, _, tile = link.id.partition("/")
        return state.tile(dashboard, tile)
    return state.person(link.id) if link.type in PEOPLE else state.standing(link.type, link.id)


def _row(state: State, item: Known, link: Link, why: str) -> Broken:
    named = link.id is not None and link.type != TILES
    return Broken(
        item.type,
        item.id,
        state.name(item.type, item.id),
        link.place,
        why,
        link.type,
        link.id,
        state.name(link.type, link.id) if named and link.id else None,
    )
