"""Embed users: maybe hundreds of thousands, and the embedding application makes them anew."""

from __future__ import annotations

from lookervault.content import operations as op
from lookervault.content.model import ContentType
from lookervault.content.sources import Paged
from lookervault.content.types.users import USER_NOISE, USER_SECRETS

TYPE = ContentType(
    name="embed_users",
    schema="User",
    holds="users that an embedding application created",
    permission="see_users (Admin sees all details)",
    cost="N/P + N/5000 + 3",
    source=Paged(op.SEARCH_USERS, op.USER, parts={"": {"embed_user": "true"}}),
    noise=USER_NOISE,
    secrets=USER_SECRETS,
    default=False,
    typical_size=1_500,
)
