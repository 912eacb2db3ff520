"""The allow-list: every GET that the program ever sends, and no other.

A call is made with an `Operation`, never with a path, so a GET that is not named here cannot be
sent. None of them runs a query, starts a build, renders or tests anything (the descriptions of
the API's 230 GETs were read for that; `not_backed_up.py` names those left out, and why).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

_PLACEHOLDER = re.compile(r"\{[a-z_]+\}")


@dataclass(frozen=True, slots=True)
class Operation:
    """`id` is the API's operationId, `path` its template below `/api/4.0`."""

    id: str
    path: str

    def fill(self, *path_args: str) -> str:
        """The path with its placeholders replaced in order, each value quoted whole."""
        values = iter(path_args)
        return _PLACEHOLDER.sub(lambda _: _segment(next(values)), self.path)


def _segment(value: str) -> str:
    """Quoted, dots too where HTTP clients would go up by them (RFC 3986, 5.2.4)."""
    return value.replace(".", "%2E") if value in (".", "..") else quote(value, safe="")


ALLOWED: dict[str, Operation] = {}


def _get(operation_id: str, path: str) -> Operation:
    operation = Operation(operation_id, path)
    ALLOWED[operation_id] = operation
    return operation


SEARCH_DASHBOARDS = _get("search_dashboards", "/dashboards/search")
DASHBOARD = _get("dashboard", "/dashboards/{dashboard_id}")
SEARCH_LOOKS = _get("search_looks", "/looks/search")
LOOK = _get("look", "/looks/{look_id}")
FOLDER_LOOKS = _get("folder_looks", "/folders/{folder_id}/looks")
ALL_FOLDERS = _get("all_folders", "/folders")
FOLDER = _get("folder", "/folders/{folder_id}")
ALL_BOARDS = _get("all_boards", "/boards")
BOARD = _get("board", "/boards/{board_id}")
SEARCH_USERS = _get("search_users", "/users/search")
USER = _get("user", "/users/{user_id}")
SEARCH_GROUPS_WITH_HIERARCHY = _get("search_groups_with_hierarchy", "/groups/search/with_hierarchy")
SEARCH_ROLES = _get("search_roles", "/roles/search")
ROLE = _get("role", "/roles/{role_id}")
ROLE_GROUPS = _get("role_groups", "/roles/{role_id}/groups")
ROLE_USERS = _get("role_users", "/roles/{role_id}/users")
SEARCH_PERMISSION_SETS = _get("search_permission_sets", "/permission_sets/search")
PERMISSION_SET = _get("permission_set", "/permission_sets/{permission_set_id}")
SEARCH_MODEL_SETS = _get("search_model_sets", "/model_sets/search")
MODEL_SET = _get("model_set", "/model_sets/{model_set_id}")
ALL_SCHEDULED_PLANS = _get("all_scheduled_plans", "/scheduled_plans")
SCHEDULED_PLAN = _get("scheduled_plan", "/scheduled_plans/{scheduled_plan_id}")
SEARCH_ALERTS = _get("search_alerts", "/alerts/search")
GET_ALERT = _get("get_alert", "/alerts/{alert_id}")
ALL_USER_ATTRIBUTES = _get("all_user_attributes", "/user_attributes")
USER_ATTRIBUTE = _get("user_attribute", "/user_attributes/{user_attribute_id}")
ALL_USER_ATTRIBUTE_GROUP_VALUES = _get(
    "all_user_attribute_group_values", "/user_attributes/{user_attribute_id}/group_values"
)
USER_ATTRIBUTE_USER_VALUES = _get("user_attribute_user_values", "/users/{user_id}/attribute_values")
ALL_THEMES = _get("all_themes", "/themes")
THEME = _get("theme", "/themes/{theme_id}")
ALL_COLOR_COLLECTIONS = _get("all_color_collections", "/color_collections")
COLOR_COLLECTION = _get("color_collection", "/color_collections/{collection_id}")
ALL_LOOKML_MODELS = _get("all_lookml_models", "/lookml_models")
LOOKML_MODEL = _get("lookml_model", "/lookml_models/{lookml_model_name}")
ALL_CONNECTIONS = _get("all_connections", "/connections")
CONNECTION = _get("connection", "/connections/{connection_name}")
ALL_PROJECTS = _get("all_projects", "/projects")
PROJECT = _get("project", "/projects/{project_id}")
ALL_DATAGROUPS = _get("all_datagroups", "/datagroups")
DATAGROUP = _get("datagroup", "/datagroups/{datagroup_id}")
ALL_INTEGRATIONS = _get("all_integrations", "/integrations")
INTEGRATION = _get("integration", "/integrations/{integration_id}")
ALL_INTEGRATION_HUBS = _get("all_integration_hubs", "/integration_hubs")
INTEGRATION_HUB = _get("integration_hub", "/integration_hubs/{integration_hub_id}")
ALL_CONTENT_METADATAS = _get("all_content_metadatas", "/content_metadata")
CONTENT_METADATA = _get("content_metadata", "/content_metadata/{content_metadata_id}")
ALL_CONTENT_METADATA_ACCESSES = _get("all_content_metadata_accesses", "/content_metadata_access")
MERGE_QUERY = _get("merge_query", "/merge_queries/{merge_query_id}")
QUERY = _get("query", "/queries/{query_id}")
GET_SETTING = _get("get_setting", "/setting")
SESSION_CONFIG = _get("session_config", "/session_config")
PASSWORD_CONFIG = _get("password_config", "/password_config")
SAML_CONFIG = _get("saml_config", "/saml_config")
OIDC_CONFIG = _get("oidc_config", "/oidc_config")
LDAP_CONFIG = _get("ldap_config", "/ldap_config")
WHITELABEL_CONFIGURATION = _get("whitelabel_configuration", "/whitelabel_configuration")
MOBILE_SETTINGS = _get("mobile_settings", "/mobile/settings")
DIGEST_EMAILS_ENABLED = _get("digest_emails_enabled", "/digest_emails_enabled")
ALL_LEGACY_FEATURES = _get("all_legacy_features", "/legacy_features")
CUSTOM_WELCOME_EMAIL = _get("custom_welcome_email", "/custom_welcome_email")
CLOUD_STORAGE_CONFIGURATION = _get("cloud_storage_configuration", "/cloud_storage")
INTERNAL_HELP_RESOURCES_CONTENT = _get(
    "internal_help_resources_content", "/internal_help_resources_content"
)
INTERNAL_HELP_RESOURCES = _get("internal_help_resources", "/internal_help_resources_enabled")
ME = _get("me", "/user")
USER_ROLES = _get("user_roles", "/users/{user_id}/roles")
VERSIONS = _get("versions", "/versions")
