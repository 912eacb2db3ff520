from __future__ import annotations

import json
from typing import Any

from lookervault.content.registry import TYPES
from lookervault.history.compare import ABSENT, FieldChange, Kind, compare

DASHBOARDS = TYPES["dashboards"]


def told(before: Any, after: Any, type: str = "dashboards") -> list[tuple[str, Any, Any]]:
    found = compare(TYPES[type], json.dumps(before).encode(), json.dumps(after).encode())
    return [(change.path, change.before, change.after) for change in found]


def tile(id: object, **fields: Any) -> dict[str, Any]:
    return {"id": id, **fields}


def test_tiles_are_matched_by_id_whatever_their_order() -> None:
    before = {"dashboard_elements": [tile("1", title="A"), tile("2"), tile("3")]}
    after = {"dashboard_elements": [tile("4"), tile("3"), tile("1", title="B")]}
    assert told(before, after) == [
        ("dashboard_elements[id=1].title", "A", "B"),
        ("dashboard_elements[id=2]", {"id": "2"}, ABSENT),
        ("dashboard_elements[id=4]", ABSENT, {"id": "4"}),
    ]


def test_another_order_of_tiles_alone_is_said_rather_than_nothing() -> None:
    before, after = ({"dashboard_elements": [tile(i) for i in order]} for order in ("12", "21"))
    (change,) = compare(DASHBOARDS, json.dumps(before).encode(), json.dumps(after).encode())
    assert change == FieldChange(("dashboard_elements",), ["1", "2"], ["2", "1"], Kind.ORDER)


def test_the_order_of_fields_of_a_query_matters() -> None:
    query = {"query": {"fields": ["a.x", "b.y"], "filters": {"orders.date": "90 days"}}}
    other = {"query": {"fields": ["b.y", "a.x"], "filters": {"orders.date": "30 days"}}}
    assert told(query, other, "looks") == [
        ("query.fields", ["a.x", "b.y"], ["b.y", "a.x"]),
        ('query.filters["orders.date"]', "90 days", "30 days"),
    ]


def test_arrays_without_order_are_matched_and_those_with_one_are_not_mixed_up() -> None:
    assert told([{"id": "2"}, {"id": "1"}], [{"id": "1"}, {"id": "2"}], "role_members") == []
    assert told([{"id": "2"}], [{"id": "1"}, {"id": "2"}], "role_members") == [
        ("[id=1]", ABSENT, {"id": "1"})
    ]
    values = [{"group_id": "1", "value": "a"}, {"group_id": "2", "value": "b"}]
    assert told(values, values[::-1], "user_attribute_group_values") == [
        ("", ["1", "2"], ["2", "1"])
    ]


def test_what_is_volatile_is_left_out() -> None:
    before = {"view_count": 1, "dashboard_elements": [tile("1", can={}, query={"can": 1})]}
    after = {"view_count": 2, "dashboard_elements": [tile("1", query={"share_url": "x"})]}
    assert told(before, after) == []


def test_values_of_different_types_differ_and_null_is_not_absence() -> None:
    assert told({"a": 1, "b": None, "c": "1"}, {"a": True, "c": 1, "d": 1.0}) == [
        ("a", 1, True),
        ("b", None, ABSENT),
        ("c", "1", 1),
        ("d", ABSENT, 1),
    ]


def test_an_element_that_was_put_in_between_is_one_change() -> None:
    sources = [{"query_id": str(i), "merge_fields": []} for i in range(6)]
    more = [*sources[:2], {"query_id": "9"}, *sources[2:]]
    assert told({"source_queries": sources}, {"source_queries": more}, "merge_queries") == [
        ("source_queries[2]", ABSENT, {"query_id": "9"})
    ]


def test_what_only_the_bytes_tell_is_said() -> None:
    found = compare(DASHBOARDS, b'{"a":1,"a":2}', b'{"a":3,"a":2}')
    assert [change.kind for change in found] == [Kind.BYTES]
    found = compare(DASHBOARDS, b'{"a":1,"a":2,"can":1}', b'{"a":3,"a":4,"can":2}')
    assert [(change.path, change.before, change.after) for change in found] == [("a", 2, 4)]


def test_depth_and_length_do_no_harm() -> None:
    deep = b'{"a":' * 4000 + b"%d" + b"}" * 4000
    (change,) = compare(DASHBOARDS, deep % 1, deep % 2)
    assert (change.before, change.after) == (1, 2)
    before, after = ([{"n": [i + shift]} for i in range(4000)] for shift in (0, 1))
    assert len(told({"list": before}, {"list": [*after, {}]})) >= 1


def test_groups_in_another_order_are_the_same_groups() -> None:
    before, after = {"group_ids": ["1", "2"], "locale": "en"}, {"group_ids": ["2", "1"]}
    assert told(before, {**after, "locale": "de"}, "users") == [("locale", "en", "de")]
    assert told(before, {**after, "locale": "en"}, "users") == [
        ("group_ids", ["1", "2"], ["2", "1"])
    ]
    assert told(before, {"group_ids": ["1"], "locale": "en"}, "users") == [
        ("group_ids", ["1", "2"], ["1"])
    ]
