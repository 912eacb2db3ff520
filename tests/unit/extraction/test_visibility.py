"""What the API user sees, from answers of every shape."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lookervault.content import operations as op
from lookervault.content.operations import Operation
from lookervault.extraction.permissions import doubts_about
from lookervault.extraction.request import Request
from lookervault.extraction.visibility import Caller, caller
from lookervault.storage.repository import Repository
from tests.unit.extraction.library import ALL_ACCESS, Library, extract

ADMIN = {"id": "2", "name": "Admin"} | ALL_ACCESS
VIEWER = {
    "name": "Viewer",
    "permission_set": {"permissions": ["see", "access"], "all_access": False},
    "model_set": {"models": ["sales"], "all_access": None},
}


class Answers(Library):
    """A Looker of one theme that says just this of the user's roles."""

    def __init__(self, roles: bytes) -> None:
        super().__init__({"themes": 1})
        self._roles = roles

    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes:
        return (
            self._roles
            if operation == op.USER_ROLES
            else super().get(operation, *path_args, params=params)
        )


def who(roles: Any) -> Caller:
    return caller(Answers(roles if isinstance(roles, bytes) else json.dumps(roles).encode()))


def test_a_role_is_told_by_its_sets() -> None:
    seen = who([VIEWER])
    assert seen.roles is not None
    assert [(r.name, r.permissions, r.models) for r in seen.roles] == [
        ("Viewer", ["access", "see"], ["sales"])
    ]
    assert (seen.sees_all, seen.unclear) == (False, "")
    assert who([VIEWER, ADMIN]).sees_all


@pytest.mark.parametrize("name", [None, ""])
def test_a_role_without_a_name_is_one_all_the_same(name: str | None) -> None:
    seen = who([ADMIN | {"name": name}])
    assert seen.sees_all
    assert [role.name for role in seen.roles or ()] == ["no. 1, without a name"]


ODD: dict[str, Any] = {
    "no permission set": {k: v for k, v in VIEWER.items() if k != "permission_set"},
    "no model set": {k: v for k, v in VIEWER.items() if k != "model_set"},
    "null for a set": VIEWER | {"model_set": None},
    "an array for a set": VIEWER | {"permission_set": ["see"]},
    "an object for a list": VIEWER | {"permission_set": {"permissions": {"see": True}}},
    "a name that is null": VIEWER | {"model_set": {"models": ["sales", None]}},
    "words for truth": VIEWER | {"permission_set": {"all_access": "true"}},
    "a number for the role's name": VIEWER | {"name": 7},
    "an array for a role": [VIEWER],
    "null for a role": None,
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_a_role_of_another_shape_grants_nobody_knows_what(odd: Any) -> None:
    seen = who([VIEWER, odd])
    assert (seen.roles, seen.sees_all) == (None, False)
    assert "cannot be told from Looker's answer, role 2 of 2: user_roles" in seen.unclear


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_beside_a_role_with_all_access_it_does_no_harm(odd: Any) -> None:
    seen = who([odd, ADMIN])
    assert (seen.sees_all, seen.unclear) == (True, "")
    assert [role.name for role in seen.roles or ()] == ["Admin"]


NO_ROLES = {
    "an object": b'{"roles":[]}',
    "null": b"null",
    "text": b'"Admin"',
    "no JSON": b'[{"name":"Adm',
    "no UTF-8": b'["\xff"]',
    "too deep": b"[" * 100_000 + b"]" * 100_000,
}


@pytest.mark.parametrize("body", NO_ROLES.values(), ids=NO_ROLES)
def test_what_is_no_list_of_roles_makes_a_run_partial_and_is_said(
    body: bytes, tmp_path: Path
) -> None:
    with Repository.open(tmp_path / "vault.db", write=True) as vault:
        result = extract(Answers(body), vault, "themes")
        row = vault.run(result.run)
    assert result.end.status == "partial"
    word, said = result.end.reasons
    assert word == "visibility"
    assert said.startswith("What the API user may do cannot be told from Looker's answer")
    assert row is not None
    assert row.roles is None


def test_who_accepts_what_the_user_sees_is_not_told() -> None:

    request = Request(types=[], base_url="", program_version="0", accept_visibility=True)
    assert doubts_about(request, who([None])) == []
