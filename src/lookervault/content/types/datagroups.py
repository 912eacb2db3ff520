"""Datagroups. Their trigger times move by themselves."""

from __future__ import annotations

from lookervault.content import operations as op
from lookervault.content.model import ContentType
from lookervault.content.sources import Whole

TYPE = ContentType(
    name="datagroups",
    schema="Datagroup",
    holds="datagroups with their model",
    permission="see_datagroups",
    cost="1",
    source=Whole(op.ALL_DATAGROUPS, op.DATAGROUP),
    noise=(
        "can",
        "stale_before",
        "trigger_check_at",
        "trigger_error",
        "trigger_value",
        "triggered_at",
    ),
    typical_size=400,
)
