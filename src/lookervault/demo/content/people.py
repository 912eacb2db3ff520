"""Users, groups, roles and the sets that roles are made of."""

from __future__ import annotations

from lookervault.demo.draw import Draw
from lookervault.demo.ids import NumberedIds
from lookervault.demo.kind import NOW, OPENED, Kind, Row, can, moment, raw
from lookervault.demo.vocabulary import BROWSERS, DEPARTMENTS, FIRST_NAMES, LAST_NAMES, REGIONS
from lookervault.demo.world import World

_USER_CAN = can(show=True, index=True, show_details=True, index_details=True, sudo=False)
_CREDENTIAL_CAN = can(show_password_reset_url=True)
_CAN = can(show=True, index=True, update=True)
_LOCALES = ("en", "en", "en", "ja_JP", "de_DE", "fr_FR", "es_ES", "pt_BR", "ko_KR", None)


def department_of_user(world: World, index: int) -> int:
    return world.scatter("user department", index) % len(DEPARTMENTS)


def is_embed_user(world: World, index: int) -> bool:
    return index % 33 == 17


def is_service_account(index: int) -> bool:
    return index == 0 or index % 101 == 50


def has_personal_folder(world: World, index: int) -> bool:
    return index < personal_folders(world)


def personal_folders(world: World) -> int:
    """The first users have one each: the others never logged in."""
    return world.population.personal_folders


# Users


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
    host = url.split("/api/")[0]
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


# Groups: everybody, one per department, then teams (every third one inside another team)


def parent_groups(world: World, index: int) -> list[int]:
    departments = min(len(DEPARTMENTS), world.count("groups") - 1)
    team = index - 1 - departments
    if team < 0:
        return []
    if team % 3 == 2 and team > 8:
        return [1 + departments + team // 3]
    return [1 + team % departments]


def groups_of_user(world: World, index: int) -> list[int]:
    """Those the user is in directly."""
    groups = [0]
    departments = min(len(DEPARTMENTS), world.count("groups") - 1)
    if departments > 0 and not is_embed_user(world, index):
        groups.append(1 + department_of_user(world, index) % departments)
    teams = world.count("groups") - 1 - departments
    if teams > 0 and index % 3:
        groups.append(1 + departments + world.scatter("user team", index) % teams)
    return groups


def _group_columns(world: World, index: int) -> Row:
    about = world.draw("groups", index)
    everybody = index == 0
    external = about.chance(0.25) and not everybody
    return {
        "can": can(show=True, create=True, index=True, update=True, delete=not everybody),
        "can_add_to_content_metadata": True,
        "contains_current_user": index in groups_of_user(world, 0),
        "external_group_id": f"okta|{about.hex(10)}" if external else None,
        "externally_managed": external,
        "id": world.id("groups", index),
        "include_by_default": everybody,
        "name": _group_name(about, index),
    }


def _group_name(about: Draw, index: int) -> str:
    if index == 0:
        return "All Users"
    department = DEPARTMENTS[(index - 1) % len(DEPARTMENTS)].name
    if index <= len(DEPARTMENTS):
        return department
    return (
        f"{department} – {about.pick(REGIONS)} {about.pick(('Team', 'Leads', 'Analysts'))} {index}"
    )


def _group_nested(world: World, index: int, columns: Row) -> Row:
    return {"user_count": _group_sizes(world)[index] if index < world.count("groups") else 0}


def _group_sizes(world: World) -> list[int]:
    return world.derive("group sizes", lambda: _count_members(world))


def _count_members(world: World) -> list[int]:
    sizes = [0] * world.count("groups")
    for user in range(world.count("users")):
        for group in groups_of_user(world, user):
            sizes[group] += 1
    return sizes


def _hierarchy(world: World, index: int, columns: Row) -> Row:
    """What the search with hierarchy has over the by-id answer."""
    return {
        "parent_group_ids": [world.id("groups", parent) for parent in parent_groups(world, index)],
        "role_ids": [world.id("roles", role) for role in roles_of_group(world, index)],
    }


# Roles: Admin, Developer, User, Viewer, then one analyst role per department

ADMIN, DEVELOPER, PLAIN_USER, VIEWER = range(4)
_ROLE_NAMES = ("Admin", "Developer", "User", "Viewer")


def roles_of_group(world: World, index: int) -> list[int]:
    if index == 0:
        return [VIEWER]
    department = index - 1
    return [4 + department] if department < len(DEPARTMENTS) else []


def groups_with_role(world: World, role: int) -> list[int]:
    """Directly, not by way of a group above."""
    return [group for group in world.live("groups") if role in roles_of_group(world, group)]


def users_with_role(world: World, role: int, *, directly: bool) -> list[int]:
    roles = direct_roles_of_user if directly else roles_of_user
    return [user for user in world.live("users") if role in roles(world, user)]


def direct_roles_of_user(world: World, index: int) -> list[int]:
    if index == 0:
        return [ADMIN]
    if is_embed_user(world, index):
        return [VIEWER]
    return {3: [DEVELOPER], 7: [PLAIN_USER, DEVELOPER], 11: [ADMIN]}.get(index % 29, [])


def roles_of_user(world: World, index: int) -> list[int]:
    """Directly held ones and those that come with a group or a group above it."""
    roles = set(direct_roles_of_user(world, index))
    groups = groups_of_user(world, index)
    while groups:
        group = groups.pop()
        roles.update(roles_of_group(world, group))
        groups += parent_groups(world, group)
    return sorted(role for role in roles if role < world.count("roles"))


def _role_columns(world: World, index: int) -> Row:
    department = DEPARTMENTS[(index - 4) % len(DEPARTMENTS)].name
    name = _ROLE_NAMES[index] if index < 4 else f"{department} Analyst"
    return {
        "can": _CAN,
        "id": world.id("roles", index),
        "name": name,
        "permission_set_id": world.id(
            "permission_sets", min(index, 4) % world.count("permission_sets")
        ),
        "model_set_id": world.id("model_sets", max(0, index - 3) % world.count("model_sets")),
        "internal": False,
    }


def _role_nested(world: World, index: int, columns: Row) -> Row:
    url = f"{world.host}/api/4.0/roles/{columns['id']}"
    sets = {
        field: _embedded_set(world, type_, columns[f"{field}_id"])
        for field, type_ in (("permission_set", "permission_sets"), ("model_set", "model_sets"))
    }
    return {**sets, "url": url, "users_url": f"{url}/users"}


def _embedded_set(world: World, type_: str, id_: object) -> Row:
    return world.render(type_, world.index(type_, id_), detail=True)


_VIEW = "access_data see_lookml_dashboards see_looks see_user_dashboards see_drill_overlay"
_USE = f"{_VIEW} explore create_table_calculations save_content download_with_limit schedule_look_emails"
_DEVELOP = f"{_USE} develop deploy see_lookml see_pdts use_sql_runner manage_models"
_SETS = (
    (
        "Admin",
        f"{_DEVELOP} administer manage_spaces see_users see_schedules see_alerts sudo login_special_email",
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
    Kind("users", NumberedIds(), _user_columns, _user_nested),
    Kind("groups", NumberedIds(), _group_columns, _group_nested, listed=_hierarchy),
    Kind("roles", NumberedIds(2), _role_columns, _role_nested),
    Kind("permission_sets", NumberedIds(), _permission_set_columns),
    Kind("model_sets", NumberedIds(), _model_set_columns),
)
