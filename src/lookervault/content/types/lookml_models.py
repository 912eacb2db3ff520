"""LookML model configurations; the LookML itself lives in Git."""

from __future__ import annotations

from lookervault.content import operations as op
from lookervault.content.model import ContentType
from lookervault.content.sources import Whole

TYPE = ContentType(
    name="lookml_models",
    schema="LookmlModel",
    holds="which model belongs to which project and connections; not the LookML",
    permission="see_lookml or explore, on every model",
    cost="1",
    source=Whole(op.ALL_LOOKML_MODELS, op.LOOKML_MODEL),
    noise=("can",),
    key="name",
    typical_size=3000,
)
