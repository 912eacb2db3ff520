"""Roles. The sets inside are backed up as themselves; here only their ids count."""

from __future__ import annotations

from typing import Any

from lookervault.content import operations as op
from lookervault.content.model import ContentType, References
from lookervault.content.sources import Paged


def _references(role: Any) -> References:
    kinds = (("permission_set_id", "permission_sets"), ("model_set_id", "model_sets"))
    return References(needs=[(kind, str(role[key])) for key, kind in kinds if role.get(key)])


TYPE = ContentType(
    name="roles",
    schema="Role",
    holds="roles with their permission set and model set",
    permission="manage_roles (Admin)",
    cost="N/P + N/5000 + 3",
    source=Paged(op.SEARCH_ROLES, op.ROLE),
    noise=(
        "can",
        "permission_set",
        "model_set",
    ),
    references=_references,
    typical_size=3000,
)
