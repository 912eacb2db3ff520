"""Dashboard themes."""

from __future__ import annotations

from lookervault.content import operations as op
from lookervault.content.model import ContentType
from lookervault.content.sources import Whole

TYPE = ContentType(
    name="themes",
    schema="Theme",
    holds="themes for embedding",
    permission="manage_themes, or none to see them",
    cost="1",
    source=Whole(op.ALL_THEMES, op.THEME),
    noise=("can",),
    typical_size=1500,
)
