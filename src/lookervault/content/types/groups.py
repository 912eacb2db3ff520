"""Groups. The hierarchy search is richer than `group(id)`, so its rows are what is kept."""

from __future__ import annotations

from lookervault.content import operations as op
from lookervault.content.model import ContentType
from lookervault.content.sources import Paged

TYPE = ContentType(
    name="groups",
    schema="GroupHierarchy",
    holds="groups with their parent groups and roles; members are on the users",
    permission="see_users or manage_groups",
    cost="N/P + N/5000 + 3",
    source=Paged(op.SEARCH_GROUPS_WITH_HIERARCHY, None),
    noise=(
        "can",
        "user_count",
        "contains_current_user",
    ),
    typical_size=400,
)
