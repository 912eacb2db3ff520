"""Action integrations."""

from __future__ import annotations

from lookervault.content import operations as op
from lookervault.content.model import ContentType
from lookervault.content.sources import Whole

TYPE = ContentType(
    name="integrations",
    schema="Integration",
    holds="actions of the integration hubs with their settings",
    permission="Admin",
    cost="1",
    source=Whole(op.ALL_INTEGRATIONS, op.INTEGRATION),
    noise=("can",),
    typical_size=3000,
)
