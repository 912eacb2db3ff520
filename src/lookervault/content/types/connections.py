"""Database connections. The API never gives their passwords back."""

from __future__ import annotations

from lookervault.content import operations as op
from lookervault.content.model import ContentType
from lookervault.content.sources import Whole

TYPE = ContentType(
    name="connections",
    schema="DBConnection",
    holds="database connections without passwords and certificates",
    permission="manage_models or see_datagroups (Admin for all settings)",
    cost="1",
    source=Whole(op.ALL_CONNECTIONS, op.CONNECTION),
    noise=(
        "can",
        "last_regen_at",
        "last_reap_at",
    ),
    key="name",
    secrets=("password", "certificate"),
    title=lambda connection: connection.get("name"),
    typical_size=4000,
    every=7,
)
