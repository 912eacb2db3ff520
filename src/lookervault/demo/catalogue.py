"""Every operation that the embedded Looker answers, by its operationId."""

from __future__ import annotations

from dataclasses import dataclass

from lookervault.demo import handlers, searches
from lookervault.demo.answers import Answer
from lookervault.demo.content.settings import NAMES
from lookervault.demo.operations import Call, Handler, by_id, one, searched
from lookervault.demo.selecting import Search


@dataclass(frozen=True, slots=True)
class Operation:
    """`path` is below `/api/4.0`."""

    id: str
    path: str
    handler: Handler


def _listed(type_: str) -> Handler:
    return searched(Search(type_))


def _setting(name: str) -> Handler:
    def answer(call: Call) -> Answer:
        return Answer(one(call, "settings", name))

    return answer


_SETTING_PATHS = {
    "get_setting": "/setting",
    "mobile_settings": "/mobile/settings",
    "cloud_storage_configuration": "/cloud_storage",
    "internal_help_resources": "/internal_help_resources_enabled",
}

OPERATIONS: tuple[Operation, ...] = (
    Operation("versions", "/versions", handlers.versions),
    Operation("me", "/user", handlers.me),
    # Content
    Operation("all_dashboards", "/dashboards", handlers.all_dashboards),
    Operation("search_dashboards", "/dashboards/search", searched(searches.DASHBOARDS)),
    Operation(
        "search_lookml_dashboards",
        "/dashboards/lookml/search",
        searched(searches.LOOKML_DASHBOARDS),
    ),
    Operation("dashboard", "/dashboards/{dashboard_id}", by_id("dashboards")),
    Operation("search_looks", "/looks/search", searched(searches.LOOKS)),
    Operation("look", "/looks/{look_id}", by_id("looks")),
    Operation("merge_query", "/merge_queries/{merge_query_id}", by_id("merge_queries")),
    Operation("query", "/queries/{query_id}", by_id("queries")),
    Operation("all_folders", "/folders", _listed("folders")),
    Operation("folder", "/folders/{folder_id}", by_id("folders")),
    Operation("folder_looks", "/folders/{folder_id}/looks", handlers.folder_looks),
    Operation("all_boards", "/boards", _listed("boards")),
    Operation("board", "/boards/{board_id}", by_id("boards")),
    Operation("all_content_metadatas", "/content_metadata", handlers.content_metadatas),
    Operation(
        "content_metadata",
        "/content_metadata/{content_metadata_id}",
        by_id("content_metadata"),
    ),
    Operation(
        "all_content_metadata_accesses",
        "/content_metadata_access",
        handlers.content_metadata_accesses,
    ),
    Operation("all_scheduled_plans", "/scheduled_plans", handlers.scheduled_plans),
    Operation("scheduled_plan", "/scheduled_plans/{scheduled_plan_id}", by_id("scheduled_plans")),
    Operation("search_alerts", "/alerts/search", handlers.alerts),
    Operation("get_alert", "/alerts/{alert_id}", by_id("alerts")),
    # People
    Operation("all_users", "/users", handlers.everything_or("users")),
    Operation("search_users", "/users/search", searched(searches.USERS)),
    Operation("user", "/users/{user_id}", by_id("users")),
    Operation("user_roles", "/users/{user_id}/roles", handlers.user_roles),
    Operation(
        "user_attribute_user_values", "/users/{user_id}/attribute_values", handlers.user_values
    ),
    Operation(
        "search_groups_with_hierarchy", "/groups/search/with_hierarchy", searched(searches.GROUPS)
    ),
    Operation("group", "/groups/{group_id}", by_id("groups")),
    Operation("all_roles", "/roles", handlers.everything_or("roles")),
    Operation("search_roles", "/roles/search", searched(searches.ROLES)),
    Operation("role", "/roles/{role_id}", by_id("roles")),
    Operation("role_groups", "/roles/{role_id}/groups", handlers.role_groups),
    Operation("role_users", "/roles/{role_id}/users", handlers.role_users),
    Operation(
        "search_permission_sets", "/permission_sets/search", searched(searches.PERMISSION_SETS)
    ),
    Operation("permission_set", "/permission_sets/{permission_set_id}", by_id("permission_sets")),
    Operation("search_model_sets", "/model_sets/search", searched(searches.MODEL_SETS)),
    Operation("model_set", "/model_sets/{model_set_id}", by_id("model_sets")),
    Operation("all_user_attributes", "/user_attributes", _listed("user_attributes")),
    Operation("user_attribute", "/user_attributes/{user_attribute_id}", by_id("user_attributes")),
    Operation(
        "all_user_attribute_group_values",
        "/user_attributes/{user_attribute_id}/group_values",
        handlers.group_values,
    ),
    # Configuration
    Operation("all_themes", "/themes", _listed("themes")),
    Operation("theme", "/themes/{theme_id}", by_id("themes")),
    Operation("all_color_collections", "/color_collections", _listed("color_collections")),
    Operation("color_collection", "/color_collections/{collection_id}", by_id("color_collections")),
    Operation("all_lookml_models", "/lookml_models", _listed("lookml_models")),
    Operation("lookml_model", "/lookml_models/{lookml_model_name}", by_id("lookml_models")),
    Operation("all_connections", "/connections", _listed("connections")),
    Operation("connection", "/connections/{connection_name}", by_id("connections")),
    Operation("all_projects", "/projects", _listed("projects")),
    Operation("project", "/projects/{project_id}", by_id("projects")),
    Operation("all_datagroups", "/datagroups", _listed("datagroups")),
    Operation("datagroup", "/datagroups/{datagroup_id}", by_id("datagroups")),
    Operation("all_integrations", "/integrations", searched(searches.INTEGRATIONS)),
    Operation("integration", "/integrations/{integration_id}", by_id("integrations")),
    Operation("all_integration_hubs", "/integration_hubs", _listed("integration_hubs")),
    Operation(
        "integration_hub", "/integration_hubs/{integration_hub_id}", by_id("integration_hubs")
    ),
    Operation("all_legacy_features", "/legacy_features", _listed("legacy_features")),
    *(Operation(name, _SETTING_PATHS.get(name, f"/{name}"), _setting(name)) for name in NAMES),
)
