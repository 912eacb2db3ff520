from __future__ import annotations

import json
from typing import Any

from lookervault.content.registry import TYPES
from lookervault.history.compare import compare
from lookervault.history.names import item_name
from lookervault.history.telling import lines, telling
from lookervault.history.words import Context, plain, values


class Called:
    """Names as of a run: the folder was renamed by the second one."""

    def of(self, type: str, id: str, run: int) -> str | None:
        return {
            ("folders", "3", 1): "Drafts",
            ("folders", "4", 1): "Sales (old)",
            ("folders", "4", 2): "Sales",
            ("users", "6", 2): "Ana",
            ("groups", "7", 1): "Finance",
            ("groups", "8", 2): "Board",
            ("roles", "2", 1): "Admin",
            ("roles", "5", 2): "Viewer",
        }.get((type, id, run))

    def folder_of(self, content_metadata_id: str) -> str | None:
        return {"40": "3"}.get(content_metadata_id)


NAMES = Called()


def said(before: Any, after: Any, type: str = "dashboards", id: str = "1") -> list[str]:
    fields = compare(TYPES[type], json.dumps(before).encode(), json.dumps(after).encode())
    context = Context(NAMES, type, id, 1, 2)
    return [plain(line) for line in lines(telling(fields) or fields, context)]


def tile(query: dict[str, Any], **more: Any) -> dict[str, Any]:
    """As Looker gives it: the query twice, and its names."""
    full = {"model": "m", "fields": ["orders.count"], **query}
    maker = {"id": f"m{query['id']}", "query_id": query["id"], "query": full, "sorts": []}
    element = {"id": "12", "title": "Revenue by month", "query": full, "query_id": query["id"]}
    maker_id = f"m{query['id']}"
    return {**element, "result_maker": maker, "result_maker_id": maker_id, **more}


def test_a_filter_of_a_tile_is_one_line_in_the_words_of_the_matter() -> None:
    before = tile({"id": "1", "slug": "a", "filters": {"orders.created_date": "90 days"}})
    after = tile({"id": "2", "slug": "b", "filters": {"orders.created_date": "30 days"}})
    assert said({"dashboard_elements": [before]}, {"dashboard_elements": [after]}) == [
        "tile *Revenue by month*: filter orders.created_date 90 days → 30 days"
    ]


def test_a_tile_that_shows_another_query_says_so_where_nothing_else_does() -> None:
    before, after = {"query_id": "1", "updated_at": "x"}, {"query_id": "2", "updated_at": "y"}
    assert said(before, after, "looks") == ["query id 1 → 2"]
    assert said({"updated_at": "x"}, {"updated_at": "y"}) == ["updated at x → y"]


def test_a_move_names_the_folders_as_of_each_run() -> None:
    assert said({"folder_id": "3"}, {"folder_id": "4"}) == ["moved from folder *Drafts* to *Sales*"]
    assert said({"parent_id": "4"}, {"parent_id": "99"}, "folders") == [
        "moved from folder *Sales (old)* to *99*"
    ]


def test_places_and_sizes_of_a_tile_are_one_line() -> None:
    def layout(**place: Any) -> dict[str, Any]:
        part = {"id": "5", "dashboard_element_id": "12", "element_title": "Revenue", **place}
        return {"dashboard_layouts": [{"id": "1", "dashboard_layout_components": [part]}]}

    before = layout(row=0, column=0, width=8, granular_row=0, vis_type="a")
    after = layout(row=4, column=8, width=12, granular_row=48, vis_type="b")
    assert said(before, after) == [
        "tile *Revenue*: moved, row 0 → 4, column 0 → 8, width 8 → 12",
    ]


def test_a_tile_that_came_brings_its_place_without_a_word() -> None:
    part = {"id": "5", "dashboard_element_id": "12", "row": 0}
    empty = [{"id": "1", "dashboard_layout_components": []}]
    before = {"dashboard_elements": [], "dashboard_layouts": empty}
    after = {"dashboard_elements": [{"id": "12", "title_text": "Notes"}]}
    layouts = [{"id": "1", "dashboard_layout_components": [part]}]
    assert said(before, {**after, "dashboard_layouts": layouts}) == ["tile *Notes* added"]


def test_groups_and_roles_have_names() -> None:
    before = {"group_ids": ["7"], "role_ids": []}
    assert said(before, {"group_ids": ["8"], "role_ids": ["5", "9"]}, "users") == [
        "joined group *Board*, left group *Finance*",
        "given role *Viewer*, *9*",
    ]
    assert said([{"id": "6"}], [], "role_members", "2/users") == ["user *Ana* removed"]
    row = {"id": "1", "group_id": "7", "user_id": None, "permission_type": "edit"}
    assert said([], [row], "content_metadata_access") == ["group *Finance* added (edit)"]
    assert item_name(NAMES, "role_members", "2/users", None, 1) == "users with role Admin"
    assert item_name(NAMES, "role_members", "3/users", None, 1) is None
    assert item_name(NAMES, "content_metadata_access", "40", None, 1) == "access to Drafts"
    assert item_name(NAMES, "content_metadata_access", "41", None, 1) is None


def test_a_schedule_in_words() -> None:
    there = {"id": "1", "address": "a@example.com", "format": "csv"}
    before = {"enabled": True, "crontab": "0 7 * * 1", "scheduled_plan_destination": [there]}
    other = {"id": "2", "address": "b@example.com", "format": "pdf"}
    after = {"enabled": False, "crontab": "0 6 * * 1", "scheduled_plan_destination": [other]}
    assert said(before, after, "scheduled_plans") == [
        "switched off",
        "times 0 7 * * 1 → 0 6 * * 1",
        "destination *a@example.com* removed (csv)",
        "destination *b@example.com* added (pdf)",
    ]


def test_lists_of_fields_say_what_came_and_went() -> None:
    before, after = {"query": {"fields": ["a", "b"]}}, {"query": {"fields": ["b", "c"]}}
    assert said(before, after, "looks") == ["fields + c, − a"]
    assert said(before, {"query": {"fields": ["b", "a"]}}, "looks") == ["fields in another order"]
    assert said({"fields": [1]}, {"fields": [1, 1]}) == ["fields [1] → [1,1]"]


def test_long_values_are_shown_where_they_differ() -> None:
    before, after = values("x" * 500 + "before" + "y" * 500, "x" * 500 + "after" + "y" * 500)
    assert "before" in before
    assert "after" in after
    assert len(before) < 100
    assert values(None, "") == ("nothing", '""')
    assert values(True, [1]) == ("yes", "[1]")


def test_whatever_an_object_looks_like_something_is_said() -> None:
    odd: list[tuple[Any, Any]] = [
        ({"folder_id": {}}, {"folder_id": []}),
        ({"group_ids": [[1]]}, {"group_ids": [{}]}),
        ({"title": None}, {"title": {"a": 1}}),
        ({"dashboard_elements": [{"id": "1", "look": 3}]}, {"dashboard_elements": [{"id": "2"}]}),
        ([1], {"a": 1}),
        (None, 1),
        ({"result_maker": None}, {"result_maker": {"query": None}}),
        ({"query": 1}, {"query": {"id": 1}}),
        ({"enabled": None}, {"enabled": 1}),
    ]
    for type in TYPES:
        for before, after in odd:
            assert all(said(before, after, type)), (type, before, after)
            assert all(said(after, before, type)), (type, before, after)
