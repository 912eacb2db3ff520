"""Operations that are more than an object by its id or a search."""

from __future__ import annotations

from collections.abc import Sequence

from lookervault.demo import fields as field_lists
from lookervault.demo.answers import Answer
from lookervault.demo.content import attributes, memberships, metadata
from lookervault.demo.content.folders import abbreviated_dashboard, contents
from lookervault.demo.content.metadata_ids import owner_of
from lookervault.demo.kind import Row, encode
from lookervault.demo.operations import (
    Call,
    Handler,
    cut_all,
    cut_row,
    existing,
    joined,
    obtainable,
    rows,
)
from lookervault.demo.selecting import page


def versions(call: Call) -> Answer:
    """The web address is the instance's own: it does not tell where this server listens."""
    host = call.store.world.host
    version = {
        "version": "4.0",
        "full_version": "4.0.26.12",
        "status": "current",
        "swagger_url": f"{host}/api/4.0/swagger.json",
    }
    return _single(
        call,
        {
            "looker_release_version": "26.12.14",
            "current_version": version,
            "supported_versions": [version],
            "api_server_url": host,
            "web_server_url": host,
        },
    )


def _single(call: Call, row: Row) -> Answer:
    text = call.params.text("fields")
    body = encode(row)
    return Answer(body if text is None else field_lists.cut(field_lists.parse(text), body))


# Users and roles

_API_USER = 0


def me(call: Call) -> Answer:
    if call.behaviour.admin:
        return Answer(cut_row(call, "users", _API_USER, detail=True))
    row = call.store.world.render("users", _API_USER, detail=True)
    return _single(call, row | {"role_ids": [call.store.world.id("roles", memberships.VIEWER)]})


def user_roles(call: Call) -> Answer:
    world = call.store.world
    user = existing(call, "users", call.path_args[0])
    direct = call.params.flag("direct_association_only") is True
    roles = memberships.direct_roles_of_user if direct else memberships.roles_of_user
    held = roles(world, user)
    if user == _API_USER and not call.behaviour.admin:
        held = [memberships.VIEWER]
    return rows(call, "roles", [role for role in held if world.exists("roles", role)])


def role_groups(call: Call) -> Answer:
    role = existing(call, "roles", call.path_args[0])
    return rows(call, "groups", memberships.groups_with_role(call.store.world, role), detail=True)


def role_users(call: Call) -> Answer:
    role = existing(call, "roles", call.path_args[0])
    directly = call.params.flag("direct_association_only") is True
    users = memberships.users_with_role(call.store.world, role, directly=directly)
    return rows(call, "users", users, detail=True)


def everything_or(type_: str) -> Handler:
    """`all_users`, `all_roles`: all of them, or those that `ids` names; paged where asked."""

    def answer(call: Call) -> Answer:
        ids = call.params.many("ids")
        world = call.store.world
        found: Sequence[int] = world.live(type_)
        if ids is not None:
            known = ids if call.behaviour.id_lists else ids[:1]
            indexes = {
                world.kinds[type_].ids.index(id_) for id_ in known if obtainable(call, type_, id_)
            }
            found = [index for index in found if index in indexes]
        return rows(call, type_, page(found, call.behaviour, call.params))

    return answer


def user_values(call: Call) -> Answer:
    user = existing(call, "users", call.path_args[0])
    return cut_all(call, attributes.user_values(call.store.world, user))


def group_values(call: Call) -> Answer:
    attribute = existing(call, "user_attributes", call.path_args[0])
    places = attributes.group_values(call.store.world, attribute)
    return rows(call, "user_attribute_group_values", places)


# Content


def all_dashboards(call: Call) -> Answer:
    """Abbreviated: those of users, then those that live in LookML; the trash excluded."""
    world = call.store.world
    own = [each for each in world.live("dashboards") if not world.in_trash("dashboards", each)]
    shown = [abbreviated_dashboard(world, dashboard) for dashboard in own]
    shown += [_abbreviated_lookml(call, index) for index in world.live("lookml_dashboards")]
    return cut_all(call, [encode(row) for row in shown])


def _abbreviated_lookml(call: Call, index: int) -> Row:
    columns = call.store.world.columns("lookml_dashboards", index)
    dropped = ("deleted", "folder_id", "lookml_link_id")
    return {name: value for name, value in columns.items() if name not in dropped}


def folder_looks(call: Call) -> Answer:
    world = call.store.world
    folder = existing(call, "folders", call.path_args[0])
    shown = [
        index
        for index in contents(world, "looks", folder)
        if obtainable(call, "looks", world.id("looks", index))
    ]
    return rows(call, "looks", shown, detail=True)


def content_metadatas(call: Call) -> Answer:
    world, parent = call.store.world, call.params.required("parent_id")
    if call.behaviour.parent_id_is == "folder":
        folder = existing(call, "folders", parent)
    else:
        type_, folder = owner_of(existing(call, "content_metadata", parent))
        if type_ != "folders":
            return joined(())
    return rows(call, "content_metadata", metadata.of_children(world, folder))


def content_metadata_accesses(call: Call) -> Answer:
    number = existing(call, "content_metadata", call.params.required("content_metadata_id"))
    return rows(call, "content_metadata_access", metadata.access_list(call.store.world, number))


# Plans and alerts: one's own, unless an administrator asks for everybody's


def scheduled_plans(call: Call) -> Answer:
    world = call.store.world
    user_id = call.params.text("user_id")
    everybody = call.params.flag("all_users") is True and call.behaviour.admin
    wanted = user_id or (None if everybody else world.id("users", _API_USER))
    found = [
        plan
        for plan in world.live("scheduled_plans")
        if wanted is None or world.columns("scheduled_plans", plan)["user_id"] == wanted
    ]
    return rows(call, "scheduled_plans", found)


def alerts(call: Call) -> Answer:
    """Only enabled ones unless `disabled` is given; there is no way to sort or to name ids."""
    world = call.store.world
    everybody = call.params.flag("all_owners") is True and call.behaviour.admin
    disabled = call.params.flag("disabled") is True
    own = world.id("users", _API_USER)
    found = [
        alert
        for alert in world.live("alerts")
        if bool((columns := world.columns("alerts", alert))["is_disabled"]) is disabled
        and (everybody or columns["owner_id"] == own)
    ]
    return rows(call, "alerts", page(found, call.behaviour, call.params))
