"""What the sections need to know of an item: whose it is, and what it refers to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from lookervault.history.stats.shapes import Id, Shape, id_text


class Link(NamedTuple):
    """A reference: where it stands in the item, and to what. Without an id it leads nowhere."""

    place: str
    type: str
    id: str | None


class Facts(NamedTuple):
    """`enabled` is None for what cannot be switched off, `created` the API's own spelling."""

    owner: str | None = None
    created: str | None = None
    enabled: bool | None = None
    deleted: bool = False
    links: tuple[Link, ...] = ()


class _Tile(msgspec.Struct, gc=False):
    id: Id = None
    title: str | None = None
    look_id: Id = None


class _Content(msgspec.Struct):
    """A dashboard or a look."""

    user_id: Id = None
    created_at: str | None = None
    dashboard_elements: list[_Tile | None] | None = None


class _Folder(msgspec.Struct):
    parent_id: Id = None
    creator_id: Id = None
    created_at: str | None = None
    is_personal: bool | None = None


class _BoardItem(msgspec.Struct):
    id: Id = None
    title: str | None = None
    dashboard_id: Id = None
    look_id: Id = None


class _Section(msgspec.Struct):
    deleted_at: str | None = None
    board_items: list[_BoardItem | None] | None = None


class _Board(msgspec.Struct):
    user_id: Id = None
    created_at: str | None = None
    deleted_at: str | None = None
    board_sections: list[_Section | None] | None = None


class _Plan(msgspec.Struct):
    user_id: Id = None
    created_at: str | None = None
    enabled: bool | None = None
    dashboard_id: Id = None
    look_id: Id = None


class _Alert(msgspec.Struct):
    owner_id: Id = None
    is_disabled: bool | None = None
    dashboard_element_id: Id = None
    investigative_content_type: str | None = None
    investigative_content_id: Id = None


class _Set(msgspec.Struct):
    id: Id = None


class _Role(msgspec.Struct):
    permission_set_id: Id = None
    model_set_id: Id = None
    permission_set: _Set | None = None
    model_set: _Set | None = None


class _Group(msgspec.Struct):
    parent_group_ids: list[Id] | None = None
    role_ids: list[Id] | None = None


class _ModelSet(msgspec.Struct):
    all_access: bool | None = None
    models: list[str | None] | None = None


class _Member(msgspec.Struct):
    """A row of those types whose object is an array: a member of a role, who may see a folder."""

    id: Id = None
    group_id: Id = None
    user_id: Id = None


class _Members(msgspec.Struct):
    rows: list[_Member | None] | None = None


class _User(msgspec.Struct):
    is_disabled: bool | None = None
    group_ids: list[Id] | None = None
    role_ids: list[Id] | None = None


def _content(shape: Shape[_Content], body: bytes) -> Facts:
    told = shape.read(body)
    return Facts(id_text(told.user_id), told.created_at, links=tuple(_tiles(told)))


def _tiles(told: _Content) -> Iterator[Link]:
    for tile in told.dashboard_elements or ():
        if tile is not None and (look := id_text(tile.look_id)):
            yield Link(_called("tile", tile.title, tile.id), "looks", look)


def _folder(shape: Shape[_Folder], body: bytes) -> Facts:
    """Only a personal folder is somebody's own."""
    told = shape.read(body)
    owner = id_text(told.creator_id) if told.is_personal else None
    return Facts(owner, told.created_at, links=_links("parent", "folders", [told.parent_id]))


def _board(shape: Shape[_Board], body: bytes) -> Facts:
    told = shape.read(body)
    return Facts(
        id_text(told.user_id),
        told.created_at,
        deleted=told.deleted_at is not None,
        links=tuple(_board_items(told)),
    )


def _board_items(told: _Board) -> Iterator[Link]:
    for section in told.board_sections or ():
        if section is None or section.deleted_at is not None:
            continue
        for item in section.board_items or ():
            if item is not None:
                place = _called("item", item.title, item.id)
                yield from _links(place, "dashboards", [item.dashboard_id])
                yield from _links(place, "looks", [item.look_id])


def _plan(shape: Shape[_Plan], body: bytes) -> Facts:
    told = shape.read(body)
    what = _links("content", "dashboards", [told.dashboard_id])
    what += _links("content", "looks", [told.look_id])
    return Facts(id_text(told.user_id), told.created_at, told.enabled, links=what)


TILES = "tiles"
"""No type of its own: a link to it is `DASHBOARD/TILE`, or `/TILE` where only that is known."""


def _alert(shape: Shape[_Alert], body: bytes) -> Facts:
    told = shape.read(body)
    enabled = None if told.is_disabled is None else not told.is_disabled
    on_dashboard = told.investigative_content_type == "dashboard"
    dashboard = id_text(told.investigative_content_id) if on_dashboard else None
    links = _links("dashboard", "dashboards", [dashboard])
    if tile := id_text(told.dashboard_element_id):
        links += (Link("tile", TILES, f"{dashboard or ''}/{tile}"),)
    return Facts(id_text(told.owner_id), enabled=enabled, links=links)


def _role(shape: Shape[_Role], body: bytes) -> Facts:
    told = shape.read(body)
    permissions = id_text(told.permission_set_id or (told.permission_set or _Set()).id)
    models = id_text(told.model_set_id or (told.model_set or _Set()).id)
    return Facts(
        links=(
            Link("permission set", "permission_sets", permissions),
            Link("model set", "model_sets", models),
        )
    )


def _group(shape: Shape[_Group], body: bytes) -> Facts:
    told = shape.read(body)
    parents = _links("parent", "groups", told.parent_group_ids or ())
    return Facts(links=parents + _links("role", "roles", told.role_ids or ()))


def _model_set(shape: Shape[_ModelSet], body: bytes) -> Facts:
    told = shape.read(body)
    models = () if told.all_access else told.models or ()
    return Facts(links=_links("model", "lookml_models", models))


def _user(shape: Shape[_User], body: bytes) -> Facts:
    told = shape.read(body)
    groups = _links("group", "groups", told.group_ids or ())
    enabled = told.is_disabled is not True
    return Facts(enabled=enabled, links=groups + _links("role", "roles", told.role_ids or ()))


def _links(place: str, type: str, ids: Iterable[Id]) -> tuple[Link, ...]:
    return tuple(Link(place, type, id) for each in ids if (id := id_text(each)))


def _called(what: str, title: str | None, id: Id) -> str:
    return f"{what} {title or id_text(id) or 'without a name'}"


def _members(id: str, body: bytes) -> Facts:
    kind = id.rpartition("/")[2]
    ids = [row.id for row in _rows(body)] if kind in ("groups", "users") else []
    return Facts(links=_links(kind.removesuffix("s"), kind, ids))


def _access(_: str, body: bytes) -> Facts:
    rows = _rows(body)
    groups = _links("group", "groups", [row.group_id for row in rows])
    return Facts(links=groups + _links("user", "users", [row.user_id for row in rows]))


_MEMBERS = Shape(_Members)


def _rows(body: bytes) -> list[_Member]:
    rows = _MEMBERS.read(b'{"rows":' + body + b"}").rows or ()
    return [row for row in rows if row is not None]


type Reader = Callable[[str, bytes], Facts]
"""From an item's id and body."""


def _reader[T: msgspec.Struct](
    struct: type[T], facts: Callable[[Shape[T], bytes], Facts]
) -> Reader:
    shape = Shape(struct)
    return lambda _id, body: facts(shape, body)


READERS: Mapping[str, Reader] = {
    "dashboards": _reader(_Content, _content),
    "looks": _reader(_Content, _content),
    "folders": _reader(_Folder, _folder),
    "boards": _reader(_Board, _board),
    "users": _reader(_User, _user),
    "embed_users": _reader(_User, _user),
    "groups": _reader(_Group, _group),
    "roles": _reader(_Role, _role),
    "role_members": _members,
    "model_sets": _reader(_ModelSet, _model_set),
    "scheduled_plans": _reader(_Plan, _plan),
    "alerts": _reader(_Alert, _alert),
    "user_attribute_group_values": _access,
    "content_metadata_access": _access,
}
"""Types of which something is to be known."""


class _Tiles(msgspec.Struct):
    dashboard_elements: list[_Set | None] | None = None


_TILES = Shape(_Tiles)


def tile_ids(dashboard: bytes) -> set[str]:
    tiles = _TILES.read(dashboard).dashboard_elements or ()
    return {id for tile in tiles if tile is not None and (id := id_text(tile.id))}
