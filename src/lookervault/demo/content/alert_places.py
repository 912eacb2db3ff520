"""Which tile each alert watches, both ways, by arithmetic."""

from __future__ import annotations

from lookervault.demo.world import World

#: The first tiles of a dashboard always show a query of their own: alerts hang on them.
ALERTABLE = 3


def tile_of_alert(world: World, alert: int) -> tuple[int, int] | None:
    """(dashboard, slot); None in a company without dashboards."""
    dashboards = world.count("dashboards")
    if not dashboards:
        return None
    return alert % dashboards, alert // dashboards % ALERTABLE


def alerts_on(world: World, dashboard: int, slot: int) -> int:
    dashboards, alerts = world.count("dashboards"), world.count("alerts")
    if slot >= ALERTABLE or dashboard >= dashboards:
        return 0
    first = dashboard + slot * dashboards
    return len(range(first, alerts, dashboards * ALERTABLE))
