"""Instance settings: one object for each call that answers with a whole configuration."""

from __future__ import annotations

from collections.abc import Sequence

from lookervault.content import operations as op
from lookervault.content.model import ContentType, Entry, Reader, View
from lookervault.content.sources import Each

SINGLETONS = {
    "setting": op.GET_SETTING,
    "session_config": op.SESSION_CONFIG,
    "password_config": op.PASSWORD_CONFIG,
    "saml_config": op.SAML_CONFIG,
    "oidc_config": op.OIDC_CONFIG,
    "ldap_config": op.LDAP_CONFIG,
    "whitelabel_configuration": op.WHITELABEL_CONFIGURATION,
    "mobile_settings": op.MOBILE_SETTINGS,
    "digest_emails_enabled": op.DIGEST_EMAILS_ENABLED,
    "legacy_features": op.ALL_LEGACY_FEATURES,
    "custom_welcome_email": op.CUSTOM_WELCOME_EMAIL,
    "cloud_storage_configuration": op.CLOUD_STORAGE_CONFIGURATION,
    "internal_help_resources": op.INTERNAL_HELP_RESOURCES,
    "internal_help_resources_content": op.INTERNAL_HELP_RESOURCES_CONTENT,
}

_ROLE_NOISE = ("can", "permission_set", "model_set")
_SIGN_IN_NOISE = (
    *(f"default_new_user_roles[].{path}" for path in _ROLE_NOISE),
    *(f"groups[].roles[].{path}" for path in _ROLE_NOISE),
    "default_new_user_groups[].can",
    "default_new_user_groups[].user_count",
    "default_new_user_groups[].contains_current_user",
    "user_attributes[].user_attributes[].can",
)


def _ids(_: View) -> Sequence[Entry]:
    return [Entry(name) for name in SINGLETONS]


def _call(read: Reader, entry: Entry) -> bytes:
    return read.get(SINGLETONS[entry.id])


TYPE = ContentType(
    name="settings",
    schema="",
    holds="general, session, password, SAML, OIDC, LDAP, branding, mobile and other settings; "
    "the id is the setting's name",
    key=None,
    permission="Admin",
    cost=f"{len(SINGLETONS)}",
    source=Each(tuple(SINGLETONS.values()), _ids, _call),
    noise=("can", "[].can", *_SIGN_IN_NOISE),
    secrets=("secret", "auth_password", "test_ldap_password", "custom_s3_key", "custom_s3_secret"),
    title=lambda _: None,
    typical_size=1_000,
    every=7,
)
