"""The instance's settings: one object per operation, named by it."""

from __future__ import annotations

from collections.abc import Callable

from lookervault.demo.ids import NamedIds
from lookervault.demo.kind import OPENED, Kind, Row, can, moment, raw
from lookervault.demo.world import World

_CAN = can(show=True, update=True)


def _setting(world: World) -> Row:
    return {
        "instance_config": {
            "feature_flags": {"new_explore": True, "merge_v2": False},
            "license_features": {"embed": True, "alerts": True},
        },
        "extension_framework_enabled": True,
        "extension_load_url_enabled": False,
        "marketplace_auto_install_enabled": False,
        "marketplace_automation": {
            "install_enabled": False,
            "update_looker_enabled": True,
            "update_third_party_enabled": False,
        },
        "marketplace_enabled": True,
        "marketplace_site": "https://marketplace.looker.example",
        "marketplace_terms_accepted": True,
        "privatelabel_configuration": _branding(),
        "custom_welcome_email": _welcome_email(world),
        "onboarding_enabled": True,
        "timezone": "Europe/Berlin",
        "allow_user_timezones": True,
        "data_connector_default_enabled": True,
        "host_url": world.host,
        "override_warnings": False,
        "email_domain_allowlist": ["demo.example", "partner.example"],
        "embed_cookieless_v2": True,
        "embed_enabled": True,
        "embed_config": {
            "domain_allowlist": ["https://app.demo.example"],
            "alert_url_allowlist": [],
            "alert_url_param_owner": None,
            "alert_url_label": None,
            "sso_auth_enabled": True,
            "embed_cookieless_v2": True,
            "embed_content_navigation": False,
            "embed_content_management": False,
            "strict_sameorigin_for_login": True,
            "look_filters": True,
            "hide_look_navigation": False,
            "embed_enabled": True,
        },
        "login_notification_enabled": True,
        "login_notification_text": "Data here is <b>confidential</b>. 取扱注意",
        "dashboard_auto_refresh_restriction": True,
        "dashboard_auto_refresh_minimum_interval": "5 minutes",
        "managed_certificate_uri": [],
        "future_flag": {"ratio": raw(b"1.10"), "limit": raw(b"1e3"), "big": 2**60 + 1},
    }


def _branding() -> Row:
    return {
        "logo_file": None,
        "logo_url": "https://cdn.demo.example/logo.png?v=2&w=300",
        "favicon_file": None,
        "favicon_url": None,
        "default_title": "Demo Analytics",
        "show_help_menu": True,
        "show_docs": True,
        "show_email_sub_options": True,
        "allow_looker_mentions": False,
        "allow_looker_links": False,
        "custom_welcome_email_advanced": True,
        "setup_mentions": False,
        "alerts_logo": False,
        "alerts_links": False,
        "folders_mentions": False,
    }


def _welcome_email(world: World) -> Row:
    return {
        "enabled": True,
        "content": "Hello {{first_name}},\n\nwelcome to <i>Demo Analytics</i>! ✨",
        "subject": "Your account at Demo Analytics",
        "header": "Willkommen / Welcome / ようこそ",
    }


def _session_config(world: World) -> Row:
    return {
        "can": _CAN,
        "allow_persistent_sessions": True,
        "session_minutes": 43_200,
        "unlimited_sessions_per_user": False,
        "use_inactivity_based_logout": True,
        "track_session_location": True,
    }


def _password_config(world: World) -> Row:
    return {
        "can": _CAN,
        "min_length": 12,
        "require_numeric": True,
        "require_upperlower": True,
        "require_special": False,
        "expiration_enabled": True,
        "expiration_duration_days": 365,
        "policy_enabled_at": moment(OPENED),
    }


def _federation(world: World, kind: str) -> Row:
    """What SAML, OpenID Connect and LDAP have in common."""
    return {
        "can": _CAN,
        "enabled": kind == "saml",
        "alternate_email_login_allowed": True,
        "auth_requires_role": False,
        "default_new_user_group_ids": [world.id("groups", 0)],
        "default_new_user_groups": [],
        "default_new_user_role_ids": [world.id("roles", 3)],
        "default_new_user_roles": [],
        "groups": [],
        "groups_with_role_ids": [
            {
                "id": "1",
                "looker_group_id": world.id("groups", 1),
                "looker_group_name": world.columns("groups", 1)["name"]
                if world.count("groups") > 1
                else None,
                "name": "cn=analysts,ou=Gruppen & Teams",
                "role_ids": [world.id("roles", 2)],
            }
        ],
        "modified_by": world.columns("users", 0)["display_name"],
        "set_roles_from_groups": True,
        "user_attribute_map_email": "email",
        "user_attribute_map_first_name": "firstName",
        "user_attribute_map_last_name": "lastName",
        "user_attributes": [],
        "user_attributes_with_ids": [
            {"name": "region", "required": False, "user_attribute_ids": ["6"]}
        ],
        "allow_normal_group_membership": True,
        "allow_roles_from_normal_groups": True,
        "allow_direct_roles": True,
        "url": f"{world.host}/api/4.0/{kind}_config",
    }


def _certificate(world: World) -> str:
    kind = "CERTIFICATE-----"
    return f"-----BEGIN {kind}\n{world.draw('idp').slug(400)}\n-----END {kind}"


def _saml_config(world: World) -> Row:
    return _federation(world, "saml") | {
        "idp_cert": _certificate(world),
        "idp_url": "https://idp.demo.example/sso/saml?app=looker&v=2",
        "idp_issuer": "https://idp.demo.example/entity",
        "idp_audience": "looker",
        "allowed_clock_drift": 5,
        "new_user_migration_types": "email",
        "test_slug": None,
        "modified_at": moment(OPENED),
        "groups_attribute": "groups",
        "groups_finder_type": "grouped_attribute_values",
        "groups_member_value": None,
        "bypass_login_page": False,
    }


def _oidc_config(world: World) -> Row:
    return _federation(world, "oidc") | {
        "audience": None,
        "authorization_endpoint": "https://idp.demo.example/authorize",
        "groups_attribute": "groups",
        "identifier": "looker-demo",
        "issuer": "https://idp.demo.example",
        "modified_at": moment(OPENED),
        "new_user_migration_types": None,
        "scopes": ["openid", "email", "profile"],
        "secret": None,
        "test_slug": None,
        "token_endpoint": "https://idp.demo.example/token",
        "userinfo_endpoint": "https://idp.demo.example/userinfo",
    }


def _ldap_config(world: World) -> Row:
    return _federation(world, "ldap") | {
        "auth_password": None,
        "auth_username": "cn=looker,dc=demo,dc=example",
        "connection_host": "ldap.demo.example",
        "connection_port": "636",
        "connection_tls": True,
        "connection_tls_no_verify": False,
        "force_no_page": False,
        "groups_base_dn": "ou=groups,dc=demo,dc=example",
        "groups_finder_type": "grouped_by_attribute",
        "groups_member_attribute": "member",
        "groups_objectclasses": "group,groupOfNames",
        "groups_user_attribute": "dn",
        "has_auth_password": True,
        "merge_new_users_by_email": True,
        "modified_at": moment(OPENED),
        "test_ldap_password": None,
        "test_ldap_user": None,
        "user_attribute_map_ldap_id": "uid",
        "user_bind_base_dn": "ou=people,dc=demo,dc=example",
        "user_custom_filter": "(!(disabled=TRUE))",
        "user_id_attribute_names": "uid,sAMAccountName",
        "user_objectclass": "person",
    }


def _whitelabel(world: World) -> Row:
    return {"id": "1"} | _branding()


def _mobile(world: World) -> Row:
    return {
        "mobile_force_authentication": True,
        "mobile_app_integration": True,
        "mobile_feature_flags": [
            {"feature_flag_name": "mobile_dashboards", "feature_flag_state": True}
        ],
    }


def _cloud_storage(world: World) -> Row:
    return {
        "can": _CAN,
        "type": "s3",
        "custom_s3_bucket": "demo-looker-backup",
        "custom_s3_bucket_region": "eu-central-1",
        "custom_s3_key": f"AKIA{world.draw('s3').hex(16).upper()}",
        "custom_s3_secret": None,
        "url": f"{world.host}/api/4.0/cloud_storage",
    }


def _help_content(world: World) -> Row:
    return {
        "can": _CAN,
        "organization_name": "Demo & Söhne",
        "markdown_content": "# Help\n\n* Ask in `#analytics`\n* [Wiki](https://wiki.demo.example)\n",
    }


_SETTINGS: dict[str, Callable[[World], Row]] = {
    "get_setting": _setting,
    "session_config": _session_config,
    "password_config": _password_config,
    "saml_config": _saml_config,
    "oidc_config": _oidc_config,
    "ldap_config": _ldap_config,
    "whitelabel_configuration": _whitelabel,
    "mobile_settings": _mobile,
    "digest_emails_enabled": lambda world: {"is_enabled": True},
    "custom_welcome_email": _welcome_email,
    "cloud_storage_configuration": _cloud_storage,
    "internal_help_resources_content": _help_content,
    "internal_help_resources": lambda world: {"can": _CAN, "enabled": True},
}
NAMES = tuple(_SETTINGS)

_FEATURES = (
    "legacy_dashboards",
    "convert_tz_in_filters",
    "unsafe_html_in_liquid",
    "old_schedule_emails",
)


def _columns(world: World, index: int) -> Row:
    return _SETTINGS[NAMES[index]](world)


def _legacy_feature(world: World, index: int) -> Row:
    name = _FEATURES[index % len(_FEATURES)]
    return {
        "can": _CAN,
        "id": world.id("legacy_features", index),
        "name": name.replace("_", " ").title(),
        "description": f"Keeps “{name}” as it was before.",
        "enabled_locally": index == 1,
        "enabled": index < 2,
        "disallowed_as_of_version": None,
        "disable_on_upgrade_to_version": "27.0",
        "end_of_life_version": "27.4",
        "documentation_url": "https://docs.demo.example/legacy?f=1&g=2",
        "approximate_disable_date": moment(OPENED + 270_000_000),
        "approximate_end_of_life_date": None,
        "has_disabled_on_upgrade": False,
    }


KINDS = (
    Kind("settings", NamedIds(NAMES, "settings_"), _columns),
    Kind("legacy_features", NamedIds(_FEATURES, "feature_"), _legacy_feature),
)
