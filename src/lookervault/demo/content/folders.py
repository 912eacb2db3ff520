"""Folders, and which folder each dashboard and look lies in.

Indexes: five roots, then the personal folders (the n-th user's is the n-th), then the shared
ones: a folder per department, and folders in those.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from lookervault.demo.content.memberships import department_of_user, personal_folders
from lookervault.demo.content.metadata_ids import metadata_of
from lookervault.demo.ids import NamedThenNumberedIds, NumberedIds
from lookervault.demo.kind import NOW, OPENED, Ending, Kind, Row, can, moment
from lookervault.demo.phrases import PERIODS, REGIONS
from lookervault.demo.vocabulary import DEPARTMENTS
from lookervault.demo.world import World

SHARED, USERS, LOOKML, EMBED_SHARED, EMBED_USERS = range(5)
_ROOT_IDS = ("1", "2", "lookml", "3", "4")
_ROOT_NAMES = ("Shared", "Users", "LookML Dashboards", "Embed Groups", "Embed Users")
_ROOTS = len(_ROOT_IDS)

_CAN = can(
    index=True,
    show=True,
    create=True,
    see_admin_spaces=False,
    update=True,
    destroy=True,
    move_content=True,
    edit_content=True,
)
_ROOT_CAN = can(
    index=True,
    show=True,
    create=True,
    see_admin_spaces=False,
    update=False,
    destroy=False,
    move_content=False,
    edit_content=True,
)
_NAMES = (
    "Archive",
    "Drafts",
    "Executive",
    "Weekly Reviews",
    "Sandbox",
    "Certified",
    "Deprecated – do not use",
    "Ad hoc",
    "Regional",
    "OKRs",
    "Board Meetings",
    "Templates",
    "Shared with Partners",
    "会議資料",
    "Onboarding",
)


def first_shared(world: World) -> int:
    return _ROOTS + personal_folders(world)


def is_personal(world: World, index: int) -> bool:
    return _ROOTS <= index < first_shared(world)


def parent_of(world: World, index: int) -> int | None:
    if index < _ROOTS:
        return None
    if is_personal(world, index):
        return USERS
    place = index - first_shared(world)
    if place < len(DEPARTMENTS):
        return SHARED
    return first_shared(world) + (place - len(DEPARTMENTS)) // 3


def department_of_folder(world: World, index: int) -> int:
    if index < _ROOTS:
        return index
    if is_personal(world, index):
        return department_of_user(world, index - _ROOTS)
    parent = parent_of(world, index)
    while parent is not None and parent >= _ROOTS:
        index, parent = parent, parent_of(world, parent)
    return (index - first_shared(world)) % len(DEPARTMENTS)


def folder_of(world: World, type_: str, index: int) -> int:
    """The seeded folder of a dashboard or look: one in four lies in somebody's personal folder.

    A few folders hold most of the content and many hold none, as the few people do who make it.
    """
    number = world.scatter(f"folder of {type_}", index)
    personal, shared = personal_folders(world), world.count("folders") - first_shared(world)
    if personal and (number & 3 == 0 or shared <= 0):
        return _ROOTS + _by_rank(number >> 2, personal)
    if shared <= 0:
        return SHARED
    return first_shared(world) + _by_rank(number >> 2, shared)


def _by_rank(number: int, count: int) -> int:
    """One of `count`, the n-th about 1/n times as often as the first; from 30 bits."""
    return int((count + 1) ** (number / 2**30)) - 1


def _columns(world: World, index: int) -> Row:
    parent = parent_of(world, index)
    personal = is_personal(world, index)
    about = world.draw("folders", index)
    creator = index - _ROOTS if personal else about.between(0, world.count("users") - 1)
    root = index < _ROOTS
    return {
        "name": _name(world, index),
        "parent_id": None if parent is None else world.id("folders", parent),
        "id": world.id("folders", index),
        "content_metadata_id": str(metadata_of("folders", index)),
        "created_at": None if root else moment(about.between(OPENED, NOW)),
        "creator_id": None if root else world.id("users", creator),
        "external_id": None,
        "is_embed": index in (EMBED_SHARED, EMBED_USERS),
        "is_embed_shared_root": index == EMBED_SHARED,
        "is_embed_users_root": index == EMBED_USERS,
        "is_personal": personal,
        "is_personal_descendant": False,
        "is_shared_root": index == SHARED,
        "is_users_root": index == USERS,
        "can": _ROOT_CAN if root else _CAN,
    }


def _name(world: World, index: int) -> str:
    if index < _ROOTS:
        return _ROOT_NAMES[index]
    if is_personal(world, index):
        return str(world.columns("users", index - _ROOTS)["display_name"])
    place = index - first_shared(world)
    if place < len(DEPARTMENTS):
        return DEPARTMENTS[place].name
    about = world.draw("folders", index, "name")
    return f"{about.pick(_NAMES)} {about.pick((about.pick(REGIONS), about.pick(PERIODS)))} {place}"


def _nested(world: World, index: int, columns: Row) -> Row:
    return {"child_count": len(children(world, index))}


def _detail(world: World, index: int, columns: Row) -> Row:
    """What the folder's by-id answer repeats: its dashboards (abbreviated) and looks."""
    dashboards = [
        abbreviated_dashboard(world, dashboard)
        for dashboard in contents(world, "dashboards", index)
    ]
    looks = [
        world.render("looks", look, detail=True) | {"dashboards": []}
        for look in contents(world, "looks", index)
    ]
    return {"dashboards": dashboards, "looks": looks}


_BASE = (
    "can content_favorite_id content_metadata_id description hidden id model "
    "query_timezone readonly "
    "refresh_interval refresh_interval_to_i folder title user_id slug preferred_viewer"
).split()


def abbreviated_dashboard(world: World, dashboard: int) -> Row:
    """A DashboardBase."""
    columns = world.columns("dashboards", dashboard)
    folder = embedded_folder(world, columns["folder_id"])
    whole = columns | {"folder": folder, "model": None, "refresh_interval_to_i": None}
    return {name: whole[name] for name in _BASE}


def embedded_folder(world: World, folder_id: object) -> Row | None:
    """The FolderBase that dashboards and looks carry."""
    index = world.kinds["folders"].ids.index(str(folder_id)) if folder_id is not None else None
    if index is None:
        return None
    return world.render("folders", index, detail=False)


def children(world: World, folder: int) -> Sequence[int]:
    """The folders directly inside, by index."""
    return world.derive("folder tree", lambda: _by_folder(world, "folders")).get(folder, ())


def contents(world: World, type_: str, folder: int) -> Sequence[int]:
    """The dashboards or looks directly inside, the trash excluded, by index."""
    inside = world.derive(("in folders", type_), lambda: _by_folder(world, type_))
    return [index for index in inside.get(folder, ()) if not world.in_trash(type_, index)]


def _by_folder(world: World, type_: str) -> dict[int, array[int]]:
    inside: dict[int, array[int]] = {}
    for index in world.live(type_):
        folder = _current_folder(world, type_, index)
        if folder is not None:
            inside.setdefault(folder, array("q")).append(index)
    return inside


def _current_folder(world: World, type_: str, index: int) -> int | None:
    field = "parent_id" if type_ == "folders" else "folder_id"
    moved = world.changed.get((type_, index), {})
    if field in moved:
        return world.kinds["folders"].ids.index(str(moved[field]))
    return parent_of(world, index) if type_ == "folders" else folder_of(world, type_, index)


KINDS = (
    Kind(
        "folders",
        NamedThenNumberedIds(_ROOT_IDS, NumberedIds(5)),
        _columns,
        _nested,
        Ending(("dashboards", "looks"), _detail),
    ),
)
