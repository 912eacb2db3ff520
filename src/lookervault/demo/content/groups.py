"""Groups: the search with hierarchy tells more of them than the by-id answer."""

from __future__ import annotations

from lookervault.demo.content.memberships import groups_of_user, parent_groups, roles_of_group
from lookervault.demo.draw import Draw
from lookervault.demo.ids import NumberedIds
from lookervault.demo.kind import Ending, Kind, Row, can
from lookervault.demo.phrases import REGIONS
from lookervault.demo.vocabulary import DEPARTMENTS
from lookervault.demo.world import World


def _group_columns(world: World, index: int) -> Row:
    about = world.draw("groups", index)
    everybody = index == 0
    external = about.chance(0.25) and not everybody
    return {
        "can": can(show=True, create=True, index=True, update=True, delete=not everybody),
        "can_add_to_content_metadata": True,
        "contains_current_user": index in groups_of_user(world, 0),
        "external_group_id": f"okta|{about.hex(10)}" if external else None,
        "externally_managed": external,
        "id": world.id("groups", index),
        "include_by_default": everybody,
        "name": _group_name(about, index),
    }


def _group_name(about: Draw, index: int) -> str:
    if index == 0:
        return "All Users"
    department = DEPARTMENTS[(index - 1) % len(DEPARTMENTS)].name
    if index <= len(DEPARTMENTS):
        return department
    return (
        f"{department} – {about.pick(REGIONS)} {about.pick(('Team', 'Leads', 'Analysts'))} {index}"
    )


def _group_nested(world: World, index: int, columns: Row) -> Row:
    return {"user_count": _group_sizes(world)[index] if index < world.count("groups") else 0}


def _group_sizes(world: World) -> list[int]:
    return world.derive("group sizes", lambda: _count_members(world))


def _count_members(world: World) -> list[int]:
    sizes = [0] * world.count("groups")
    for user in range(world.count("users")):
        for group in groups_of_user(world, user):
            sizes[group] += 1
    return sizes


def _hierarchy(world: World, index: int, columns: Row) -> Row:
    """What the search with hierarchy has over the by-id answer."""
    return {
        "parent_group_ids": [world.id("groups", parent) for parent in parent_groups(world, index)],
        "role_ids": [world.id("roles", role) for role in roles_of_group(world, index)],
    }


KINDS = (
    Kind(
        "groups",
        NumberedIds(),
        _group_columns,
        _group_nested,
        listed=Ending(("parent_group_ids", "role_ids"), _hierarchy),
    ),
)
