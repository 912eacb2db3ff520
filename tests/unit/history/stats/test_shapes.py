"""Bodies that are built in any way: what fits counts, and nothing raises."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from lookervault.history.stats.facts import READERS, Facts, Link, tile_ids
from lookervault.history.stats.shapes import Id, Shape, id_text


class _Part(msgspec.Struct):
    id: Id = None
    title: str | None = None


class _Whole(msgspec.Struct):
    owner: Id = None
    on: bool | None = None
    part: _Part | None = None
    parts: list[_Part | None] | None = None


SHAPE = Shape(_Whole)


def test_what_does_not_fit_is_as_if_it_were_not_there() -> None:
    body: dict[str, Any] = {
        "owner": 7,
        "on": "yes",
        "part": [1],
        "parts": [{"id": "a", "title": 3}, None, "b", {"id": [], "title": "c"}],
    }
    assert SHAPE.read(json.dumps(body).encode()) == _Whole(
        owner=7, parts=[_Part("a"), None, None, _Part(title="c")]
    )


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b'"\xff"', b"{" * 5, b"[" * 100_000, b'{"owner":' + b"[" * 100_000],
)
def test_what_is_no_object_is_an_empty_one(body: bytes) -> None:
    assert SHAPE.read(body) == _Whole()
    for read in READERS.values():
        assert {link.id for link in read("1", body).links} <= {None}
    assert tile_ids(body) == set()


def test_numbers_beyond_any_id_are_none() -> None:
    for digits in (20, 400, 5000):
        body = b'{"on": 1, "owner": ' + b"9" * digits + b', "part": {"id": "a"}}'
        assert id_text(SHAPE.read(body).owner) is None


def test_ids_are_text() -> None:
    assert [id_text(one) for one in ("7", 7, 0, "", None, -1, 10**5000)] == [
        "7", "7", "0", None, None, None, None,
    ]  # fmt: skip


ODD: tuple[Any, ...] = (None, True, 1.5, -1, "", "x\x1b", [], [None], [[1]], {}, {"id": {}}, [{}])
MEMBERS = (
    "user_id", "owner_id", "creator_id", "is_personal", "created_at", "deleted_at", "parent_id",
    "dashboard_elements", "board_sections", "enabled", "is_disabled", "dashboard_id", "look_id",
    "investigative_content_type", "investigative_content_id", "dashboard_element_id",
    "permission_set", "permission_set_id", "model_set", "parent_group_ids", "role_ids", "models",
)  # fmt: skip


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("type", READERS)
def test_no_member_of_any_kind_upsets_a_reader(type: str, odd: Any) -> None:
    for body in (dict.fromkeys(MEMBERS, odd), [odd, {"group_id": odd, "user_id": odd}]):
        facts = READERS[type]("1/users", json.dumps(body).encode())
        assert all(link.id is None or isinstance(link.id, str) for link in facts.links)
        assert facts.owner is None or isinstance(facts.owner, str)


def test_a_dashboard_refers_to_the_looks_of_its_tiles() -> None:
    body = {
        "user_id": 4,
        "dashboard_elements": [
            {"id": "1", "title": "Revenue", "look_id": 9},
            {"id": "2", "look_id": "8"},
            {"id": "3", "query_id": "5"},
        ],
    }
    assert READERS["dashboards"]("1", json.dumps(body).encode()) == Facts(
        owner="4", links=(Link("tile Revenue", "looks", "9"), Link("tile 2", "looks", "8"))
    )
