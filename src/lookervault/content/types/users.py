"""Users with their credentials' descriptions, groups and roles; embed users are a type apart."""

from __future__ import annotations

from lookervault.content import operations as op
from lookervault.content.model import ContentType
from lookervault.content.sources import Paged

USER_NOISE = (
    "can",
    "avatar_url",
    "avatar_url_without_sizing",
    "looker_versions",
    "models_dir_validated",
    "sessions",
    "ui_state",
    "credentials_google.can",
    "credentials_google.logged_in_at",
    "credentials_ldap.can",
    "credentials_ldap.logged_in_at",
    "credentials_looker_openid.can",
    "credentials_looker_openid.logged_in_at",
    "credentials_oidc.can",
    "credentials_oidc.logged_in_at",
    "credentials_saml.can",
    "credentials_saml.logged_in_at",
    "credentials_totp.can",
    "credentials_workforce.can",
    "credentials_workforce.logged_in_at",
    "credentials_email.can",
    "credentials_email.logged_in_at",
    "credentials_email.password_reset_url",
    "credentials_email.account_setup_url",
    "credentials_email.password_reset_url_expired",
    "credentials_email.account_setup_url_expired",
    "credentials_api3[].can",
    "credentials_embed[].can",
    "credentials_embed[].logged_in_at",
)

USER_SECRETS = ("password_reset_url", "account_setup_url", "ui_state", "client_secret")
"""Whoever holds one of the first two takes the account over; `ui_state` may hold tokens."""

TYPE = ContentType(
    name="users",
    schema="User",
    holds="users with e-mail, sign-in methods, groups and roles; without embed users",
    permission="see_users (Admin sees all details)",
    cost="N/P + N/5000 + 3",
    source=Paged(op.SEARCH_USERS, op.USER, parts={"": {"embed_user": "false"}}),
    noise=USER_NOISE,
    secrets=USER_SECRETS,
    typical_size=1_500,
)
