"""The content that several scenarios share: dashboards of 27 kB."""

from __future__ import annotations

from bench.render import Recipe
from bench.scenario import Bench

_CUT_TO = 29_600
"""With as many tiles as fit in so many bytes, the demo's dashboards have 27 kB on average."""


def recipe(bench: Bench) -> Recipe:
    return Recipe(bench.pick(8000, 200), "dashboards", _CUT_TO)
