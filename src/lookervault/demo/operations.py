"""The operations of the API that the embedded Looker answers, each under its operationId."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from lookervault.demo import fields as field_lists
from lookervault.demo.answers import Answer, not_found
from lookervault.demo.behaviour import Behaviour
from lookervault.demo.kind import encode
from lookervault.demo.params import Params
from lookervault.demo.selecting import Search, page, select
from lookervault.demo.store import Store


@dataclass(frozen=True, slots=True)
class Call:
    """One request, while the store's lock is held."""

    store: Store
    behaviour: Behaviour
    params: Params
    path_args: tuple[str, ...]


type Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    path: str
    handler: Handler


def by_id(type_: str) -> Handler:
    return lambda call: Answer(one(call, type_, call.path_args[0]))


def one(call: Call, type_: str, id_: str) -> bytes:
    behaviour = call.behaviour
    if id_ in behaviour.hidden_ids.get(type_, ()) or id_ in behaviour.invisible_ids.get(type_, ()):
        raise not_found()
    try:
        index = call.store.place(type_, id_)
    except KeyError as missing:
        raise not_found() from missing
    return cut_row(call, type_, index, detail=True)


def searched(search: Search) -> Handler:
    def answer(call: Call) -> Answer:
        found = select(call.store.world, call.behaviour, search, call.params)
        return rows(call, search.type, page(found, call.behaviour, call.params))

    return answer


def rows(call: Call, type_: str, indexes: Iterable[int], *, detail: bool = False) -> Answer:
    return joined(cut_row(call, type_, index, detail=detail) for index in indexes)


def joined(bodies: Iterable[bytes]) -> Answer:
    return Answer(b"[" + b",".join(bodies) + b"]")


def cut_row(call: Call, type_: str, index: int, *, detail: bool) -> bytes:
    text = call.params.text("fields")
    if text is None:
        return call.store.row(type_, index, detail)
    wanted = field_lists.parse(text)
    columns = call.store.world.columns(type_, index)
    cheap = field_lists.from_columns(wanted, columns)
    if cheap is not None:
        return cheap
    try:
        return field_lists.cut(wanted, call.store.row(type_, index, detail))
    except msgspec.DecodeError:  # a hostile body (`put_raw`): what the columns can tell
        return encode({name: columns[name] for name in columns if name in wanted})


def cut_all(call: Call, bodies: Sequence[bytes]) -> Answer:
    """Rows that are not objects of the store."""
    text = call.params.text("fields")
    if text is None:
        return joined(bodies)
    wanted = field_lists.parse(text)
    return joined(field_lists.cut(wanted, body) for body in bodies)


_DASHBOARDS = Search(
    "dashboards",
    integers=(
        "id",
        "folder_id",
        "user_id",
        "content_favorite_id",
        "view_count",
        "content_metadata_id",
    ),
    strings=("slug", "title", "description", "last_viewed_at"),
)
_LOOKS = Search(
    "looks",
    integers=("id", "folder_id", "user_id", "content_favorite_id", "view_count", "query_id"),
    strings=("title", "description", "last_viewed_at"),
)
_USERS = Search(
    "users",
    integers=("id",),
    strings=("first_name", "last_name", "email"),
    flags=(
        "verified_looker_employee",
        "is_disabled",
        "can_manage_api3_creds",
        "is_service_account",
    ),
)


def _me(call: Call) -> Answer:
    return Answer(one(call, "users", call.store.world.id("users", 0)))


def _user_roles(call: Call) -> Answer:
    world = call.store.world
    columns = world.columns("users", call.store.place("users", call.path_args[0]))
    role_ids = columns["role_ids"]
    assert isinstance(role_ids, list)
    return rows(call, "roles", [world.index("roles", id_) for id_ in role_ids])


def _versions(call: Call) -> Answer:
    host = call.store.world.host
    version = {"version": "4.0", "full_version": "4.0.26.12", "status": "current", "swagger_url": f"{host}/api/4.0/swagger.json"}  # fmt: skip
    body = {
        "looker_release_version": "26.12.14",
        "current_version": version,
        "supported_versions": [version],
        "api_server_url": host,
        "web_server_url": host,
    }
    return Answer(encode(body))


def _all(type_: str) -> Handler:
    return searched(Search(type_))


def _folder_looks(call: Call) -> Answer:
    from lookervault.demo.content.folders import contents

    index = call.store.world.index("folders", call.path_args[0])
    return rows(call, "looks", contents(call.store.world, "looks", index), detail=True)


OPERATIONS: tuple[Operation, ...] = (
    Operation("me", "/user", _me),
    Operation("versions", "/versions", _versions),
    Operation("user_roles", "/users/{user_id}/roles", _user_roles),
    Operation("search_dashboards", "/dashboards/search", searched(_DASHBOARDS)),
    Operation("dashboard", "/dashboards/{dashboard_id}", by_id("dashboards")),
    Operation("search_looks", "/looks/search", searched(_LOOKS)),
    Operation("look", "/looks/{look_id}", by_id("looks")),
    Operation("folder_looks", "/folders/{folder_id}/looks", _folder_looks),
    Operation("all_folders", "/folders", _all("folders")),
    Operation("folder", "/folders/{folder_id}", by_id("folders")),
    Operation("search_users", "/users/search", searched(_USERS)),
    Operation("user", "/users/{user_id}", by_id("users")),
)
