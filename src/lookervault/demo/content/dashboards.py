"""Dashboards with everything in them: tiles, filters, layouts."""

from __future__ import annotations

from lookervault.demo.content.folders import embedded_folder, folder_of
from lookervault.demo.content.metadata_ids import metadata_of
from lookervault.demo.content.queries import department_of
from lookervault.demo.content.tiles import canvas, elements, filters, layouts
from lookervault.demo.content.titles import description, title
from lookervault.demo.draw import Draw
from lookervault.demo.ids import NumberedIds
from lookervault.demo.kind import NOW, OPENED, Kind, Row, can, moment, raw
from lookervault.demo.vocabulary import DEPARTMENTS
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
    schedule=True,
    render=True,
    run_scheduled=True,
    download=True,
    show=True,
    show_errors=True,
    see_aggregate_table_lookml=True,
    explore=True,
    follow=True,
    create_alert=True,
)


def _columns(world: World, index: int) -> Row:
    about = world.draw("dashboards", index)
    department = department_of(world, "dashboards", index)
    created = about.between(OPENED, NOW - 86_400)
    updated = about.between(created, NOW)
    return {
        "can": _CAN,
        "content_favorite_id": str(about.between(1, 99_999)) if about.chance(0.1) else None,
        "content_metadata_id": str(metadata_of("dashboards", index)),
        "description": description(about, department),
        "hidden": False,
        "id": world.id("dashboards", index),
        "query_timezone": about.pick((None, "UTC", "Europe/Berlin", "America/New_York")),
        "readonly": False,
        "refresh_interval": about.pick((None, None, "1 hour", "30 minutes")),
        "title": title(about, department),
        "user_id": world.id("users", about.between(0, world.count("users") - 1)),
        "slug": about.slug(),
        "preferred_viewer": about.pick(("dashboards-next", "dashboards-next", "dashboards", None)),
        "created_at": moment(created),
        **deletion(world, "dashboards", index),
        "favorite_count": about.between(0, 40),
        "last_accessed_at": moment(about.between(updated, NOW)),
        "last_viewed_at": moment(about.between(updated, NOW)),
        "updated_at": moment(updated),
        "last_updater_id": world.id("users", about.between(0, world.count("users") - 1)),
        "folder_id": world.id("folders", folder_of(world, "dashboards", index)),
        "view_count": about.between(0, 20_000),
    }


def _nested(world: World, index: int, columns: Row) -> Row:
    about = world.draw("dashboards", index, "more")
    department = department_of(world, "dashboards", index)
    on = canvas(world, index, department)
    tiles = elements(on)
    names = DEPARTMENTS[department]
    return {
        "model": {"id": names.model, "label": names.model.replace("_", " ").title()},
        "refresh_interval_to_i": {"1 hour": 3600, "30 minutes": 1800}.get(
            str(columns["refresh_interval"])
        ),
        "folder": embedded_folder(world, columns["folder_id"]),
        "alert_sync_with_dashboard_filter_enabled": about.chance(0.5),
        "chat_enabled": False,
        "background_color": about.pick((None, about.colour())),
        "crossfilter_enabled": about.chance(0.6),
        "dashboard_elements": tiles,
        "dashboard_filters": filters(on),
        "dashboard_layouts": layouts(on, tiles),
        "edit_uri": f"/dashboards/{columns['id']}",
        "enable_viz_full_screen": True,
        "filters_bar_collapsed": about.chance(0.2),
        "filters_location_top": about.chance(0.9),
        "last_updater_name": None,
        "user_name": None,
        "load_configuration": about.pick(("prefetch_cache_run", "cache_run", "no_run")),
        "lookml_link_id": None,
        "show_filters_bar": True,
        "show_title": True,
        "text_tile_text_color": None,
        "tile_background_color": about.pick((None, about.colour())),
        "tile_text_color": None,
        "title_color": about.pick((None, about.colour())),
        "appearance": _appearance(about) if about.chance(0.3) else None,
        "usage_count": about.between(0, 30_000),
        "is_owner_disabled": False,
        "url": f"/dashboards/{columns['id']}",
        "preserve_desktop_layout": about.chance(0.1),
        "download_settings": None,
        "future_flag": {
            "rollout": 9_007_199_254_740_993 + index,
            "ratio": raw(b"1.10"),
            "cap": raw(b"1e3"),
            "by": [None, {"x": raw(b"-0.0")}],
        },
    }


def _appearance(about: Draw) -> Row:
    return {
        "page_side_margins": about.between(0, 48),
        "page_background_color": about.colour(),
        "tile_title_alignment": about.pick(("left", "center")),
        "tile_space_between": about.between(4, 24),
        "tile_background_color": about.colour(),
        "tile_shadow": about.chance(0.5),
        "key_color": about.colour(),
    }


KINDS = (Kind("dashboards", NumberedIds(), _columns, _nested, has_trash=True),)
