"""Schedules of all users. Without `all_users` the API shows only the caller's own."""

from __future__ import annotations

from typing import Any

from lookervault.content import operations as op
from lookervault.content.model import ContentType, References
from lookervault.content.sources import Whole


def _references(plan: Any) -> References:
    kinds = (("query_id", "queries"), ("dashboard_id", "dashboards"), ("look_id", "looks"))
    return References(needs=[(kind, str(plan[key])) for key, kind in kinds if plan.get(key)])


TYPE = ContentType(
    name="scheduled_plans",
    schema="ScheduledPlan",
    holds="schedules with their destinations",
    permission="see_schedules (without it only the caller's own are shown)",
    cost="1",
    source=Whole(op.ALL_SCHEDULED_PLANS, op.SCHEDULED_PLAN, {"all_users": "true"}),
    noise=(
        "can",
        "user",
        "title",
        "next_run_at",
        "last_run_at",
    ),
    secrets=("secret_parameters",),
    references=_references,
    typical_size=2000,
)
