"""What an administrator sets up once: themes, colours, models, connections, projects, actions."""

from __future__ import annotations

from lookervault.demo.draw import Draw
from lookervault.demo.ids import NamedIds, NumberedIds
from lookervault.demo.kind import NOW, OPENED, Kind, Row, can, moment, raw
from lookervault.demo.vocabulary import DEPARTMENTS
from lookervault.demo.world import World

_CAN = can(show=True, index=True, create=True, update=True, destroy=True)

# Themes and colours

_THEMES = ("Looker", "Demo Brand", "embed dark", "Presse & Öffentlichkeit")


def _theme(world: World, index: int) -> Row:
    return {
        "can": _CAN,
        "begin_at": None,
        "end_at": None if index < 3 else "2027-01-01T00:00:00.000+00:00",
        "id": world.id("themes", index),
        "name": _THEMES[index] if index < len(_THEMES) else f"theme_{index}",
    }


_COLOURS = (
    "background_color font_color info_button_color primary_button_color text_tile_text_color "
    "tile_background_color text_tile_background_color tile_text_color title_color warn_button_color"
).split()
_SWITCHES = (
    "show_filters_bar show_title tile_shadow show_last_updated_indicator show_reload_data_icon "
    "show_dashboard_menu show_filters_toggle show_dashboard_header center_dashboard_title "
    "show_explore_header show_explore_title show_explore_last_run show_explore_timezone "
    "show_explore_run_stop_button show_explore_actions_button show_look_header show_look_title "
    "show_look_last_run show_look_timezone show_look_run_stop_button show_look_actions_button"
).split()
_SIZES = (
    "base_font_size dashboard_title_font_size page_margin_top page_margin_bottom page_margin_sides "
    "tile_title_font_size column_gap_size row_gap_size border_radius"
).split()


def _theme_settings(world: World, index: int, columns: Row) -> Row:
    about = world.draw("themes", index)
    settings: Row = {name: about.colour() for name in _COLOURS}
    settings |= {name: about.chance(0.7) for name in _SWITCHES}
    settings |= {name: f"{about.between(8, 32)}px" for name in _SIZES}
    settings |= {
        "color_collection_id": "demo-brand",
        "font_family": "'Open Sans', Helvetica, Arial, sans-serif",
        "font_source": "https://fonts.demo.example/css?family=Open+Sans&display=swap",
        "tile_title_alignment": "left",
        "box_shadow": "0 1px 2px rgba(0,0,0,.12)",
    }
    return {"settings": settings}


def _colours(world: World, index: int) -> Row:
    about = world.draw("color_collections", index)
    name = world.id("color_collections", index)
    return {
        "id": name,
        "label": name.replace("-", " ").title(),
        "categoricalPalettes": [
            {
                "id": f"{name}-categorical-0",
                "label": "Categorical",
                "type": "Categorical",
                "colors": [about.colour() for _ in range(12)],
            }
        ],
        "sequentialPalettes": [_gradient(about, name, "Sequential", place) for place in range(3)],
        "divergingPalettes": [_gradient(about, name, "Diverging", place) for place in range(2)],
    }


def _gradient(about: Draw, name: str, kind: str, place: int) -> Row:
    stops = [{"color": about.colour(), "offset": offset} for offset in (0, 50, 100)]
    return {
        "id": f"{name}-{kind.lower()}-{place}",
        "label": f"{kind} {place + 1}",
        "type": kind,
        "stops": stops,
    }


# LookML: models, projects, datagroups, dashboards that live in Git

_MODELS = tuple(department.model for department in DEPARTMENTS)
_PROJECTS = (*(department.project for department in DEPARTMENTS), "marketplace_blocks")


def _model(world: World, index: int) -> Row:
    name = world.id("lookml_models", index)
    return {
        "can": _CAN,
        "allowed_db_connection_names": [_CONNECTIONS[index % 3]],
        "has_content": index < len(DEPARTMENTS),
        "label": name.replace("_", " ").title(),
        "name": name,
        "project_name": _PROJECTS[index % len(_PROJECTS)],
        "unlimited_db_connections": False,
    }


def _model_explores(world: World, index: int, columns: Row) -> Row:
    explores = DEPARTMENTS[index].explores if index < len(DEPARTMENTS) else ()
    return {
        "explores": [
            {
                "name": explore.name,
                "description": f"{explore.label} & everything joined to it",
                "label": explore.label,
                "hidden": False,
                "group_label": columns["label"],
            }
            for explore in explores
        ]
    }


def _project(world: World, index: int) -> Row:
    name = world.id("projects", index)
    return {
        "can": _CAN,
        "id": name,
        "name": name,
        "uses_git": True,
        "is_git_dev_locked": False,
        "git_remote_url": f"git@git.demo.example:analytics/{name}.git",
        "git_username": None,
        "git_password": None,
        "git_production_branch_name": "main",
        "use_git_cookie_auth": False,
        "git_username_user_attribute": None,
        "git_password_user_attribute": None,
        "git_service_name": "github",
        "git_application_server_http_port": None,
        "git_application_server_http_scheme": None,
        "deploy_secret": None,
        "unset_deploy_secret": False,
        "pull_request_mode": ("off", "links", "recommended", "required")[index % 4],
        "validation_required": index % 2 == 0,
        "git_release_mgmt_enabled": False,
        "allow_warnings": True,
        "is_example": False,
        "has_production_counterpart": True,
        "dependency_status": "lock_optional",
    }


def _datagroup(world: World, index: int) -> Row:
    about = world.draw("datagroups", index)
    triggered = about.between(NOW - 86_400, NOW)
    return {
        "can": _CAN,
        "created_at": about.between(OPENED, NOW),
        "id": world.id("datagroups", index),
        "model_name": _MODELS[index % len(DEPARTMENTS)],
        "name": about.pick(("nightly_etl", "hourly", "monthly_close")),
        "stale_before": triggered - 10,
        "trigger_check_at": triggered + 300,
        "trigger_error": None if index % 4 else "Table 'etl.log' not found <at line 3>",
        "trigger_value": str(about.between(1, 999_999_999_999_999_999)),
        "triggered_at": triggered,
    }


def _lookml_dashboard(world: World, index: int) -> Row:
    department = DEPARTMENTS[index % len(DEPARTMENTS)]
    name = department.topics[index % len(department.topics)].lower().replace(" ", "_")
    id_ = f"{department.model}::{name}"
    return {
        "can": can(show=True),
        "content_favorite_id": None,
        "content_metadata_id": None,
        "description": None,
        "hidden": False,
        "id": world.id("lookml_dashboards", index),
        "query_timezone": None,
        "readonly": True,
        "refresh_interval": None,
        "title": name.replace("_", " ").title(),
        "user_id": None,
        "slug": None,
        "preferred_viewer": "dashboards-next",
        "deleted": False,
        "folder_id": "lookml",
        "lookml_link_id": id_,
    }


_LOOKML_DASHBOARDS = tuple(
    f"{DEPARTMENTS[index % len(DEPARTMENTS)].model}::overview_{index}" for index in range(10)
)

# Connections

_CONNECTIONS = ("warehouse", "finance_pg", "events/bq", "looker")
_DIALECTS = ("snowflake", "postgres", "bigquery_standard_sql", "mysql")


def _connection(world: World, index: int) -> Row:
    about = world.draw("connections", index)
    name, dialect = world.id("connections", index), _DIALECTS[index % len(_DIALECTS)]
    return {
        "can": _CAN,
        "name": name,
        "pdts_enabled": True,
        "host": f"{about.hex(6)}.db.demo.example",
        "port": "443",
        "username": "looker_service",
        "password": None,
        "has_password": True,
        "uses_oauth": False,
        "uses_key_pair_auth": index == 0,
        "uses_instance_oauth": False,
        "uses_service_auth": False,
        "certificate": None,
        "file_type": None,
        "database": "ANALYTICS",
        "db_timezone": "UTC",
        "query_timezone": None,
        "schema": "PROD",
        "max_connections": about.between(5, 100),
        "max_queries": None,
        "max_queries_per_user": about.between(5, 20),
        "max_billing_gigabytes": None,
        "ssl": True,
        "verify_ssl": True,
        "tmp_db_name": "LOOKER_SCRATCH",
        "tmp_db_host": None,
        "jdbc_additional_params": "account=demo&warehouse=BI_WH&role=LOOKER",
        "pool_timeout": 120,
        "dialect_name": dialect,
        "supports_data_studio_link": True,
        "created_at": moment(about.between(OPENED, NOW)),
        "user_id": world.id("users", 0),
        "example": False,
        "user_db_credentials": False,
        "user_attribute_fields": ["username"] if index == 1 else [],
        "maintenance_cron": "*/5 * * * *",
        "last_regen_at": str(about.between(NOW - 3_600, NOW)),
        "last_reap_at": str(about.between(NOW - 3_600, NOW)),
        "sql_runner_precache_tables": True,
        "sql_writing_with_info_schema": False,
        "after_connect_statements": "ALTER SESSION SET QUERY_TAG = '{{ "
        '_user_attributes["email"] }}\'',
        "managed": False,
        "custom_local_port": None,
        "tunnel_id": None,
        "uses_tns": None,
        "pdt_concurrency": 3,
        "disable_context_comment": None,
        "oauth_application_id": None,
        "always_retry_failed_builds": None,
        "uses_application_default_credentials": None,
        "impersonated_service_account": None,
        "cost_estimate_enabled": True,
        "pdt_api_control_enabled": True,
        "connection_pooling": False,
        "default_bq_connection": False,
        "bq_storage_project_id": None,
        "bq_roles_verified": None,
        "query_holding_disabled": False,
    }


def _connection_more(world: World, index: int, columns: Row) -> Row:
    dialect = str(columns["dialect_name"])
    return {
        "dialect": {
            "name": dialect,
            "label": dialect.replace("_", " ").title(),
            "supports_cost_estimate": True,
            "cost_estimate_style": "EXPLAIN",
            "persistent_table_indexes": "",
            "persistent_table_sortkeys": "",
            "persistent_table_distkey": "",
            "supports_streaming": True,
            "automatically_run_sql_runner_snippets": True,
            "connection_tests": ["connect", "query", "tmp_table"],
            "supports_inducer": False,
            "supports_multiple_databases": False,
            "supports_persistent_derived_tables": True,
            "has_ssl_support": True,
        },
        "snippets": [
            {
                "name": "show_processes",
                "label": "Show Processes",
                "sql": "SHOW PROCESSLIST -- <all>",
            }
        ],
        "pdt_context_override": None,
        "future_flag": {"timeout": raw(b"1e2"), "share": raw(b"0.10")},
    }


# Integrations (the action hub's)

_INTEGRATIONS = (
    "1::slack",
    "1::google_sheets",
    "1::sftp",
    "1::airtable",
    "2::webhook",
    "2::jira/cloud",
    "2::teams",
)
_NO_LISTS: Row = {
    name: []
    for name in (
        "supported_formattings supported_visualization_formattings supported_download_settings "
        "required_fields installed_delegate_oauth_targets"
    ).split()
}


def _integration(world: World, index: int) -> Row:
    id_ = world.id("integrations", index)
    hub, _, name = id_.partition("::")
    return {
        "can": _CAN,
        "id": id_,
        "integration_hub_id": hub,
        "label": name.replace("_", " ").title(),
        "description": f"Send data to {name}.",
        "enabled": index % 2 == 0,
        "params": [
            _parameter(name, "token", sensitive=True),
            _parameter(name, "domain", sensitive=False),
        ],
        "supported_formats": ["csv", "json_detail"],
        "supported_action_types": ["query", "dashboard"],
        **_NO_LISTS,
        "icon_url": f"data:image/svg+xml;base64,{world.draw('icon', index).slug(60)}=",
        "uses_oauth": index % 3 == 0,
        "privacy_link": None,
        "delegate_oauth": False,
    }


def _parameter(name: str, about: str, *, sensitive: bool) -> Row:
    return {
        "name": about,
        "label": about.title(),
        "description": f"The {about} of {name}",
        "required": sensitive,
        "has_value": True,
        "value": None if sensitive else f"{name}.demo.example",
        "user_attribute_name": None,
        "sensitive": sensitive,
        "per_user": False,
        "delegate_oauth_url": None,
    }


def _hub(world: World, index: int) -> Row:
    return {
        "can": _CAN,
        "id": world.id("integration_hubs", index),
        "url": "https://actions.looker.example"
        if index == 0
        else f"https://actions{index}.demo.example",
        "label": "Looker Action Hub" if index == 0 else "Demo Actions",
        "official": index == 0,
        "fetch_error_message": None,
        "authorization_token": None,
        "has_authorization_token": index > 0,
        "legal_agreement_signed": True,
        "legal_agreement_required": index == 0,
        "legal_agreement_text": "By enabling … you agree to “the terms”.",
    }


KINDS = (
    Kind("themes", NumberedIds(), _theme, _theme_settings),
    Kind("color_collections", NamedIds(("demo-brand", "legacy", "boardwalk"), "colors-"), _colours),
    Kind("lookml_models", NamedIds(_MODELS, "model_"), _model, _model_explores),
    Kind("projects", NamedIds(_PROJECTS, "project_"), _project),
    Kind("datagroups", NumberedIds(), _datagroup),
    Kind("lookml_dashboards", NamedIds(_LOOKML_DASHBOARDS, "demo::overview_"), _lookml_dashboard),
    Kind("connections", NamedIds(_CONNECTIONS, "connection_"), _connection, _connection_more),
    Kind("integrations", NamedIds(_INTEGRATIONS, "1::action_"), _integration),
    Kind("integration_hubs", NumberedIds(), _hub),
)
