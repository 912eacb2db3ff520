"""Merged queries: they name their source queries, and nothing embeds those."""

from __future__ import annotations

from lookervault.demo.content.queries import Owner, explore_of, query_id, sources_of_merge
from lookervault.demo.ids import ScrambledIds
from lookervault.demo.kind import Kind, Row, can
from lookervault.demo.vocabulary import Explore
from lookervault.demo.world import World


def sources_of(index: int) -> list[Owner]:
    return [Owner("merge_queries", index, slot) for slot in range(sources_of_merge(index))]


def _columns(world: World, index: int) -> Row:
    about = world.draw("merge_queries", index)
    sources = [(owner, explore_of(world, owner)) for owner in sources_of(index)]
    first = sources[0][1]
    return {
        "can": can(index=True, show=True),
        "column_limit": "50",
        "dynamic_fields": about.pick((None, "[]")),
        "id": world.id("merge_queries", index),
        "pivots": None,
        "result_maker_id": str(900_000_000 + index),
        "sorts": [f"{about.pick(first.measures)} desc"],
        "source_queries": [
            _source(place, owner, explore, first) for place, (owner, explore) in enumerate(sources)
        ],
        "total": about.chance(0.3),
        "limit": "500",
        "vis_config": {"type": "looker_line", "line_width": "1.50", "color": about.colour()},
    }


def _source(place: int, owner: Owner, explore: Explore, first: Explore) -> Row:
    return {
        "merge_fields": [
            {"field_name": first.dimensions[0], "source_field_name": explore.dimensions[0]}
        ]
        if place
        else [],
        "name": explore.label if place else f"{explore.label} (primary)",
        "query_id": query_id(owner),
        "query_slug": None,
    }


KINDS = (Kind("merge_queries", ScrambledIds(), _columns),)
