"""Roles and the sets they are made of."""

from __future__ import annotations

from lookervault.demo.ids import NumberedIds
from lookervault.demo.kind import Kind, Row, can
from lookervault.demo.vocabulary import DEPARTMENTS
from lookervault.demo.world import World

_CAN = can(show=True, index=True, update=True)
_ROLE_NAMES = ("Admin", "Developer", "User", "Viewer")


def _role_columns(world: World, index: int) -> Row:
    department = DEPARTMENTS[(index - 4) % len(DEPARTMENTS)].name
    name = _ROLE_NAMES[index] if index < 4 else f"{department} Analyst"
    return {
        "can": _CAN,
        "id": world.id("roles", index),
        "name": name,
        "permission_set_id": _id_of_set(world, "permission_sets", min(index, 4)),
        "model_set_id": _id_of_set(world, "model_sets", max(0, index - 3)),
        "internal": False,
    }


def _id_of_set(world: World, type_: str, index: int) -> str | None:
    count = world.count(type_)
    return world.id(type_, index % count) if count else None


def _role_nested(world: World, index: int, columns: Row) -> Row:
    url = f"{world.host}/api/4.0/roles/{columns['id']}"
    sets = {
        field: _embedded_set(world, type_, columns[f"{field}_id"])
        for field, type_ in (("permission_set", "permission_sets"), ("model_set", "model_sets"))
    }
    return {**sets, "url": url, "users_url": f"{url}/users"}


def _embedded_set(world: World, type_: str, id_: object) -> Row | None:
    return None if id_ is None else world.render(type_, world.index(type_, id_), detail=True)


_VIEW = "access_data see_lookml_dashboards see_looks see_user_dashboards see_drill_overlay"
_USE = (
    f"{_VIEW} explore create_table_calculations save_content download_with_limit "
    "schedule_look_emails"
)
_DEVELOP = f"{_USE} develop deploy see_lookml see_pdts use_sql_runner manage_models"
_SETS = (
    (
        "Admin",
        (
            f"{_DEVELOP} administer manage_spaces see_users see_schedules see_alerts sudo "
            f"login_special_email"
        ),
    ),
    ("Developer", _DEVELOP),
    ("User", _USE),
    ("Viewer", _VIEW),
    ("Explore & Download", f"{_USE} download_without_limit send_to_s3 follow_alerts create_alerts"),
    ("LookML Dashboard User", "access_data see_lookml_dashboards clear_cache_refresh"),
    ("User who can't view LookML", f"{_USE} mobile_app_access"),
    (
        "Schedules & Alerts (all teams)",
        "access_data see_schedules see_alerts schedule_external_look_emails",
    ),
)


def _permission_set_columns(world: World, index: int) -> Row:
    name, permissions = _SETS[index % len(_SETS)]
    return {
        "can": _CAN,
        "all_access": index == 0,
        "built_in": index == 0,
        "id": world.id("permission_sets", index),
        "name": name,
        "permissions": permissions.split(),
        "url": f"{world.host}/api/4.0/permission_sets/{world.id('permission_sets', index)}",
    }


def _model_set_columns(world: World, index: int) -> Row:
    department = DEPARTMENTS[(index - 1) % len(DEPARTMENTS)]
    models = [each.model for each in DEPARTMENTS] if index == 0 else [department.model]
    return {
        "can": _CAN,
        "all_access": index == 0,
        "built_in": index == 0,
        "id": world.id("model_sets", index),
        "models": models,
        "name": "All" if index == 0 else f"{department.name} models",
        "url": f"{world.host}/api/4.0/model_sets/{world.id('model_sets', index)}",
    }


KINDS = (
    Kind("roles", NumberedIds(2), _role_columns, _role_nested),
    Kind("permission_sets", NumberedIds(), _permission_set_columns),
    Kind("model_sets", NumberedIds(), _model_set_columns),
)
