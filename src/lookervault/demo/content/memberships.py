"""Who belongs where, by arithmetic: departments, groups in groups, roles."""

from __future__ import annotations

from lookervault.demo.vocabulary import DEPARTMENTS
from lookervault.demo.world import World


def department_of_user(world: World, index: int) -> int:
    return world.scatter("user department", index) % len(DEPARTMENTS)


def is_embed_user(world: World, index: int) -> bool:
    return index % 33 == 17


def is_service_account(index: int) -> bool:
    return index == 0 or index % 101 == 60


def has_personal_folder(world: World, index: int) -> bool:
    return index < personal_folders(world)


def personal_folders(world: World) -> int:
    """The first users have one each: the others never logged in."""
    return world.population.personal_folders


# Groups: everybody, one per department, then teams (every third one inside another team)


def parent_groups(world: World, index: int) -> list[int]:
    departments = min(len(DEPARTMENTS), world.count("groups") - 1)
    team = index - 1 - departments
    if team < 0:
        return []
    if team % 3 == 2 and team > 8:
        return [1 + departments + team // 3]
    return [1 + team % departments]


def groups_of_user(world: World, index: int) -> list[int]:
    """Those the user is in directly."""
    groups = [0]
    departments = min(len(DEPARTMENTS), world.count("groups") - 1)
    if departments > 0 and not is_embed_user(world, index):
        groups.append(1 + department_of_user(world, index) % departments)
    teams = world.count("groups") - 1 - departments
    if teams > 0 and index % 3:
        groups.append(1 + departments + world.scatter("user team", index) % teams)
    return groups


# Roles: Admin, Developer, User, Viewer, then one analyst role per department

ADMIN, DEVELOPER, PLAIN_USER, VIEWER = range(4)


def roles_of_group(world: World, index: int) -> list[int]:
    if index == 0:
        return [VIEWER]
    department = index - 1
    return [4 + department] if department < len(DEPARTMENTS) else []


def groups_with_role(world: World, role: int) -> list[int]:
    """Directly, not by way of a group above."""
    return [group for group in world.live("groups") if role in roles_of_group(world, group)]


def users_with_role(world: World, role: int, *, directly: bool) -> list[int]:
    roles = direct_roles_of_user if directly else roles_of_user
    return [user for user in world.live("users") if role in roles(world, user)]


def direct_roles_of_user(world: World, index: int) -> list[int]:
    if index == 0:
        return [ADMIN]
    if is_embed_user(world, index):
        return [VIEWER]
    return {3: [DEVELOPER], 7: [PLAIN_USER, DEVELOPER], 11: [ADMIN]}.get(index % 29, [])


def roles_of_user(world: World, index: int) -> list[int]:
    """Directly held ones and those that come with a group or a group above it."""
    roles = set(direct_roles_of_user(world, index))
    groups = groups_of_user(world, index)
    while groups:
        group = groups.pop()
        roles.update(roles_of_group(world, group))
        groups += parent_groups(world, group)
    return sorted(role for role in roles if role < world.count("roles"))
