"""Who holds a role directly: two arrays of ids a role, its groups and its users."""

from __future__ import annotations

from collections.abc import Sequence

from lookervault.content import operations as op
from lookervault.content.model import ContentType, Entry, Reader, View
from lookervault.content.sources import Each


def _ids(view: View) -> Sequence[Entry]:
    return [Entry(f"{i}/{kind}") for i in view.known.ids("roles") for kind in ("groups", "users")]


def _call(read: Reader, entry: Entry) -> bytes:
    role, _, kind = entry.id.partition("/")
    if kind == "groups":
        return read.get(op.ROLE_GROUPS, role, params={"fields": "id"})
    params = {"fields": "id", "direct_association_only": "true"}
    return read.get(op.ROLE_USERS, role, params=params)


TYPE = ContentType(
    name="role_members",
    schema="User[]",
    holds="ids of the groups and users that hold each role directly, and none of their other "
    "fields; ids are `ROLE/groups`, `ROLE/users`",
    key=None,
    permission="manage_roles (Admin)",
    cost="two per role",
    source=Each((op.ROLE_GROUPS, op.ROLE_USERS), _ids, _call),
    typical_size=300,
    after=("roles",),
    unordered=True,
)
