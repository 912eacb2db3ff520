"""Integration hubs. The API never gives their tokens back."""

from __future__ import annotations

from lookervault.content import operations as op
from lookervault.content.model import ContentType
from lookervault.content.sources import Whole

TYPE = ContentType(
    name="integration_hubs",
    schema="IntegrationHub",
    holds="integration hubs without their tokens",
    permission="Admin",
    cost="1",
    source=Whole(op.ALL_INTEGRATION_HUBS, op.INTEGRATION_HUB),
    noise=(
        "can",
        "fetch_error_message",
    ),
    secrets=("authorization_token",),
    typical_size=800,
)
