"""Looks: rows of a search have no `query`, by-id answers do."""

from __future__ import annotations

from lookervault.demo.content.folders import embedded_folder, folder_of
from lookervault.demo.content.metadata_ids import metadata_of
from lookervault.demo.content.queries import (
    Owner,
    department_of,
    encoded_query,
    explore_of,
    query_id,
)
from lookervault.demo.content.titles import description, title
from lookervault.demo.ids import NumberedIds
from lookervault.demo.kind import NOW, OPENED, Ending, Kind, Row, can, moment
from lookervault.demo.world import World, deletion

_CAN = can(
    index=True,
    copy=True,
    run=True,
    create=True,
    move=True,
    update=True,
    destroy=True,
    recover=True,
    explore=True,
    render=True,
    schedule=True,
    download=True,
    download_unlimited=True,
    render_hidden=False,
    show=True,
    show_errors=True,
    find_and_replace=True,
    create_alert=False,
)


def _columns(world: World, index: int) -> Row:
    about = world.draw("looks", index)
    department = department_of(world, "looks", index)
    created = about.between(OPENED, NOW - 86_400)
    updated = about.between(created, NOW)
    return {
        "can": _CAN,
        "content_metadata_id": str(metadata_of("looks", index)),
        "id": world.id("looks", index),
        "title": title(about, department),
        "user_id": world.id("users", about.between(0, world.count("users") - 1)),
        "content_favorite_id": str(about.between(1, 99_999)) if about.chance(0.1) else None,
        "created_at": moment(created),
        **deletion(world, "looks", index),
        "description": description(about, department),
        "favorite_count": about.between(0, 12),
        "is_run_on_load": about.chance(0.8),
        "last_accessed_at": moment(about.between(updated, NOW)),
        "last_updater_id": world.id("users", about.between(0, world.count("users") - 1)),
        "last_viewed_at": moment(about.between(updated, NOW)),
        "public": about.chance(0.05),
        "query_id": query_id(Owner("looks", index)),
        "folder_id": world.id("folders", folder_of(world, "looks", index)),
        "updated_at": moment(updated),
        "view_count": about.between(0, 4_000),
    }


def _nested(world: World, index: int, columns: Row) -> Row:
    about = world.draw("looks", index, "more")
    slug = about.slug()
    public = columns["public"]
    explore = explore_of(world, Owner("looks", index))
    return {
        "model": {"id": explore.model, "label": explore.model.replace("_", " ").title()},
        "folder": embedded_folder(world, columns["folder_id"]),
        "embed_url": f"/embed/public/{slug}" if public else None,
        "excel_file_url": f"{world.host}/looks/{slug}.xlsx" if public else None,
        "google_spreadsheet_formula": f'=ImportXML("{world.host}/looks/{slug}.html","//tr")'
        if public
        else None,
        "image_embed_url": f"{world.host}/looks/{slug}.png" if public else None,
        "public_slug": slug if public else None,
        "public_url": f"{world.host}/looks/{slug}" if public else None,
        "short_url": f"/looks/{columns['id']}",
        "user_name": None,
        "usage_count": about.between(0, 9_000),
        "is_owner_disabled": False,
        "url": f"/looks/{columns['id']}",
        "future_flag": about.pick((True, False, None)),
    }


def _detail(world: World, index: int, columns: Row) -> Row:
    return {"query": encoded_query(world, Owner("looks", index))}


KINDS = (
    Kind("looks", NumberedIds(), _columns, _nested, Ending(("query",), _detail), has_trash=True),
)
