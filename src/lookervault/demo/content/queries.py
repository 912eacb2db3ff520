"""Queries. Every one has an owner (a tile, a look, a merged query's source, a plan), and its id
says which, so that `/queries/{id}` finds any of them without a table.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from msgspec import Raw

from lookervault.demo.content.dashboard_shape import TILES, kinds_of_tiles
from lookervault.demo.content.folders import department_of_folder, folder_of
from lookervault.demo.draw import Draw
from lookervault.demo.ids import PlainIds, plain_number
from lookervault.demo.kind import Follows, Kind, Row, can, plain, raw
from lookervault.demo.phrases import FIRST_NAMES, REGIONS
from lookervault.demo.vocabulary import DEPARTMENTS, Explore
from lookervault.demo.world import World

SOURCES = 4
_FIRST_ID = 1000
_OWNERS = ("dashboards", "looks", "merge_queries", "scheduled_plans")
_CAN = can(run=True, see_results=True, explore=True, create=True, show=True)


@dataclass(frozen=True, slots=True)
class Owner:
    type: str
    index: int
    slot: int = 0


def query_id(owner: Owner) -> str:
    slots = {"dashboards": TILES, "merge_queries": SOURCES}.get(owner.type, 1)
    return str(_FIRST_ID + 4 * (owner.index * slots + owner.slot) + _OWNERS.index(owner.type))


def owner_of(id_: str) -> Owner | None:
    number = plain_number(id_)
    return None if number is None or number < _FIRST_ID else _owner(number - _FIRST_ID)


def _owner(number: int) -> Owner:
    place, kind = divmod(number, len(_OWNERS))
    slots = {"dashboards": TILES, "merge_queries": SOURCES}.get(_OWNERS[kind], 1)
    return Owner(_OWNERS[kind], place // slots, place % slots)


def department_of(world: World, type_: str, index: int) -> int:
    """Content speaks of the data of the department whose folder it lies in."""
    if type_ in ("dashboards", "looks"):
        return department_of_folder(world, folder_of(world, type_, index))
    return world.scatter(f"department of {type_}", index) % len(DEPARTMENTS)


def explore_of(world: World, owner: Owner) -> Explore:
    department = DEPARTMENTS[department_of(world, owner.type, owner.index)]
    return department.explores[
        world.scatter(owner.type, owner.index * TILES + owner.slot) % 5 % len(department.explores)
    ]


# The query itself; as a type of its own it lists those that nothing embeds


def _exists(world: World, index: int) -> bool:
    owner = owner_of(str(index))
    if owner is None or not world.exists(owner.type, owner.index):
        return False
    return owner.slot in _slots(world, owner)


def _slots(world: World, owner: Owner) -> Iterable[int]:
    """Which of the owner's places hold a query of its own."""
    if owner.type == "dashboards":
        kinds = kinds_of_tiles(world, owner.index)
        return [slot for slot, kind in enumerate(kinds) if kind == "query"]
    if owner.type == "merge_queries":
        return range(sources_of_merge(owner.index))
    return (0,) if owner.type == "looks" or plan_runs_query(owner.index) else ()


def _free_standing(world: World) -> list[int]:
    merged = (
        Owner("merge_queries", index, slot)
        for index in world.live("merge_queries")
        for slot in range(sources_of_merge(index))
    )
    planned = (
        Owner("scheduled_plans", index)
        for index in world.live("scheduled_plans")
        if plan_runs_query(index)
    )
    return sorted(int(query_id(owner)) for owner in (*merged, *planned))


def sources_of_merge(merge: int) -> int:
    return 2 + merge % 2


def plan_runs_query(plan: int) -> bool:
    """One plan in ten sends a query that nothing else shows."""
    return plan % 10 == 4


def _columns(world: World, index: int) -> Row:
    return query(world, _owner(index - _FIRST_ID))


_VIS = (
    "looker_column",
    "looker_line",
    "looker_bar",
    "looker_area",
    "looker_pie",
    "single_value",
    "looker_grid",
    "looker_scatter",
    "looker_funnel",
    "looker_google_map",
)
_SPANS = (
    "30 days",
    "12 months",
    "7 days",
    "this quarter",
    "last year",
    "90 days ago for 90 days",
    "after 2025/01/01",
    "4 quarters",
    "2 weeks ago for 2 weeks",
    "yesterday",
)
_VALUES = (
    '-NULL,-""',
    "%Enterprise%",
    "Closed Won,Closed Lost",
    "-Test%,-Internal%",
    "Yes",
    "No",
    ">=10",
    "NOT NULL",
    "[1, 100)",
    "Gold,Silver",
)
_FORMATS = (
    "$#,##0.00",
    "0.0%",
    "#,##0",
    '0.0,,"M"',
    "€#,##0",
    '[>=1000000]0.0,,"M";0.0,"K"',
    "hh:mm:ss",
    "#,##0.0x",
)
_SPELLED = tuple(raw(text.encode()) for text in ("1.10", "1e3", "0.50", "2.0", "1E-2", "100.00"))
_LIMITS = ("500", "500", "500", "5000", "20", "100", None)


def query(world: World, owner: Owner) -> Row:
    about = world.draw("query", owner.type, owner.index, owner.slot)
    explore = explore_of(world, owner)
    chart = about.pick(_VIS)
    dimensions = about.some(explore.dates, about.between(0, 1)) + about.some(
        explore.dimensions, about.between(1, 2)
    )
    measures = about.some(explore.measures, about.between(1, 3))
    pivots = dimensions[1:2] if len(dimensions) > 1 and about.chance(0.3) else None
    filters = _filters(about, explore)
    calculations = _calculations(about, measures) if about.chance(0.4) else None
    slug = about.slug()
    id_ = query_id(owner)
    path = f"{world.host}/x/{slug}"
    return {
        "can": _CAN,
        "id": id_,
        "model": explore.model,
        "view": explore.name,
        "fields": dimensions + measures,
        "pivots": pivots,
        "fill_fields": dimensions[:1] if dimensions[0] in explore.dates else None,
        "filters": filters,
        "filter_expression": _expression(about, explore) if about.chance(0.08) else None,
        "sorts": _sorts(about, dimensions, measures),
        "limit": about.pick(_LIMITS),
        "column_limit": "50" if pivots else None,
        "total": about.pick((True, False, None)),
        "row_total": "right" if pivots and about.chance(0.5) else None,
        "subtotals": dimensions[:1] if about.chance(0.1) else None,
        "vis_config": vis_config(about, chart, measures),
        "filter_config": _filter_config(filters) if about.chance(0.5) else None,
        "visible_ui_sections": None,
        "slug": slug,
        "dynamic_fields": calculations,
        "client_id": slug,
        "share_url": path,
        "expanded_share_url": None,
        "url": f"/explore/{explore.model}/{explore.name}?qid={slug}",
        "query_timezone": about.pick((None, None, "UTC", "America/Los_Angeles", "Asia/Tokyo")),
        "has_table_calculations": calculations is not None,
    }


def _filters(about: Draw, explore: Explore) -> Row | None:
    filters: Row = {name: about.pick(_SPANS) for name in about.some(explore.dates, 1)}
    for name in about.some(explore.dimensions, about.between(0, 2)):
        filters[name] = about.pick(
            (about.pick(_VALUES), about.pick(REGIONS), about.pick(FIRST_NAMES))
        )
    return filters if about.chance(0.9) else None


def _filter_config(filters: Row | None) -> Row | None:
    if filters is None:
        return None
    return {
        name: [{"type": "=", "values": [{"constant": value}, {}], "id": place, "error": False}]
        for place, (name, value) in enumerate(filters.items())
    }


def _expression(about: Draw, explore: Explore) -> str:
    measure, other = about.some(explore.measures, 2)
    return f"${{{measure}}} > {about.between(1, 900)} AND NOT is_null(${{{other}}})"


def _sorts(about: Draw, dimensions: list[str], measures: list[str]) -> list[str]:
    return [f"{about.pick(measures)} desc", dimensions[0]][: about.between(1, 2)]


def _calculations(about: Draw, measures: list[str]) -> str:
    first = measures[0]
    formula = about.pick(
        (
            f"${{{first}}} / offset(${{{first}}}, 1) - 1",
            f"running_total(${{{first}}})",
            f"if(is_null(${{{first}}}), 0, ${{{first}}} * {about.between(2, 99)} / 100)",
            f"mean(offset_list(${{{first}}}, 0, {about.between(3, 28)}))",
            f"rank(${{{first}}}, ${{{first}}})",
        )
    )
    name = about.pick(("pct_change", "running_total", "vs_target", "moving_average", "rank"))
    calculation = {
        "category": "table_calculation",
        "expression": formula,
        "label": f"{name.replace('_', ' ').title()} ({about.between(1, 99)})",
        "value_format": about.pick(_FORMATS),
        "value_format_name": None,
        "_kind_hint": "measure",
        "table_calculation": f"{name}_{about.between(1, 9)}",
        "_type_hint": "number",
    }
    return json.dumps([calculation], ensure_ascii=False, separators=(",", ":"))


def vis_config(about: Draw, chart: str, measures: list[str]) -> Row:
    config: Row = {
        "show_view_names": False,
        "series_colors": {name: about.colour() for name in measures},
        "series_labels": {name: name.split(".")[-1].replace("_", " ").title() for name in measures},
        "font_size_main": about.pick(_SPELLED),
        "value_format": about.pick(_FORMATS),
        "type": chart,
        "defaults_version": 1,
    }
    if about.chance(0.5):
        config |= _axes(about)
    if about.chance(0.4):
        config |= _palette(about)
    config |= _special(about, chart, measures)
    return config


def _axes(about: Draw) -> Row:
    return {
        "x_axis_gridlines": about.chance(0.2),
        "y_axis_gridlines": about.chance(0.8),
        "show_value_labels": about.chance(0.5),
        "legend_position": about.pick(("center", "left", "right")),
        "point_style": about.pick(("none", "circle", "circle_outline")),
        "y_axis_combined": about.chance(0.7),
        "stacking": about.pick(("", "normal", "percent")),
    }


def _palette(about: Draw) -> Row:
    return {
        "color_application": {
            "collection_id": about.pick(("demo-brand", "legacy", "boardwalk")),
            "palette_id": about.pick(("demo-brand-categorical-0", "legacy-diverging-2")),
            "options": {"steps": about.between(3, 9), "reverse": about.chance(0.3)},
        }
    }


def _special(about: Draw, chart: str, measures: list[str]) -> Row:
    if chart == "single_value":
        return {
            "custom_color_enabled": True,
            "custom_color": about.colour(),
            "comparison_type": about.pick(("change", "progress_percentage")),
            "single_value_title": about.pick(measures).split(".")[-1].replace("_", " "),
            "conditional_formatting": [_conditional(about)],
        }
    if chart == "looker_grid":
        return {
            "column_order": [f"${each}" for each in measures],
            "table_theme": about.pick(("white", "gray", "editable", "transparent")),
            "series_cell_visualizations": {measures[0]: {"is_active": about.chance(0.5)}},
            "series_column_widths": {each: about.between(75, 480) for each in measures},
            "conditional_formatting": [_conditional(about) for _ in measures],
            "row_seed": about.getrandbits(63) | 1 << 62,
        }
    return {
        "y_axes": [
            {
                "label": about.pick(("", "USD", "%", "hours")),
                "orientation": about.pick(("left", "right")),
                "series": [
                    {"axisId": each, "id": each, "name": each.split(".")[-1]} for each in measures
                ],
                "showLabels": True,
                "tickDensityCustom": about.between(1, 40),
                "type": "linear",
            }
        ],
        "reference_lines": [
            {
                "reference_type": "line",
                "range_start": "max",
                "margin_value": "mean",
                "color": about.colour(),
                "value_format": "",
                "label": about.pick(REGIONS),
            }
        ]
        if about.chance(0.3)
        else [],
    }


def _conditional(about: Draw) -> Row:
    return {
        "type": about.pick(("greater than", "less than", "between")),
        "value": about.between(0, 99_999) / 100,
        "background_color": about.colour(),
        "font_color": None,
        "bold": about.chance(0.3),
        "fields": None,
    }


def encoded_query(world: World, owner: Owner) -> Raw:
    """As a part of a larger answer."""
    return raw(plain(query(world, owner)))


KINDS = (Kind("queries", PlainIds(), _columns, follows=Follows(_exists, _free_standing)),)
