"""Content that changes while the server runs."""

from __future__ import annotations

import json

import pytest

from lookervault.demo.server import EmbeddedLooker
from tests.integration.demo.client import Client

CREATABLE = [
    "dashboards",
    "looks",
    "folders",
    "boards",
    "users",
    "groups",
    "roles",
    "scheduled_plans",
    "alerts",
    "themes",
    "lookml_models",
    "merge_queries",
]


def test_a_deletion_shifts_the_pages_behind_it(looker: EmbeddedLooker, client: Client) -> None:
    whole = client.ids("/looks/search", sorts="id")
    first = client.ids("/looks/search", sorts="id", limit=5)
    looker.store.delete("looks", first[0])
    second = client.ids("/looks/search", sorts="id", limit=5, offset=5)
    assert second == whole[6:11]
    assert client.get("/looks/{}", first[0]).status == 404
    assert client.ids("/looks/search", id=first[0]) == []


def test_a_creation_comes_after_all_others(looker: EmbeddedLooker, client: Client) -> None:
    new = looker.store.create("looks", title="Brand new", folder_id="1")
    assert client.ids("/looks/search")[-1] == new
    look = client.get("/looks/{}", new).json()
    assert (look["title"], look["folder_id"], look["deleted"]) == ("Brand new", "1", False)
    assert look["query"]["id"] == look["query_id"]
    assert new in client.ids("/folders/1/looks")
    assert client.ids("/looks/search", sorts="updated_at")[-1] == new


@pytest.mark.parametrize("type_", CREATABLE)
def test_any_type_can_grow_and_shrink(looker: EmbeddedLooker, client: Client, type_: str) -> None:
    new = looker.store.create(type_)
    path = f"/{type_}/{{}}"
    assert client.get(path, new).json().get("id", new) == new
    looker.store.delete(type_, new)
    assert client.get(path, new).status == 404
    assert looker.store.create(type_) != new


def test_a_deleted_dashboard_takes_its_alerts_along(looker: EmbeddedLooker, client: Client) -> None:
    def alerts() -> dict[str, str]:
        """And the dashboard that each one watches."""
        halves = [
            client.rows("/alerts/search", all_owners="true", disabled=disabled)
            for disabled in ("false", "true")
        ]
        return {row["id"]: row["investigative_content_id"] for half in halves for row in half}

    before = alerts()
    watched = before[min(before)]
    looker.store.trash("dashboards", watched)
    assert alerts() == before
    looker.store.delete("dashboards", watched)
    gone = {i for i, dashboard in before.items() if dashboard == watched}
    assert alerts() == {i: dashboard for i, dashboard in before.items() if i not in gone}
    assert {client.get("/alerts/{}", i).status for i in gone} == {404}
    new = looker.store.create("alerts")
    assert client.get("/alerts/{}", new).status == 200


def test_an_edit_moves_updated_at_and_a_quiet_one_does_not(
    looker: EmbeddedLooker, client: Client
) -> None:
    before = client.get("/dashboards/2").json()
    looker.store.edit_quietly("dashboards", "2", view_count=before["view_count"] + 1)
    seen = client.get("/dashboards/2").json()
    assert seen == before | {"view_count": before["view_count"] + 1}
    looker.store.edit("dashboards", "2", title="Renamed")
    after = client.get("/dashboards/2").json()
    assert after["title"] == "Renamed"
    assert after["updated_at"] > before["updated_at"]
    assert client.rows("/dashboards/search", id="2", fields="title") == [{"title": "Renamed"}]


def test_nested_and_unknown_fields_can_be_changed_too(
    looker: EmbeddedLooker, client: Client
) -> None:
    looker.store.edit("dashboards", "2", dashboard_filters=[], brand_new={"deep": [1, None]})
    dashboard = client.get("/dashboards/2").json()
    assert dashboard["dashboard_filters"] == []
    assert dashboard["brand_new"] == {"deep": [1, None]}
    looker.store.edit("looks", "2", query={"id": "1", "model": "m", "view": "v"})
    assert client.get("/looks/2").json()["query"]["model"] == "m"
    assert "query" not in client.rows("/looks/search", id="2")[0]


def test_a_renamed_folder_is_renamed_wherever_it_is_shown(
    looker: EmbeddedLooker, client: Client
) -> None:
    dashboard = client.get("/dashboards/2").json()
    looker.store.edit("folders", dashboard["folder_id"], name="Somewhere else")
    again = client.get("/dashboards/2").json()
    assert again["folder"]["name"] == "Somewhere else"
    assert again["updated_at"] == dashboard["updated_at"]


def test_content_can_be_moved_to_another_folder(looker: EmbeddedLooker, client: Client) -> None:
    (look,) = client.rows("/looks/search", limit=1, fields="id,folder_id")
    looker.store.edit("looks", look["id"], folder_id="2")
    assert look["id"] in client.ids("/folders/2/looks")
    assert look["id"] not in client.ids("/folders/{}/looks", look["folder_id"])


def test_the_trash_takes_and_gives_back(looker: EmbeddedLooker, client: Client) -> None:
    looker.store.trash("dashboards", "2")
    assert "2" not in client.ids("/dashboards/search")
    assert "2" in client.ids("/dashboards/search", deleted="true")
    trashed = client.get("/dashboards/2").json()
    assert (trashed["deleted"], trashed["deleter_id"]) == (True, "1")
    assert trashed["deleted_at"]
    looker.store.restore("dashboards", "2")
    assert "2" in client.ids("/dashboards/search")
    assert client.get("/dashboards/2").json()["deleted_at"] is None


def test_users_have_no_trash(looker: EmbeddedLooker) -> None:
    with pytest.raises(ValueError, match="users have no trash"):
        looker.store.trash("users", "2")


def test_what_does_not_exist_cannot_be_changed(looker: EmbeddedLooker) -> None:
    with pytest.raises(KeyError, match="looks 999999999"):
        looker.store.edit("looks", "999999999", title="x")
    with pytest.raises(ValueError, match="queries follow from other objects"):
        looker.store.create("queries")


@pytest.mark.parametrize(
    "body",
    [
        b'{"id":"2","title":"a","title":"b"}',
        b'{"id":"2","size":1e400}',
        b'{"id":"2","title":"\\ud800"}',
        b'{"id":"2","deep":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{ "id" : "2" }',
        b'{"id":"2","title":"cut o',
    ],
    ids=["duplicate keys", "1e400", "lone surrogate", "deep", "spaces", "no JSON"],
)
def test_a_hostile_body_is_served_verbatim(
    looker: EmbeddedLooker, client: Client, body: bytes
) -> None:
    updated_at = client.get("/dashboards/2").json()["updated_at"]
    looker.store.put_raw("dashboards", "2", body)
    assert client.get("/dashboards/2").body == body == looker.store.body("dashboards", "2")
    page = client.get("/dashboards/search", id="1,2,3").body
    assert b"," + body + b"," in page
    assert client.rows("/dashboards/search", id="2", fields="id,updated_at") == [
        {"id": "2", "updated_at": updated_at}
    ]
    assert client.get("/dashboards/2", fields="id,dashboard_elements").json()["id"] == "2"


def test_an_access_list_can_be_opened_and_closed(looker: EmbeddedLooker, client: Client) -> None:
    closed = next(
        row["id"] for row in client.rows("/content_metadata", parent_id="1") if row["inherits"]
    )
    assert client.rows("/content_metadata_access", content_metadata_id=closed) == []
    looker.store.edit("content_metadata", closed, inherits=False)
    accesses = client.rows("/content_metadata_access", content_metadata_id=closed)
    assert len(accesses) >= 2
    looker.store.delete("content_metadata_access", accesses[0]["id"])
    assert client.rows("/content_metadata_access", content_metadata_id=closed) == accesses[1:]


def test_every_id_of_the_store_has_a_body(looker: EmbeddedLooker) -> None:
    for type_ in looker.store.world.kinds:
        for id_ in looker.store.ids(type_):
            json.loads(looker.store.body(type_, id_))


def test_an_alert_and_a_plan_can_change_hands(looker: EmbeddedLooker, client: Client) -> None:
    own_alerts, own_plans = client.ids("/alerts/search"), client.ids("/scheduled_plans")
    alerts = client.ids("/alerts/search", all_owners="true")
    plans = client.ids("/scheduled_plans", all_users="true")
    alert = next(id_ for id_ in alerts if id_ not in own_alerts)
    plan = next(id_ for id_ in plans if id_ not in own_plans)
    looker.store.edit("alerts", alert, owner_id="1")
    looker.store.edit("scheduled_plans", plan, user_id="1")
    assert alert in client.ids("/alerts/search")
    assert plan in client.ids("/scheduled_plans")
