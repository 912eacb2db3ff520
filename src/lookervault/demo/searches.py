"""The parameters of each search, as the API's description has them."""

from __future__ import annotations

from typing import cast

from lookervault.demo.content.memberships import groups_of_user, is_embed_user
from lookervault.demo.selecting import Search, Special, like
from lookervault.demo.world import World

DASHBOARDS = Search(
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
LOOKS = Search(
    "looks",
    integers=("id", "folder_id", "user_id", "content_favorite_id", "view_count", "query_id"),
    strings=("title", "description", "last_viewed_at"),
)


def _embed(world: World, index: int, wanted: str) -> bool:
    return is_embed_user(world, index) is (wanted == "true")


def _in_group(world: World, index: int, wanted: str) -> bool:
    return wanted in (world.id("groups", group) for group in groups_of_user(world, index))


def _full_name(world: World, index: int, wanted: str) -> bool:
    return like(wanted, world.columns("users", index)["display_name"])


USERS = Search(
    "users",
    integers=("id",),
    strings=("first_name", "last_name", "email"),
    flags=(
        "verified_looker_employee",
        "is_disabled",
        "can_manage_api3_creds",
        "is_service_account",
    ),
    special={"embed_user": _embed, "group_id": _in_group, "full_name": _full_name},
)
GROUPS = Search(
    "groups",
    integers=("id",),
    strings=("name", "external_group_id"),
    flags=("externally_managed",),
    special={"externally_orphaned": lambda world, index, wanted: wanted == "false"},
)
ROLES = Search(
    "roles",
    integers=("id",),
    strings=("name",),
    special={"built_in": lambda world, index, wanted: (index == 0) is (wanted == "true")},
)


def _any_of(type_: str, field: str) -> Special:
    """A column that holds a list: whether one of its values is like what is wanted."""

    def test(world: World, index: int, wanted: str) -> bool:
        values = cast(list[str], world.columns(type_, index)[field])
        return any(like(each, value) for each in wanted.split(",") for value in values)

    return test


PERMISSION_SETS = Search(
    "permission_sets",
    integers=("id",),
    strings=("name",),
    flags=("all_access", "built_in"),
    special={"permissions": _any_of("permission_sets", "permissions")},
)
MODEL_SETS = Search(
    "model_sets",
    integers=("id",),
    strings=("name",),
    flags=("all_access", "built_in"),
    special={"models": _any_of("model_sets", "models")},
)
LOOKML_DASHBOARDS = Search("lookml_dashboards", integers=("folder_id",), strings=("title",))
INTEGRATIONS = Search("integrations", integers=("integration_hub_id",))
