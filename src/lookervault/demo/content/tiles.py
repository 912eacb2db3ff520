"""The inside of a dashboard. A tile's place in it is its slot; ids follow from "
"(dashboard, slot)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from lookervault.demo.content.dashboard_shape import (
    TILES,
    TileKind,
    alerts_on,
    element_id,
    kinds_of_tiles,
    merge_query_of,
)
from lookervault.demo.content.queries import Owner, encoded_query, query
from lookervault.demo.content.titles import note, text_block, tile_title
from lookervault.demo.draw import Draw
from lookervault.demo.kind import Row, can, plain, raw
from lookervault.demo.phrases import REGIONS
from lookervault.demo.vocabulary import DEPARTMENTS
from lookervault.demo.world import World

_CAN = can(show=True, update=True, destroy=True)
_LAYOUT_CAN = can(show=True, update=True)


def layout_id(dashboard: int, place: int) -> str:
    return str(dashboard * 2 + place + 1)


def look_of_tile(world: World, dashboard: int, slot: int) -> int:
    return world.scatter("look of tile", dashboard * TILES + slot) % world.count("looks")


@dataclass(frozen=True, slots=True)
class Canvas:
    """The dashboard that parts are put on; `listens` are the words of its filters."""

    world: World
    dashboard: int
    department: int
    listens: list[Row]


def canvas(world: World, dashboard: int, department: int) -> Canvas:
    return Canvas(world, dashboard, department, _filter_words(world, dashboard, department))


def elements(on: Canvas) -> list[Row]:
    kinds = kinds_of_tiles(on.world, on.dashboard)
    return [_element(on, slot, kind) for slot, kind in enumerate(kinds)]


def _element(on: Canvas, slot: int, kind: TileKind) -> Row:
    world, dashboard, department = on.world, on.dashboard, on.department
    about = world.draw("tile", dashboard, slot)
    written = note(about, department) if about.chance(0.3) else None
    element: Row = {
        "can": _CAN,
        "body_text": None,
        "body_text_as_html": None,
        "dashboard_id": world.id("dashboards", dashboard),
        "dashboard_layout_id": layout_id(dashboard, 0),
        "edit_uri": None,
        "id": element_id(dashboard, slot),
        "look": None,
        "look_id": None,
        "lookml_link_id": None,
        "merge_result_id": None,
        "note_display": about.pick(("above", "below", "hover")) if written else None,
        "note_state": "collapsed" if written else None,
        "note_text": written,
        "note_text_as_html": f"<p>{written}</p>" if written else None,
        "query": None,
        "query_id": None,
        "refresh_interval": about.pick((None, None, "15 minutes")),
        "refresh_interval_to_i": None,
        "result_maker": None,
        "result_maker_id": None,
        "subtitle_text": None,
        "title": None,
        "title_hidden": about.chance(0.1),
        "title_text": None,
        "type": "vis",
        "alert_count": alerts_on(world, dashboard, slot),
        "rich_content_json": None,
        "title_text_as_html": None,
        "subtitle_text_as_html": None,
        "extension_id": None,
    }
    return element | _PARTS[kind](on, about, slot)


def _query_tile(on: Canvas, about: Draw, slot: int) -> Row:
    dashboard = on.dashboard
    shown = query(on.world, Owner("dashboards", dashboard, slot))
    encoded = raw(plain(shown))
    fields = cast(list[str], shown["fields"])
    return {
        "query": encoded,
        "query_id": shown["id"],
        "title": tile_title(about, fields[-1]),
        "result_maker_id": str(dashboard * TILES + slot + 500),
        "result_maker": {
            "id": str(dashboard * TILES + slot + 500),
            "dynamic_fields": shown["dynamic_fields"],
            "filterables": [
                {
                    "model": shown["model"],
                    "view": shown["view"],
                    "name": None,
                    "listen": [
                        {"dashboard_filter_name": each["title"], "field": each["dimension"]}
                        for each in on.listens
                    ],
                }
            ],
            "sorts": shown["sorts"],
            "merge_result_id": None,
            "total": bool(shown["total"]),
            "query_id": shown["id"],
            "sql_query_id": None,
            "query": encoded,
            "vis_config": None,
        },
    }


def _text_tile(on: Canvas, about: Draw, slot: int) -> Row:
    text = text_block(about, on.department)
    title = about.pick(DEPARTMENTS[on.department].topics)
    return {
        "type": "text",
        "body_text": text,
        "body_text_as_html": f"<div>{text}</div>",
        "title_text": title,
        "title_text_as_html": f"<p>{title}</p>",
        "subtitle_text": about.pick(REGIONS) if about.chance(0.4) else "",
        "subtitle_text_as_html": "",
    }


def _look_tile(on: Canvas, about: Draw, slot: int) -> Row:
    world = on.world
    index = look_of_tile(world, on.dashboard, slot)
    columns = world.columns("looks", index)
    return {
        "look": world.render("looks", index, detail=True),
        "look_id": columns["id"],
        "query_id": columns["query_id"],
        "query": encoded_query(world, Owner("looks", index)),
        "title": columns["title"],
    }


def _merge_tile(on: Canvas, about: Draw, slot: int) -> Row:
    dashboard = on.dashboard
    id_ = on.world.id("merge_queries", merge_query_of(dashboard))
    return {
        "merge_result_id": id_,
        "title": f"{about.pick(DEPARTMENTS[on.department].topics)} (merged)",
        "result_maker_id": str(dashboard * TILES + slot + 500),
        "result_maker": {
            "id": str(dashboard * TILES + slot + 500),
            "dynamic_fields": "[]",
            "filterables": [],
            "sorts": [],
            "merge_result_id": id_,
            "total": False,
            "query_id": None,
            "sql_query_id": None,
            "query": None,
            "vis_config": {"type": "looker_grid", "row_height": raw(b"1.50")},
        },
    }


_PARTS = {"query": _query_tile, "text": _text_tile, "look": _look_tile, "merge": _merge_tile}


# Filters


def _filter_words(world: World, dashboard: int, department: int) -> list[Row]:
    """The few words of each filter that the tiles repeat in what they listen to."""
    about = world.draw("filters of", dashboard)
    explore = about.pick(DEPARTMENTS[department].explores)
    names = about.some(explore.dates, 1) + about.some(explore.dimensions, about.between(0, 4))
    return [
        {
            "title": name.split(".")[-1].replace("_", " ").title(),
            "model": explore.model,
            "explore": explore.name,
            "dimension": name,
            "default_value": about.pick(("", about.pick(REGIONS), "30 days", "-EMPTY", "%Ltd%")),
        }
        for name in names
    ]


def filters(on: Canvas) -> list[Row]:
    about = on.world.draw("filters", on.dashboard)
    return [_filter(on, about, row, words) for row, words in enumerate(on.listens)]


def _lookml_link(about: Draw, model: object, view: str) -> str:
    return f"/projects/{model}_lookml/files/{view}.view.lkml?line={about.between(3, 900)}"


def _filter(on: Canvas, about: Draw, row: int, words: Row) -> Row:
    view, name = str(words["dimension"]).split(".", 1)
    label = words["title"]
    field = {
        "align": "left",
        "can_filter": True,
        "category": "dimension",
        "default_filter_value": None,
        "description": None,
        "enumerations": None,
        "field_group_label": None,
        "label": f"{view.replace('_', ' ').title()} {label}",
        "label_short": label,
        "lookml_link": _lookml_link(about, words["model"], view),
        "name": words["dimension"],
        "sql": f"${{TABLE}}.{name} ",
        "suggest_dimension": words["dimension"],
        "suggest_explore": words["explore"],
        "suggestable": True,
        "type": about.pick(("string", "number", "yesno", "tier")),
        "view": view,
        "hidden": False,
    }
    return {
        "can": _CAN,
        "id": str(on.dashboard * 8 + row + 1),
        "dashboard_id": on.world.id("dashboards", on.dashboard),
        "name": label,
        "title": label,
        "type": "field_filter",
        "default_value": words["default_value"],
        "model": words["model"],
        "explore": words["explore"],
        "dimension": words["dimension"],
        "field": field,
        "row": row,
        "listens_to_filters": [],
        "allow_multiple_values": about.chance(0.8),
        "required": about.chance(0.2),
        "ui_config": {
            "type": about.pick(("tag_list", "advanced", "dropdown_menu", "button_group")),
            "display": about.pick(("popover", "inline")),
            "options": [],
        },
    }


# Layouts: a grid of 24 columns, and one for phones on some


def layouts(on: Canvas, parts: list[Row]) -> list[Row]:
    count = 2 if on.dashboard % 9 == 4 else 1
    return [_layout(on, place, parts) for place in range(count)]


def _layout(on: Canvas, place: int, parts: list[Row]) -> Row:
    world, dashboard = on.world, on.dashboard
    about = world.draw("layout", dashboard, place)
    id_ = layout_id(dashboard, place)
    return {
        "can": _LAYOUT_CAN,
        "id": id_,
        "dashboard_id": world.id("dashboards", dashboard),
        "type": "newspaper",
        "active": place == 0,
        "column_width": None,
        "width": None,
        "deleted": False,
        "dashboard_title": world.columns("dashboards", dashboard)["title"],
        "dashboard_layout_components": _components(about, dashboard, place, id_, parts),
        "label": "" if place == 0 else "Phone",
        "description": "",
        "order": place,
    }


def _components(
    about: Draw, dashboard: int, place: int, layout: str, parts: list[Row]
) -> list[Row]:
    components: list[Row] = []
    row = column = 0
    for slot, element in enumerate(parts):
        width, height = (8, 6) if place == 0 else (24, 8)
        width = width if about.chance(0.6) else about.pick((6, 12, 24))
        if column + width > 24:
            row, column = row + height, 0
        components.append(
            {
                "can": _LAYOUT_CAN,
                "id": str((dashboard * 2 + place) * TILES + slot + 1),
                "dashboard_layout_id": layout,
                "dashboard_element_id": element["id"],
                "row": row,
                "column": column,
                "width": width,
                "height": height + about.between(0, 3),
                "deleted": False,
                "element_title": element["title"],
                "element_title_hidden": False,
                "vis_type": about.pick((None, "looker_column", "single_value", "looker_grid")),
            }
        )
        column += width
    return components
