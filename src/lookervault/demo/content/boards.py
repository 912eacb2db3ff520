"""Boards with their sections and items."""

from __future__ import annotations

from lookervault.demo.content.metadata_ids import metadata_of
from lookervault.demo.content.titles import description, fill
from lookervault.demo.draw import Draw
from lookervault.demo.ids import NumberedIds
from lookervault.demo.kind import NOW, OPENED, Kind, Row, can, moment
from lookervault.demo.vocabulary import DEPARTMENTS
from lookervault.demo.world import World

_CAN = can(show=True, update=True, destroy=True, update_content_metadata_access=True)
_SECTIONS, _ITEMS = 8, 16


def _columns(world: World, index: int) -> Row:
    about = world.draw("boards", index)
    department = index % len(DEPARTMENTS)
    created = about.between(OPENED, NOW - 86_400)
    return {
        "can": _CAN,
        "content_metadata_id": str(metadata_of("boards", index)),
        "created_at": moment(created),
        "deleted_at": None,
        "description": description(about, department),
        "id": world.id("boards", index),
        "title": fill(
            about, department, "{topic} home 🏠" if index % 4 else "Start here: {region}"
        ),
        "updated_at": moment(about.between(created, NOW)),
        "user_id": world.id("users", about.between(0, world.count("users") - 1)),
        "primary_homepage": False,
    }


def _nested(world: World, index: int, columns: Row) -> Row:
    about = world.draw("boards", index, "sections")
    count = about.between(1, 4)
    sections = [_section(world, about, index, place, columns) for place in range(count)]
    return {
        "board_sections": sections,
        "section_order": [section["id"] for section in sections],
        "future_flag": None,
    }


def _section(world: World, about: Draw, board: int, place: int, columns: Row) -> Row:
    number = board * _SECTIONS + place + 1
    count = about.between(0, 5)
    items = [_item(world, about, number, order, columns) for order in range(count)]
    order = [item["id"] for item in items]
    return {
        "can": _CAN,
        "created_at": columns["created_at"],
        "deleted_at": None,
        "description": description(about, board % len(DEPARTMENTS)),
        "board_id": columns["id"],
        "board_items": items,
        "id": str(number),
        "item_order": order,
        "visible_item_order": order,
        "title": fill(about, board % len(DEPARTMENTS), "{period}: {topic}"),
        "updated_at": columns["updated_at"],
    }


def _item(world: World, about: Draw, section: int, order: int, columns: Row) -> Row:
    type_ = about.pick(("dashboards", "dashboards", "looks"))
    shown = None
    if world.count(type_):
        shown = world.columns(type_, about.between(0, world.count(type_) - 1))
    return {
        "can": _CAN,
        "content_created_by": world.columns("users", 0)["display_name"],
        "content_favorite_id": None,
        "content_metadata_id": shown["content_metadata_id"] if shown else None,
        "content_updated_at": shown["updated_at"] if shown else None,
        "custom_description": None,
        "custom_title": None if shown else "Wiki",
        "custom_url": None if shown else "https://wiki.demo.example/?a=1&b=<2>",
        "dashboard_id": shown["id"] if shown and type_ == "dashboards" else None,
        "description": shown["description"] if shown else None,
        "favorite_count": about.between(0, 9),
        "board_section_id": str(section),
        "id": str(section * _ITEMS + order),
        "image_url": None,
        "location": "Shared" if shown else None,
        "look_id": shown["id"] if shown and type_ == "looks" else None,
        "lookml_dashboard_id": None,
        "order": order,
        "title": shown["title"] if shown else "Wiki",
        "url": f"/{type_}/{shown['id']}" if shown else "https://wiki.demo.example/",
        "use_custom_description": False,
        "use_custom_title": shown is None,
        "use_custom_url": shown is None,
        "view_count": about.between(0, 900),
        "custom_image_data_base64": None,
        "custom_image_url": None,
        "use_custom_image": False,
    }


KINDS = (Kind("boards", NumberedIds(), _columns, _nested),)
