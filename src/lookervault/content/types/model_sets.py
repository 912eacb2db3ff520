"""Model sets."""

from __future__ import annotations

from lookervault.content import operations as op
from lookervault.content.model import ContentType
from lookervault.content.sources import Paged

TYPE = ContentType(
    name="model_sets",
    schema="ModelSet",
    holds="model sets with their models",
    permission="manage_roles (Admin)",
    cost="N/P + N/5000 + 3",
    source=Paged(op.SEARCH_MODEL_SETS, op.MODEL_SET),
    noise=("can",),
    typical_size=500,
)
