"""One object has the same bytes wherever it comes from, and none of them is normalized."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest

from lookervault.demo.server import EmbeddedLooker
from tests.integration.demo.client import Client

#: type: its list or search (the by-id path is `/type/{id}`), with what makes it complete
SAME_EVERYWHERE: dict[str, tuple[str, dict[str, Any]]] = {
    "dashboards": ("/dashboards/search", {}),
    "users": ("/users/search", {}),
    "boards": ("/boards", {}),
    "roles": ("/roles/search", {}),
    "permission_sets": ("/permission_sets/search", {}),
    "model_sets": ("/model_sets/search", {}),
    "scheduled_plans": ("/scheduled_plans", {"all_users": "true"}),
    "user_attributes": ("/user_attributes", {}),
    "themes": ("/themes", {}),
    "color_collections": ("/color_collections", {}),
    "lookml_models": ("/lookml_models", {}),
    "connections": ("/connections", {}),
    "projects": ("/projects", {}),
    "datagroups": ("/datagroups", {}),
    "integrations": ("/integrations", {}),
    "integration_hubs": ("/integration_hubs", {}),
}


def raw_rows(body: bytes) -> list[bytes]:
    return [bytes(row) for row in msgspec.json.decode(body, type=list[msgspec.Raw])]


@pytest.mark.parametrize("type_", SAME_EVERYWHERE)
def test_a_row_of_a_list_is_the_by_id_answer_to_the_byte(
    type_: str, shared_looker: EmbeddedLooker, shared: Client
) -> None:
    path, query = SAME_EVERYWHERE[type_]
    rows = raw_rows(shared.get(path, **query).body)
    names = shared_looker.store.ids(type_)
    trashed = {
        id_ for id_ in names if json.loads(shared_looker.store.body(type_, id_)).get("deleted")
    }
    shown = [id_ for id_ in names if id_ not in trashed]
    assert len(rows) == len(shown) > 0
    for id_, row in zip(shown, rows, strict=True):
        assert shared.get(f"/{type_}/{{}}", id_).body == row == shared_looker.store.body(type_, id_)


def test_alerts_are_the_same_in_both_halves(shared_looker: EmbeddedLooker, shared: Client) -> None:
    halves = [
        shared.get("/alerts/search", all_owners="true", disabled=disabled).body
        for disabled in ("true", "false")
    ]
    rows = {json.loads(row)["id"]: row for half in halves for row in raw_rows(half)}
    assert sorted(rows) == sorted(shared_looker.store.ids("alerts"))
    assert all(shared.get("/alerts/{}", id_).body == row for id_, row in rows.items())


def test_a_look_of_a_search_lacks_its_query_and_a_folders_looks_have_it(shared: Client) -> None:
    (row,) = raw_rows(shared.get("/looks/search", limit=1).body)
    look = json.loads(row)
    whole = shared.get("/looks/{}", look["id"]).body
    assert "query" not in look
    assert json.loads(whole)["query"]["id"] == look["query_id"]
    assert whole.startswith(row[:-1])
    assert whole in raw_rows(shared.get("/folders/{}/looks", look["folder_id"]).body)


def test_a_folder_of_the_list_lacks_what_it_holds(shared: Client) -> None:
    for row in raw_rows(shared.get("/folders").body)[:30]:
        whole = shared.get("/folders/{}", json.loads(row)["id"]).body
        assert whole.startswith(row[:-1])
        assert set(json.loads(whole)) - set(json.loads(row)) == {"dashboards", "looks"}


def test_a_group_of_the_search_has_its_place_in_the_hierarchy(shared: Client) -> None:
    rows = raw_rows(shared.get("/groups/search/with_hierarchy").body)
    for row in rows:
        short = shared.get("/groups/{}", json.loads(row)["id"]).body
        assert row.startswith(short[:-1])
        assert set(json.loads(row)) - set(json.loads(short)) == {"parent_group_ids", "role_ids"}
    assert any(json.loads(row)["parent_group_ids"] for row in rows)


def test_numbers_keep_their_spelling(shared: Client) -> None:
    dashboard = shared.get("/dashboards/1").body
    assert b'"ratio":1.10,"cap":1e3' in dashboard
    assert b"-0.0" in dashboard
    numbers = re.findall(rb"[:,\[](\d{16,})[,}\]]", dashboard)
    assert any(int(number) > 2**53 for number in numbers)


def test_json_is_compact_and_escaped_as_rails_does_it(shared: Client) -> None:
    answer = shared.get("/dashboards/search", limit=30).body
    assert b"\\u003c" in answer
    assert not re.search(rb"[<>&]", answer)
    assert b'": ' not in re.sub(rb'"(?:[^"\\]|\\.)*"', b'""', answer)


def test_fields_cuts_an_object_without_touching_what_is_left(shared: Client) -> None:
    whole = msgspec.json.decode(shared.get("/dashboards/1").body, type=dict[str, msgspec.Raw])
    cheap = shared.get("/dashboards/1", fields="id,updated_at,folder_id").body
    assert cheap == msgspec.json.encode(
        {name: whole[name] for name in ("id", "updated_at", "folder_id")}
    )
    costly = shared.get("/dashboards/1", fields="title,future_flag,dashboard_filters").body
    names = ("title", "dashboard_filters", "future_flag")
    assert costly == msgspec.json.encode({name: whole[name] for name in names})


def test_fields_reach_into_objects_and_lists(shared: Client) -> None:
    answer = shared.get(
        "/dashboards/1", fields="id,folder(id,name),dashboard_elements(id,query(id))"
    )
    dashboard = answer.json()
    assert set(dashboard["folder"]) == {"id", "name"}
    assert {name for tile in dashboard["dashboard_elements"] for name in tile} == {"id", "query"}


def test_two_servers_of_one_seed_say_the_same() -> None:
    with (
        EmbeddedLooker(items=200, seed=7) as one,
        EmbeddedLooker(items=200, seed=7) as other,
        Client(one) as first,
        Client(other) as second,
    ):
        for path in (
            "/dashboards/search",
            "/looks/search",
            "/users/search",
            "/folders",
            "/versions",
        ):
            assert first.get(path).body == second.get(path).body
    assert one.env().keys() == {
        "LOOKERSDK_BASE_URL",
        "LOOKERSDK_CLIENT_ID",
        "LOOKERSDK_CLIENT_SECRET",
    }


def test_another_seed_is_another_company(shared: Client) -> None:
    with EmbeddedLooker(items=300, seed=2) as other, Client(other) as client:
        assert client.get("/looks/1").body != shared.get("/looks/1").body
        assert (
            client.get("/versions").json()["web_server_url"]
            != shared.get("/versions").json()["web_server_url"]
        )


def test_answers_are_compressed_for_clients_that_take_it(
    looker: EmbeddedLooker, client: Client
) -> None:
    plain = client.get("/dashboards/1")
    packed = client.get("/dashboards/1", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.body == plain.body
    looker.behaviour.gzip = False
    unpacked = client.get("/dashboards/1", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in unpacked.headers
