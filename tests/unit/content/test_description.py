"""The content types against the API's description."""

from __future__ import annotations

import pytest

from lookervault.content import operations as op
from lookervault.content.model import ContentType
from lookervault.content.not_backed_up import GROUPS, REASONS
from lookervault.content.operations import ALLOWED
from lookervault.content.registry import TYPES
from lookervault.content.types.settings import SINGLETONS
from tests.unit.content.described import (
    Schema,
    answer_of,
    follow,
    gets,
    members,
    schema_of,
    steps,
)

SESSION = {op.ME.id, op.USER_ROLES.id, op.VERSIONS.id}
USED = {each.id for one in TYPES.values() for each in one.source.operations} | SESSION

VOLATILE = {
    "alert_count",
    "avatar_url",
    "avatar_url_without_sizing",
    "can",
    "child_count",
    "content_favorite_id",
    "expanded_share_url",
    "favorite_count",
    "is_owner_disabled",
    "last_accessed_at",
    "last_run_at",
    "last_updater_name",
    "last_viewed_at",
    "logged_in_at",
    "next_run_at",
    "owner_display_name",
    "sessions",
    "share_url",
    "stale_before",
    "time_series_condition_state",
    "trigger_check_at",
    "trigger_value",
    "triggered_at",
    "usage_count",
    "user_count",
    "user_name",
    "view_count",
}
"""What moves without an edit, or repeats another item, wherever it is."""

DERIVED = {
    "dashboards": ("folder", "dashboard_elements[].look"),
    "looks": ("folder",),
    "scheduled_plans": ("user",),
    "roles": ("permission_set", "model_set"),
}
"""Objects inside that are backed up as themselves."""

FIELDS_ASKED_FOR = {
    "role_members": {"id"},
    "content_metadata": {
        "id",
        "parent_id",
        "folder_id",
        "content_type",
        "inherits",
        "inheriting_id",
    },
}
"""Types whose calls name the fields: nothing else ever comes."""


def schemas(one: ContentType) -> list[Schema]:
    if one.name == "settings":
        return [answer_of(each.id) for each in SINGLETONS.values()]
    return [schema_of(one.schema)]


# Every GET.


def test_every_get_of_the_api_is_used_or_listed_with_the_reason_why_not() -> None:
    assert len(gets()) == 230
    assert USED | set(REASONS) == set(gets())


def test_no_get_is_both_used_and_listed_as_not_used() -> None:
    assert not USED & set(REASONS)
    assert sum(map(len, GROUPS.values())) == len(REASONS), "each is in one group"


def test_a_reason_is_a_sentence() -> None:
    assert all(reason.endswith(".") and len(reason) > 30 for reason in GROUPS)


def test_the_allow_list_is_what_is_used_and_says_the_paths_of_the_description() -> None:
    assert set(ALLOWED) == USED
    assert {name: each.path for name, each in ALLOWED.items()} == {
        name: gets()[name][0] for name in ALLOWED
    }


@pytest.mark.parametrize("word", ["run", "test", "validation", "render", "pdt", "thumbnail"])
def test_nothing_that_runs_builds_tests_or_renders_is_allowed(word: str) -> None:
    assert not [name for name in ALLOWED if word in name.split("_")]


def test_a_path_quotes_what_it_is_filled_with() -> None:
    assert op.CONNECTION.fill("a/b?c d#é") == "/connections/a%2Fb%3Fc%20d%23%C3%A9"


# Noise and secrets.


def covered(path: tuple[str, ...], one: ContentType) -> bool:
    return any(path[: len(noise)] == noise for noise in map(steps, one.noise))


@pytest.mark.parametrize("one", TYPES.values(), ids=TYPES)
def test_every_path_of_noise_is_one_that_the_description_knows(one: ContentType) -> None:
    for noise in one.noise:
        assert any(follow(schema, steps(noise)) is not None for schema in schemas(one)), noise


@pytest.mark.parametrize("one", TYPES.values(), ids=TYPES)
def test_every_field_that_moves_by_itself_is_noise(one: ContentType) -> None:
    found = {path for schema in schemas(one) for path in members(schema) if path[-1] in VOLATILE}
    if (asked_for := FIELDS_ASKED_FOR.get(one.name)) is not None:
        found = {path for path in found if path[1] in asked_for}
    assert not [".".join(path) for path in found if not covered(path, one)]


@pytest.mark.parametrize("name", DERIVED)
def test_what_is_backed_up_as_itself_is_noise_inside_others_and_its_id_is_not(name: str) -> None:
    for path in DERIVED[name]:
        assert covered(steps(path), TYPES[name])
        if follow(schema_of(TYPES[name].schema), steps(f"{path}_id")) is not None:
            assert not covered(steps(f"{path}_id"), TYPES[name])


@pytest.mark.parametrize("one", TYPES.values(), ids=TYPES)
def test_what_a_person_edits_is_not_noise(one: ContentType) -> None:
    edited = {"title", "name", "label", "description", "value", "permission_type", "models"}
    if one.name == "scheduled_plans":
        edited.remove("title")  # the dashboard's: the plan's own is its name
    heads = {path[0] for path in map(steps, one.noise) if len(path) == 1}
    assert not heads & edited


SECRET_WORDS = ("secret", "password", "token", "certificate", "reset_url", "setup_url", "_key")
HARMLESS = {
    "account_setup_url_expired": "a flag",
    "forced_password_reset_at_next_login": "a flag",
    "git_password_user_attribute": "the name of an attribute",
    "has_auth_password": "a flag",
    "has_authorization_token": "a flag",
    "has_password": "a flag",
    "managed_certificate_uri": "where a certificate is, which is public",
    "password_reset_url_expired": "a flag",
    "pdt_certificate": "write-only: never in an answer",
    "pdt_password": "write-only: never in an answer",
    "privatelabel_configuration": "a logo and its text",
    "token_endpoint": "an address",
    "uses_key_pair_auth": "a flag",
    "unset_deploy_secret": "write-only: never in an answer",
}


@pytest.mark.parametrize("one", TYPES.values(), ids=TYPES)
def test_every_field_whose_name_sounds_like_a_secret_is_cut_out_or_known_to_be_none(
    one: ContentType,
) -> None:
    found = {
        path[-1]
        for schema in schemas(one)
        for path in members(schema)
        if any(word in path[-1] for word in SECRET_WORDS)
    }
    if one.name in FIELDS_ASKED_FOR:
        found &= FIELDS_ASKED_FOR[one.name]
    assert found <= {*one.secrets, *HARMLESS}
