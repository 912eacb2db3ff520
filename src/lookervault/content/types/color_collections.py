"""Colour collections with their palettes."""

from __future__ import annotations

from lookervault.content import operations as op
from lookervault.content.model import ContentType
from lookervault.content.sources import Whole

TYPE = ContentType(
    name="color_collections",
    schema="ColorCollection",
    holds="colour collections with their palettes",
    permission="none",
    cost="1",
    source=Whole(op.ALL_COLOR_COLLECTIONS, op.COLOR_COLLECTION),
    noise=(),
    typical_size=3000,
)
