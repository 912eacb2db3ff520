"""User attributes, and the values that groups and users have for them."""

from __future__ import annotations

from collections.abc import Iterator

from lookervault.demo.ids import NumberedIds, PlainIds
from lookervault.demo.kind import Follows, Kind, Row, can, encode
from lookervault.demo.phrases import REGIONS
from lookervault.demo.world import World

_CAN = can(show=True, index=True, create=True, update=True, destroy=True, set_value=True)
_WORDS = (
    ("id", "User ID", "number", True),
    ("email", "E-Mail", "string", True),
    ("locale", "Locale", "string", True),
    ("number_format", "Number Format", "string", True),
    ("region", "Sales Region", "advanced_filter_string", False),
    ("cost_center", "Cost Center", "string", False),
    ("can_see_pii", "Can see personal data?", "yesno", False),
    ("brand", "Brand – マーク", "string", False),
    ("snowflake_role", "Warehouse Role", "string", False),
    ("db_password", "Database password", "string", False),
    ("fiscal_year_start", "Fiscal year starts", "date", False),
    ("tenant_id", "Tenant", "number", False),
)


def _columns(world: World, index: int) -> Row:
    name, label, type_, system = _WORDS[index % len(_WORDS)]
    hidden = name == "db_password"
    default = {"region": "%", "can_see_pii": "No", "number_format": "1,234.56"}.get(name)
    return {
        "can": _CAN,
        "id": world.id("user_attributes", index),
        "name": name if index < len(_WORDS) else f"{name}_{index}",
        "label": label,
        "type": type_,
        "default_value": default,
        "is_system": system,
        "is_permanent": system,
        "value_is_hidden": hidden,
        "user_can_view": not hidden,
        "user_can_edit": name in ("locale", "number_format"),
        "hidden_value_domain_whitelist": "https://warehouse.demo.example/*" if hidden else None,
    }


# Group values: the index is the attribute's times `_GROUPS` plus the group's

_GROUPS = 100_000


def _has_value(world: World, index: int) -> bool:
    attribute, group = divmod(index, _GROUPS)
    return (
        world.exists("user_attributes", attribute)
        and world.exists("groups", group)
        and not world.columns("user_attributes", attribute)["is_system"]
        and (attribute + group) % 4 == 1
    )


def group_values(world: World, attribute: int) -> list[int]:
    """The indexes of the values that groups have for an attribute."""
    places = (attribute * _GROUPS + group for group in world.live("groups"))
    return [place for place in places if world.exists("user_attribute_group_values", place)]


def _all_group_values(world: World) -> Iterator[int]:
    for attribute in world.live("user_attributes"):
        yield from group_values(world, attribute)


def _group_value(world: World, index: int) -> Row:
    attribute, group = divmod(index, _GROUPS)
    about = world.draw("group value", index)
    hidden = world.columns("user_attributes", attribute)["value_is_hidden"]
    return {
        "can": _CAN,
        "id": world.id("user_attribute_group_values", index),
        "group_id": world.id("groups", group),
        "user_attribute_id": world.id("user_attributes", attribute),
        "value_is_hidden": hidden,
        "rank": 1 + group // 4,
        "value": None if hidden else about.pick(REGIONS),
    }


def user_values(world: World, user: int) -> list[bytes]:
    return [encode(_user_value(world, index, user)) for index in world.live("user_attributes")]


def _user_value(world: World, index: int, user: int) -> Row:
    columns = world.columns("user_attributes", index)
    about = world.draw("user value", index, user)
    own = about.chance(0.15) and not columns["is_system"]
    value = about.pick(REGIONS) if own else columns["default_value"]
    return {
        "can": _CAN,
        "name": columns["name"],
        "label": columns["label"],
        "rank": None,
        "value": None if columns["value_is_hidden"] else value,
        "user_id": world.id("users", user),
        "user_can_edit": columns["user_can_edit"],
        "value_is_hidden": columns["value_is_hidden"],
        "user_attribute_id": columns["id"],
        "source": "User Value" if own else "Default",
        "hidden_value_domain_whitelist": columns["hidden_value_domain_whitelist"],
    }


KINDS = (
    Kind("user_attributes", NumberedIds(), _columns),
    Kind(
        "user_attribute_group_values",
        PlainIds(),
        _group_value,
        follows=Follows(_has_value, _all_group_values),
    ),
)
