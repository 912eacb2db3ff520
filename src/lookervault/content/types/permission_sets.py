"""Permission sets."""

from __future__ import annotations

from lookervault.content import operations as op
from lookervault.content.model import ContentType
from lookervault.content.sources import Paged

TYPE = ContentType(
    name="permission_sets",
    schema="PermissionSet",
    holds="permission sets with their permissions",
    permission="manage_roles (Admin)",
    cost="N/P + N/5000 + 3",
    source=Paged(op.SEARCH_PERMISSION_SETS, op.PERMISSION_SET),
    noise=("can",),
    typical_size=1000,
)
