"""Which tiles a dashboard has, and what hangs on them, by arithmetic alone.

A tile's place is its slot; ids follow from (dashboard, slot).
"""

from __future__ import annotations

from typing import Literal

from lookervault.demo.world import World

type TileKind = Literal["query", "text", "look", "merge"]

#: No dashboard has more tiles.
TILES = 32
#: The first tiles always show a query of their own: alerts hang on them.
ALERTABLE = 3


def kinds_of_tiles(world: World, dashboard: int) -> list[TileKind]:
    about = world.draw("tiles of", dashboard)
    count = min(TILES - 2, max(ALERTABLE, round(about.gauss(19, 7))))
    others: list[TileKind] = ["query"] * 12
    others += ["text"] * 5
    if world.count("looks"):
        others += ["look"]
    kinds: list[TileKind] = ["query"] * ALERTABLE
    kinds += [about.pick(others) for _ in range(count - ALERTABLE)]
    return [*kinds, "merge"] if has_merged_tile(dashboard) else kinds


def has_merged_tile(dashboard: int) -> bool:
    return dashboard % 6 == 0


def merge_query_of(dashboard: int) -> int:
    """Of one that has a merged tile."""
    return dashboard // 6


def element_id(dashboard: int, slot: int) -> str:
    return str(dashboard * TILES + slot + 1)


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
