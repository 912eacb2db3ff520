"""Users with their credentials."""

from __future__ import annotations

from lookervault.demo.content.memberships import (
    groups_of_user,
    has_personal_folder,
    is_embed_user,
    is_service_account,
    roles_of_user,
)
from lookervault.demo.draw import Draw
from lookervault.demo.ids import NumberedIds
from lookervault.demo.kind import NOW, OPENED, Kind, Row, can, moment, raw
from lookervault.demo.phrases import BROWSERS, FIRST_NAMES, LAST_NAMES
from lookervault.demo.vocabulary import DEPARTMENTS
from lookervault.demo.world import World

_USER_CAN = can(show=True, index=True, show_details=True, index_details=True, sudo=False)
_CREDENTIAL_CAN = can(show_password_reset_url=True)
_LOCALES = ("en", "en", "en", "ja_JP", "de_DE", "fr_FR", "es_ES", "pt_BR", "ko_KR", None)


def _user_columns(world: World, index: int) -> Row:
    about = world.draw("users", index)
    first, last = about.pick(FIRST_NAMES), about.pick(LAST_NAMES)
    embed, service = is_embed_user(world, index), is_service_account(index)
    if index == 0:
        first, last = "LookerVault", "API"
    has_email = not (embed or service)
    return {
        "can": _USER_CAN,
        "id": world.id("users", index),
        "display_name": f"{first} {last}",
        "email": _email(first, last, index) if has_email else None,
        "first_name": first,
        "last_name": last,
        "is_disabled": index > 0 and about.chance(0.06),
        "locale": about.pick(_LOCALES),
        "group_ids": [world.id("groups", group) for group in groups_of_user(world, index)],
        "role_ids": [world.id("roles", role) for role in roles_of_user(world, index)],
        "home_folder_id": _home_folder(world, index),
        "personal_folder_id": _personal_folder(world, index),
        "verified_looker_employee": False,
        "is_service_account": service,
        "service_account_name": f"svc-{last.lower()}-{index}" if service else None,
        "can_manage_api3_creds": index % 40 == 0,
    }


def _email(first: str, last: str, index: int) -> str:
    name = f"{first}.{last}".lower().replace("'", "").replace(" ", "-")
    return f"{name}{index if index > 40 else ''}@demo.example"


def _home_folder(world: World, index: int) -> str:
    return "1" if index % 7 else _personal_folder(world, index) or "1"


def _personal_folder(world: World, index: int) -> str | None:
    if not has_personal_folder(world, index):
        return None
    return world.id("folders", 5 + index)


def _user_nested(world: World, index: int, columns: Row) -> Row:
    about = world.draw("users", index, "more")
    url = f"{world.host}/api/4.0/users/{columns['id']}"
    created = about.between(OPENED, NOW - 86_400)
    seen = moment(about.between(created, NOW))
    credentials = _credentials(about, columns, url, moment(created), seen)
    return credentials | {
        "avatar_url": f"https://gravatar.lookercdn.com/avatar/{about.hex(32)}?s=156&d=blank",
        "avatar_url_without_sizing": f"https://gravatar.lookercdn.com/avatar/{about.hex(32)}?d=blank",
        "looker_versions": [f"26.{minor}.{about.between(0, 40)}" for minor in (8, 10, 12)],
        "models_dir_validated": about.pick((True, None)),
        "presumed_looker_employee": False,
        "sessions": [_session(about, url) for _ in range(about.between(0, 2))],
        "ui_state": _ui_state(about),
        "roles_externally_managed": False,
        "allow_direct_roles": True,
        "allow_normal_group_membership": True,
        "allow_roles_from_normal_groups": True,
        "embed_group_folder_id": None,
        "embed_group_space_id": None,
        "is_iam_admin": False,
        "workspace_rank": raw(b"9007199254740993"),
        "engagement": {"score": raw(b"1.10"), "weight": raw(b"1e3"), "badge": None},
        "url": url,
    }


def _credentials(about: Draw, columns: Row, url: str, created: str, seen: str) -> Row:
    own = {"created_at": created, "is_disabled": False, "logged_in_at": seen}
    embed = columns["email"] is None and not columns["is_service_account"]
    saml = about.chance(0.5) and not embed
    return {
        "credentials_email": _credentials_email(about, columns, url, own),
        "credentials_api3": _credentials_api3(about, columns, url, created),
        "credentials_embed": [_credentials_embed(about, url, own)] if embed else [],
        "credentials_google": None,
        "credentials_ldap": None,
        "credentials_looker_openid": None,
        "credentials_oidc": None,
        "credentials_saml": {
            **own,
            "email": columns["email"],
            "saml_user_id": about.hex(20),
            "type": "saml",
            "url": f"{url}/credentials_saml",
        }
        if saml
        else None,
        "credentials_totp": None,
    }


def _credentials_email(about: Draw, columns: Row, url: str, own: Row) -> Row | None:
    if columns["email"] is None:
        return None
    host = url.split("/api/", maxsplit=1)[0]
    invited = about.chance(0.1)
    return {
        "can": _CREDENTIAL_CAN,
        **own,
        "email": columns["email"],
        "forced_password_reset_at_next_login": False,
        "user_id": columns["id"],
        "password_reset_url": f"{host}/password/reset/{about.slug(40)}"
        if about.chance(0.2)
        else None,
        "account_setup_url": f"{host}/account/setup/{about.slug(40)}" if invited else None,
        "password_reset_url_expired": False,
        "account_setup_url_expired": invited and about.chance(0.5),
        "type": "email",
        "url": f"{url}/credentials_email",
        "user_url": url,
    }


def _credentials_api3(about: Draw, columns: Row, url: str, created: str) -> list[Row]:
    count = 1 if columns["is_service_account"] else int(about.chance(0.08))
    return [
        {
            "id": about.hex(6),
            "client_id": about.slug(20),
            "created_at": created,
            "is_disabled": False,
            "type": "api3",
            "purpose": "api",
            "url": f"{url}/credentials_api3/{place}",
        }
        for place in range(count)
    ]


def _credentials_embed(about: Draw, url: str, own: Row) -> Row:
    return {
        **own,
        "external_group_id": f"tenant-{about.between(1, 40)}",
        "external_user_id": about.hex(12),
        "id": about.hex(6),
        "type": "embed",
        "url": f"{url}/credentials_embed/1",
    }


def _session(about: Draw, url: str) -> Row:
    start = about.between(NOW - 2_592_000, NOW)
    id_ = str(about.between(10_000, 99_999_999))
    return {
        "id": id_,
        "ip_address": f"203.0.113.{about.between(1, 254)}",
        "browser": about.pick(BROWSERS),
        "operating_system": about.pick(("Mac OS X", "Windows", "Linux")),
        "city": about.pick(("Berlin", "São Paulo", "Osaka", "Nairobi", "Montréal")),
        "state": None,
        "country": about.pick(("DE", "BR", "JP", "KE", "CA")),
        "credentials_type": "email",
        "extended_at": None,
        "extended_count": about.between(0, 9),
        "sudo_user_id": None,
        "created_at": moment(start),
        "expires_at": moment(start + 172_800),
        "url": f"{url}/sessions/{id_}",
    }


def _ui_state(about: Draw) -> Row | None:
    if about.chance(0.4):
        return None
    return {
        "homepageGroupIdList": f"-{about.between(1, 9)},-{about.between(10, 20)}",
        "lastProjectId": about.pick(DEPARTMENTS).project,
        "browseToken": about.slug(24),
    }


KINDS = (Kind("users", NumberedIds(), _user_columns, _user_nested),)
