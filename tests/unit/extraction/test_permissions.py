"""What is gone from one set of roles to another."""

from __future__ import annotations

import pytest

from lookervault.extraction.permissions import lost
from lookervault.storage.runs import Role


def role(permissions: str, models: str, name: str = "Reader") -> Role:
    """`*` is all there is."""
    return Role(
        name=name,
        permissions=[p for p in permissions.split() if p != "*"],
        models=[m for m in models.split() if m != "*"],
        all_permissions="*" in permissions,
        all_models="*" in models,
    )


ADMIN = role("* see explore", "* a b", "Admin")

SAME = {
    "the same": ([ADMIN], [ADMIN]),
    "nothing, still": ([], []),
    "of old roles nothing is known": (None, [role("see", "a")]),
    "no roles to be seen, still": (None, None),
    "more": ([role("see", "a")], [role("see explore", "a b")]),
    "all of it": ([role("see explore", "a b")], [ADMIN]),
    "one role for two": ([role("see", "a"), role("see", "b")], [role("see", "a b")]),
    "two roles for one": ([role("see", "a b")], [role("see", "a"), role("see", "b")]),
    "what needs no model, in another role": ([role("see", "")], [role("see", "a")]),
    "one of two admins": ([ADMIN, role("*", "*", "Owner")], [ADMIN]),
    "fewer permissions than Looker had": ([ADMIN], [role("* see", "* a", "Admin")]),
}


@pytest.mark.parametrize(("then", "now"), SAME.values(), ids=SAME)
def test_nothing_is_lost_where_each_permission_still_holds(
    then: list[Role] | None, now: list[Role] | None
) -> None:
    assert lost(then, now) == ""


FEWER = {
    "a permission": ([role("see explore", "a")], [role("see", "a")], "permissions explore"),
    "several": ([role("see explore use", "a")], [role("see", "a")], "permissions explore, use"),
    "a model": ([role("see", "a b")], [role("see", "a")], "models b"),
    "both": (
        [role("see explore", "a b")],
        [role("see", "a")],
        "permissions explore; models b",
    ),
    "a role": ([role("see", "a"), role("use", "b")], [role("see", "a")], "permissions use"),
    "a permission on one model": (
        [role("see explore", "a b")],
        [role("see", "a b"), role("explore", "a")],
        "explore on b",
    ),
    "what needs no model": ([role("see_users", "")], [role("see", "a")], "permissions see_users"),
    "all models": ([role("see", "*")], [role("see", "a")], "all models"),
    "all permissions": ([role("* see use", "a")], [role("see use", "a")], "all permissions on a"),
    "all access": ([ADMIN], [role("see", "*")], "all access (role Admin); permissions explore"),
    "all access by halves": (
        [ADMIN],
        [role("*", "a"), role("see explore", "*")],
        "all access (role Admin)",
    ),
    "everything": ([ADMIN], [], "all access (role Admin); permissions explore, see"),
    "the sight of them": ([role("see", "a")], None, "its own roles, and what they permit"),
}


@pytest.mark.parametrize(("then", "now", "told"), FEWER.values(), ids=FEWER)
def test_what_is_gone_is_named(then: list[Role] | None, now: list[Role] | None, told: str) -> None:
    assert lost(then, now) == told


def test_a_long_list_is_cut() -> None:
    many = [role(" ".join(f"p{i:03}" for i in range(100)), "a")]
    told = lost(many, [])
    assert told.startswith("permissions p000, p001, ")
    assert told.endswith(", p039 and 60 more")
