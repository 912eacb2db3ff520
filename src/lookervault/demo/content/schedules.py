"""Scheduled plans and alerts."""

from __future__ import annotations

from lookervault.demo.content.dashboard_shape import element_id, tile_of_alert
from lookervault.demo.content.queries import Owner, explore_of, plan_runs_query, query_id
from lookervault.demo.content.titles import fill, note
from lookervault.demo.draw import Draw
from lookervault.demo.ids import NumberedIds
from lookervault.demo.kind import NOW, OPENED, Kind, Row, can, moment, plain, raw
from lookervault.demo.phrases import REGIONS
from lookervault.demo.vocabulary import DEPARTMENTS
from lookervault.demo.world import World

_CAN = can(index=True, show=True, update=True, destroy=True, run_once=True)
_CRONS = ("0 6 * * 1", "30 5 * * *", "0 7 1 * *", "*/30 8-18 * * 1-5", "0 0 1 1,4,7,10 *")


# Scheduled plans


def _plan_columns(world: World, index: int) -> Row:
    about = world.draw("scheduled_plans", index)
    created = about.between(OPENED, NOW - 86_400)
    updated = about.between(created, NOW)
    subject = _subject(world, about, index)
    department = index % len(DEPARTMENTS)
    name = fill(about, department, "{topic} to {person} ({period})")
    return {
        "name": name,
        "user_id": world.id("users", _plan_owner(world, index)),
        "run_as_recipient": about.chance(0.1),
        "enabled": about.chance(0.85),
        **subject,
        "require_results": about.chance(0.2),
        "require_no_results": False,
        "require_change": about.chance(0.2),
        "send_all_results": False,
        "crontab": about.pick(_CRONS),
        "datagroup": None,
        "timezone": about.pick(("UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Tokyo")),
        "query_id": query_id(Owner("scheduled_plans", index)) if plan_runs_query(index) else None,
        "id": world.id("scheduled_plans", index),
        "created_at": moment(created),
        "updated_at": moment(updated),
        "title": name,
        "next_run_at": moment(NOW + about.between(60, 2_592_000)),
        "last_run_at": moment(about.between(updated, NOW)) if about.chance(0.9) else None,
        "can": _CAN,
    }


def _plan_owner(world: World, index: int) -> int:
    """Every eighth plan is the API user's own."""
    if index % 8 == 0:
        return 0
    return world.scatter("owner of plan", index) % world.count("users")


def _subject(world: World, about: Draw, index: int) -> Row:
    kinds = [type_ for type_ in ("dashboards", "dashboards", "looks") if world.count(type_)]
    subject: Row = {"look_id": None, "dashboard_id": None, "lookml_dashboard_id": None}
    if kinds and not plan_runs_query(index):
        type_ = about.pick(kinds)
        shown = world.id(type_, about.between(0, world.count(type_) - 1))
        subject["dashboard_id" if type_ == "dashboards" else "look_id"] = shown
    return subject


def _plan_nested(world: World, index: int, columns: Row) -> Row:
    about = world.draw("scheduled_plans", index, "more")
    count = about.between(1, 3)
    return {
        "filters_string": f"?Region={about.pick(REGIONS)}&Period=last+30+days",
        "dashboard_filters": None,
        "scheduled_plan_destination": [
            _destination(about, index, place, columns) for place in range(count)
        ],
        "run_once": False,
        "include_links": about.chance(0.7),
        "include_dashboard_summary": False,
        "custom_url_base": None,
        "custom_url_params": None,
        "custom_url_label": None,
        "show_custom_url": False,
        "pdf_paper_size": about.pick((None, "a4", "letter")),
        "pdf_landscape": about.chance(0.3),
        "embed": False,
        "color_theme": None,
        "long_tables": about.chance(0.2),
        "pdf_page_breaks": False,
        "tab_ids": None,
        "inline_table_width": None,
        "user": _public_user(world, columns["user_id"]),
        "future_flag": {"retries": raw(b"1e1"), "since": None},
    }


def _public_user(world: World, user_id: object) -> Row:
    user = world.columns("users", world.index("users", user_id))
    return {
        "can": can(show=True),
        "id": user["id"],
        "first_name": user["first_name"],
        "last_name": user["last_name"],
        "display_name": user["display_name"],
        "avatar_url": "https://gravatar.lookercdn.com/avatar/0?d=blank",
        "url": f"{world.host}/api/4.0/users/{user['id']}",
    }


def _destination(about: Draw, plan: int, place: int, columns: Row) -> Row:
    kind = about.pick(("email", "email", "webhook", "s3", "sftp"))
    secret = plain({"secret": about.slug(32)}).decode()
    return {
        "id": str(plan * 4 + place + 1),
        "scheduled_plan_id": columns["id"],
        "format": about.pick(("wysiwyg_pdf", "csv_zip", "xlsx", "inline_table", "json_detail")),
        "apply_formatting": about.chance(0.5),
        "apply_vis": about.chance(0.5),
        "address": _address(about, kind),
        "looker_recipient": kind == "email" and about.chance(0.6),
        "type": kind,
        "parameters": None if kind == "email" else plain({"region": "eu-west-1"}).decode(),
        "secret_parameters": None if kind == "email" else secret,
        "message": note(about, plan % len(DEPARTMENTS)) if about.chance(0.3) else None,
    }


def _address(about: Draw, kind: str) -> str:
    return {
        "email": f"team-{about.hex(4)}@demo.example",
        "webhook": f"https://hooks.demo.example/{about.hex(12)}",
        "s3": f"s3://demo-exports-{about.hex(4)}/daily/",
        "sftp": f"sftp://files.demo.example/in/{about.hex(6)}",
    }[kind]


# Alerts: the odd fifth is disabled; every sixth belongs to the API user

_COMPARISONS = (
    "EQUAL_TO",
    "GREATER_THAN",
    "GREATER_THAN_OR_EQUAL_TO",
    "LESS_THAN",
    "LESS_THAN_OR_EQUAL_TO",
    "INCREASES_BY",
)


def _alert_owner(world: World, index: int) -> int:
    if index % 6 == 0:
        return 0
    return world.scatter("owner of alert", index) % world.count("users")


def _watched(world: World, index: int) -> tuple[str, int] | None:
    """Of a seeded alert: a created one may come after its dashboard has gone."""
    place = tile_of_alert(world, index) if index < world.count("alerts") else None
    return ("dashboards", place[0]) if place else None


def _alert_columns(world: World, index: int) -> Row:
    about = world.draw("alerts", index)
    place = tile_of_alert(world, index)
    disabled = index % 5 == 3
    return {
        "comparison_type": about.pick(_COMPARISONS),
        "cron": about.pick(_CRONS),
        "query_id": query_id(Owner("dashboards", *place)) if place else None,
        "custom_title": fill(about, index % len(DEPARTMENTS), "{topic} below plan – {region}")
        if about.chance(0.5)
        else None,
        "dashboard_element_id": element_id(*place) if place else None,
        "description": note(about, index % len(DEPARTMENTS)) if about.chance(0.4) else None,
        "id": world.id("alerts", index),
        "is_disabled": disabled,
        "disabled_reason": "Query failed 5 times in a row." if disabled else None,
        "is_public": about.chance(0.4),
        "owner_id": world.id("users", _alert_owner(world, index)),
        "threshold": raw(str(about.between(1, 9_999)).encode() + about.pick((b"", b".0", b".10"))),
    }


def _alert_nested(world: World, index: int, columns: Row) -> Row:
    about = world.draw("alerts", index, "more")
    place = tile_of_alert(world, index)
    explore = explore_of(world, Owner("dashboards", *(place or (0, 0))))
    measure = about.pick(explore.measures)
    dashboard = world.columns("dashboards", place[0]) if place else None
    return {
        "applied_dashboard_filters": [
            {
                "filter_title": "Region",
                "field_name": explore.dimensions[0],
                "filter_value": about.pick(REGIONS),
                "filter_description": "is",
            }
        ],
        "custom_url_base": None,
        "custom_url_params": None,
        "custom_url_label": None,
        "show_custom_url": False,
        "enhancements": None,
        "destinations": [_alert_destination(about) for _ in range(about.between(1, 2))],
        "field": {
            "title": measure.split(".")[-1].replace("_", " ").title(),
            "name": measure,
            "filter": [],
        },
        "followed": False,
        "followable": bool(columns["is_public"]),
        "investigative_content_type": "dashboard" if dashboard else None,
        "investigative_content_id": dashboard["id"] if dashboard else None,
        "investigative_content_title": dashboard["title"] if dashboard else None,
        "lookml_dashboard_id": None,
        "lookml_link_id": None,
        "owner_display_name": world.columns("users", world.index("users", columns["owner_id"]))[
            "display_name"
        ],
        "time_series_condition_state": None,
        "future_flag": about.chance(0.5),
    }


def _alert_destination(about: Draw) -> Row:
    if about.chance(0.7):
        return {
            "destination_type": "EMAIL",
            "email_address": f"oncall-{about.hex(3)}@demo.example",
            "action_hub_integration_id": None,
            "action_hub_form_params_json": None,
        }
    return {
        "destination_type": "ACTION_HUB",
        "email_address": None,
        "action_hub_integration_id": "1::slack",
        "action_hub_form_params_json": plain({"channel": f"C{about.hex(8)}"}).decode(),
    }


KINDS = (
    Kind("scheduled_plans", NumberedIds(), _plan_columns, _plan_nested),
    Kind("alerts", NumberedIds(), _alert_columns, _alert_nested, goes_with=_watched),
)
