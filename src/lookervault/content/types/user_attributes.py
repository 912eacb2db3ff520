"""User attributes; their values per group and per user are types of their own."""

from __future__ import annotations

from lookervault.content import operations as op
from lookervault.content.model import ContentType
from lookervault.content.sources import Whole

TYPE = ContentType(
    name="user_attributes",
    schema="UserAttribute",
    holds="user attributes with their defaults",
    permission="manage_user_attributes (Admin)",
    cost="1",
    source=Whole(op.ALL_USER_ATTRIBUTES, op.USER_ATTRIBUTE),
    noise=("can",),
    typical_size=500,
)
