"""Content metadata: what inherits its access from the folder above, and who may see the rest."""

from __future__ import annotations

from collections.abc import Iterator

from lookervault.demo.content.folders import SHARED, USERS, children, contents, is_personal
from lookervault.demo.content.metadata_ids import FIRST, TYPES, metadata_of, owner_of
from lookervault.demo.ids import PlainIds
from lookervault.demo.kind import Follows, Kind, Row, can
from lookervault.demo.world import World

_CAN = can(show=True, update=True)
_WORDS = dict(zip(TYPES, ("folder", "dashboard", "look", "homepage"), strict=True))
_ROOTS = 5


def _exists(world: World, number: int) -> bool:
    return number >= FIRST and world.exists(*owner_of(number))


def _all(world: World) -> list[int]:
    return sorted(metadata_of(type_, index) for type_ in TYPES for index in world.live(type_))


def of_children(world: World, folder: int) -> Iterator[int]:
    """Those of each folder, dashboard and look directly inside."""
    inside = {
        "folders": children(world, folder),
        "dashboards": contents(world, "dashboards", folder),
        "looks": contents(world, "looks", folder),
    }
    for type_, indexes in inside.items():
        yield from (metadata_of(type_, index) for index in indexes)


def _columns(world: World, number: int) -> Row:
    type_, index = owner_of(number)
    owner = world.columns(type_, index)
    inheriting = _inherits(world, type_, index)
    parent = _metadata_above(world, owner)
    word = _WORDS[type_]
    return {
        "can": _CAN,
        "id": str(number),
        "name": owner.get("title", owner.get("name")),
        "parent_id": parent,
        "dashboard_id": owner["id"] if word == "dashboard" else None,
        "look_id": owner["id"] if word == "look" else None,
        "folder_id": owner["id"] if word == "folder" else None,
        "homepage_id": owner["id"] if word == "homepage" else None,
        "content_type": word,
        "inherits": inheriting,
        "inheriting_id": parent if inheriting else None,
        "slug": owner.get("slug"),
    }


def _inherits(world: World, type_: str, index: int) -> bool:
    """Roots and boards have access lists of their own, and so has one shared folder in eight."""
    if type_ == "boards" or (type_ == "folders" and index < _ROOTS):
        return False
    if type_ != "folders" or is_personal(world, index):
        return True
    return world.scatter("inherits", index) % 8 > 0


def _metadata_above(world: World, owner: Row) -> str | None:
    above = owner.get("folder_id", owner.get("parent_id"))
    if above is None:
        return None
    return str(metadata_of("folders", world.index("folders", above)))


# Access lists: the row's index is the metadata's times eight plus its place

_ROWS = 8


def access_list(world: World, number: int) -> list[int]:
    """Empty where access is inherited."""
    rows = range(number * _ROWS, (number + 1) * _ROWS)
    return [row for row in rows if world.exists("content_metadata_access", row)]


def _access_exists(world: World, row: int) -> bool:
    number, place = divmod(row, _ROWS)
    if not world.exists("content_metadata", number):
        return False
    if world.columns("content_metadata", number)["inherits"]:
        return False
    return place < len(_holders(world, number))


def _all_access(world: World) -> Iterator[int]:
    for type_ in ("folders", "boards"):
        for index in world.live(type_):
            yield from access_list(world, metadata_of(type_, index))


def _holders(world: World, number: int) -> list[tuple[str, str]]:
    about = world.draw("access", number)
    groups = [0] if owner_of(number) in (("folders", SHARED), ("folders", USERS)) else []
    groups += about.some(range(1, world.count("groups")), about.between(1, 3))
    user = about.between(0, world.count("users") - 1)
    holders = [("group_id", world.id("groups", group)) for group in groups]
    return [*holders, ("user_id", world.id("users", user))]


def _access(world: World, row: int) -> Row:
    number, place = divmod(row, _ROWS)
    field, holder = _holders(world, number)[place]
    shared: Row = {
        "can": _CAN,
        "id": str(row),
        "content_metadata_id": str(number),
        "permission_type": world.draw("access of", row).pick(("view", "view", "edit")),
        "group_id": None,
        "user_id": None,
    }
    return shared | {field: holder}


KINDS = (
    Kind("content_metadata", PlainIds(), _columns, follows=Follows(_exists, _all)),
    Kind(
        "content_metadata_access",
        PlainIds(),
        _access,
        follows=Follows(_access_exists, _all_access),
    ),
)
