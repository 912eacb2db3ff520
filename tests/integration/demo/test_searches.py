"""Lists and searches: filters, sorts, pages, and who may see what."""

from __future__ import annotations

import json

import pytest

from lookervault.demo.behaviour import Behaviour
from lookervault.demo.server import EmbeddedLooker
from tests.integration.demo.client import Client


def columns(looker: EmbeddedLooker, type_: str) -> dict[str, dict[str, object]]:
    return {id_: json.loads(looker.store.body(type_, id_)) for id_ in looker.store.ids(type_)}


def test_without_deleted_the_trash_is_left_out(
    shared_looker: EmbeddedLooker, shared: Client
) -> None:
    for type_, path in (("dashboards", "/dashboards/search"), ("looks", "/looks/search")):
        everything = columns(shared_looker, type_)
        trash = [id_ for id_, row in everything.items() if row["deleted"]]
        assert trash
        assert shared.ids(path, deleted="true") == trash
        assert shared.ids(path) == shared.ids(path, deleted="false")
        assert sorted(shared.ids(path) + trash) == sorted(everything)


def test_a_trashed_item_is_still_found_by_its_id(shared: Client) -> None:
    (trashed, *_) = shared.ids("/looks/search", deleted="true")
    assert shared.get("/looks/{}", trashed).json()["deleted"] is True
    assert trashed not in shared.ids("/looks/search", id=trashed)
    assert shared.ids("/looks/search", id=trashed, deleted="true") == [trashed]


def test_offset_pages_put_together_are_the_whole_list(shared: Client) -> None:
    whole = shared.ids("/looks/search", sorts="id")
    pages = [
        shared.ids("/looks/search", sorts="id", limit=7, offset=at)
        for at in range(0, len(whole) + 7, 7)
    ]
    assert [id_ for page in pages for id_ in page] == whole
    assert pages[-1] == []


def test_numbered_pages_are_the_old_form_and_lose_against_offset(shared: Client) -> None:
    whole = shared.ids("/looks/search")
    assert shared.ids("/looks/search", page=2, per_page=5) == whole[5:10]
    assert shared.ids("/looks/search", page=2, per_page=5, limit=3, offset=1) == whole[1:4]


def test_ids_sort_as_numbers(shared: Client) -> None:
    numbers = [int(id_) for id_ in shared.ids("/looks/search", sorts="id")]
    assert numbers == sorted(numbers)
    assert [int(id_) for id_ in shared.ids("/looks/search", sorts="id desc")] == numbers[::-1]


@pytest.mark.parametrize("field", ["updated_at", "title", "view_count"])
def test_rows_sort_by_a_column(shared: Client, field: str) -> None:
    rows = shared.rows("/looks/search", sorts=f"{field} desc", fields=f"id,{field}")
    values = [row[field] if isinstance(row[field], int) else row[field].casefold() for row in rows]
    assert values == sorted(values, reverse=True)


def test_a_list_of_ids_finds_those_and_no_others(shared: Client) -> None:
    some = shared.ids("/dashboards/search")[3:9]
    assert (
        shared.ids("/dashboards/search", id=",".join([*reversed(some), "999999999", "x"])) == some
    )
    assert shared.ids("/users/search", id="1, 2") == ["1", "2"]
    assert shared.ids("/dashboards/search", id="999999999") == []


def test_a_server_without_id_lists_finds_the_first(looker: EmbeddedLooker, client: Client) -> None:
    looker.behaviour.id_lists = False
    assert client.ids("/dashboards/search", id="2,3") == ["2"]
    assert client.ids("/users", ids="2,3") == ["2"]


@pytest.mark.parametrize("ids", ['["2","3"]', "[2,3]", "2,3", ["2", "3"]])
@pytest.mark.parametrize("path", ["/users", "/roles"])
def test_ids_come_as_an_array_repeated_or_with_commas(
    shared: Client, path: str, ids: str | list[str]
) -> None:
    assert shared.ids(path, ids=ids) == ["2", "3"]


def test_strings_match_with_wildcards_and_without_case(
    shared_looker: EmbeddedLooker, shared: Client
) -> None:
    users = columns(shared_looker, "users")
    expected = [
        id_ for id_, user in users.items() if str(user["last_name"]).lower().startswith("s")
    ]
    assert shared.ids("/users/search", last_name="S%") == expected
    name = users["2"]["first_name"]
    assert "2" in shared.ids("/users/search", first_name=str(name).upper())
    assert "2" not in shared.ids("/users/search", first_name=str(name)[:2])
    assert "2" in shared.ids("/users/search", first_name=str(name)[0] + "_" * (len(str(name)) - 1))


def test_null_and_not_null_split_a_column(shared: Client) -> None:
    empty = shared.ids("/users/search", email="IS NULL")
    full = shared.ids("/users/search", email="NOT NULL")
    assert empty
    assert sorted(empty + full) == sorted(shared.ids("/users/search"))


def test_filters_narrow_down_unless_filter_or_is_given(shared: Client) -> None:
    by_folder = shared.rows("/looks/search", fields="id,folder_id,user_id")
    folder, user = by_folder[0]["folder_id"], by_folder[1]["user_id"]
    both = shared.ids("/looks/search", folder_id=folder, user_id=user)
    either = shared.ids("/looks/search", folder_id=folder, user_id=user, filter_or="true")
    assert set(both) == {
        row["id"] for row in by_folder if (row["folder_id"], row["user_id"]) == (folder, user)
    }
    assert set(either) == {
        row["id"] for row in by_folder if row["folder_id"] == folder or row["user_id"] == user
    }
    assert "3" in shared.ids("/looks/search", folder_id=folder, id="3", filter_or="true")


def test_a_page_has_no_more_rows_than_the_server_allows(
    looker: EmbeddedLooker, client: Client
) -> None:
    looker.behaviour.max_limit = 4
    assert len(client.ids("/looks/search", limit=100)) == 4
    assert len(client.ids("/looks/search")) == 4
    assert len(client.ids("/looks/search", limit=2)) == 2


# Things that are peculiar to one type


def test_plans_of_others_are_shown_when_all_users_is_asked_for(
    shared_looker: EmbeddedLooker, shared: Client
) -> None:
    own = shared.rows("/scheduled_plans", fields="id,user_id")
    assert {plan["user_id"] for plan in own} == {"1"}
    assert shared.ids("/scheduled_plans", all_users="true") == shared_looker.store.ids(
        "scheduled_plans"
    )
    assert len(own) < len(shared_looker.store.ids("scheduled_plans"))
    other = shared.rows("/scheduled_plans", all_users="true", fields="user_id")[1]["user_id"]
    assert {p["user_id"] for p in shared.rows("/scheduled_plans", user_id=other)} == {other}


def test_each_call_for_alerts_shows_one_half(shared: Client) -> None:
    enabled = shared.ids("/alerts/search", all_owners="true")
    disabled = shared.ids("/alerts/search", all_owners="true", disabled="true")
    assert disabled
    assert enabled == shared.ids("/alerts/search", all_owners="true", disabled="false")
    assert not set(enabled) & set(disabled)
    assert len(shared.ids("/alerts/search")) < len(enabled)


def test_an_alert_watches_the_query_of_its_tile(shared: Client) -> None:
    for alert in shared.rows("/alerts/search", all_owners="true"):
        dashboard = shared.get("/dashboards/{}", alert["investigative_content_id"]).json()
        (tile,) = [
            tile
            for tile in dashboard["dashboard_elements"]
            if tile["id"] == alert["dashboard_element_id"]
        ]
        assert tile["query_id"] == alert["query_id"]
        assert tile["alert_count"] >= 1


def test_embed_users_can_be_told_from_the_others() -> None:
    with (
        EmbeddedLooker(items=300, seed=1, counts={"users": 60}) as looker,
        Client(looker) as client,
    ):
        embed = client.rows("/users/search", embed_user="true")
        others = client.ids("/users/search", embed_user="false")
        assert embed
        assert all(user["credentials_embed"] for user in embed)
        assert len(embed) + len(others) == len(client.ids("/users/search")) == 60


def test_a_role_is_held_directly_or_by_way_of_groups(shared: Client) -> None:
    viewer = next(r["id"] for r in shared.rows("/roles/search") if r["name"] == "Viewer")
    everybody = shared.ids("/roles/{}/users", viewer)
    directly = shared.ids("/roles/{}/users", viewer, direct_association_only="true")
    assert set(directly) < set(everybody)
    assert [group["name"] for group in shared.rows("/roles/{}/groups", viewer)] == ["All Users"]
    user = everybody[0]
    assert viewer in shared.get("/users/{}", user).json()["role_ids"]


def test_the_looks_of_a_folder_leave_out_the_trash(looker: EmbeddedLooker, client: Client) -> None:
    look, folder = client.rows("/looks/search", fields="id,folder_id", limit=1)[0].values()
    assert look in client.ids("/folders/{}/looks", folder)
    looker.store.trash("looks", look)
    assert look not in client.ids("/folders/{}/looks", folder)


def test_folders_hold_exactly_the_looks_and_dashboards_that_name_them(shared: Client) -> None:
    for type_ in ("looks", "dashboards"):
        in_folders = {
            (row["id"], folder)
            for folder in shared.ids("/folders")
            for row in shared.get("/folders/{}", folder).json()[type_]
        }
        named = {
            (row["id"], row["folder_id"])
            for row in shared.rows(f"/{type_}/search", fields="id,folder_id")
        }
        assert in_folders == named


def test_what_does_not_inherit_has_an_access_list(shared: Client) -> None:
    children = [
        row
        for folder in shared.ids("/folders")
        for row in shared.rows("/content_metadata", parent_id=folder)
    ]
    assert {row["content_type"] for row in children} == {"folder", "dashboard", "look"}
    closed = [row["id"] for row in children if not row["inherits"]]
    assert closed
    for row in children[:40]:
        accesses = shared.rows("/content_metadata_access", content_metadata_id=row["id"])
        assert bool(accesses) is not row["inherits"]
        assert all(
            (access["group_id"] is None) != (access["user_id"] is None) for access in accesses
        )


def test_the_parent_of_metadata_may_be_meant_otherwise(
    looker: EmbeddedLooker, client: Client
) -> None:
    by_folder = client.get("/content_metadata", parent_id="1").body
    looker.behaviour.parent_id_is = "metadata"
    assert client.get("/content_metadata", parent_id="4").body == by_folder
    assert client.get("/content_metadata", parent_id="1").status == 404


def test_merged_queries_name_queries_that_exist(shared: Client) -> None:
    merged = [
        tile["merge_result_id"]
        for dashboard in shared.rows(
            "/dashboards/search", fields="dashboard_elements(merge_result_id)"
        )
        for tile in dashboard["dashboard_elements"]
        if tile["merge_result_id"]
    ]
    assert merged
    for id_ in merged:
        merge = shared.get("/merge_queries/{}", id_).json()
        assert len(merge["source_queries"]) >= 2
        for source in merge["source_queries"]:
            assert shared.get("/queries/{}", source["query_id"]).json()["id"] == source["query_id"]


def test_a_query_is_the_same_by_itself_and_in_its_tile(shared: Client) -> None:
    dashboard = shared.get("/dashboards/2")
    tile = next(tile for tile in dashboard.json()["dashboard_elements"] if tile["query_id"])
    query = shared.get("/queries/{}", tile["query_id"])
    assert dashboard.body.count(query.body) == 2
    assert tile["query"] == tile["result_maker"]["query"] == query.json()


def test_plans_may_send_a_query_that_nothing_embeds(shared: Client) -> None:
    plans = shared.rows("/scheduled_plans", all_users="true")
    queries = [plan["query_id"] for plan in plans if plan["query_id"]]
    assert queries
    assert all(shared.get("/queries/{}", query).status == 200 for query in queries)


# Permissions


def test_what_is_hidden_is_listed_but_not_handed_out(
    looker: EmbeddedLooker, client: Client
) -> None:
    looker.behaviour.hidden_ids["looks"] = {"2"}
    assert "2" in client.ids("/looks/search")
    assert client.ids("/looks/search", id="1,2,3") == ["1", "3"]
    assert client.get("/looks/2").status == 404


def test_what_is_invisible_is_nowhere(looker: EmbeddedLooker, client: Client) -> None:
    looker.behaviour.invisible_ids["looks"] = {"2"}
    assert "2" not in client.ids("/looks/search")
    assert client.get("/looks/2").status == 404


@pytest.mark.parametrize("status", [403, 404])
def test_an_operation_may_be_forbidden(looker: EmbeddedLooker, client: Client, status: int) -> None:
    looker.behaviour.forbidden["all_connections"] = status
    assert client.get("/connections").status == status
    assert client.get("/connections/warehouse").status == 200


def test_an_api_user_with_a_limited_role_sees_a_part() -> None:
    with EmbeddedLooker(300, 1, Behaviour(admin=False)) as looker, Client(looker) as client:
        me = client.get("/user").json()
        (role,) = client.rows("/users/{}/roles", me["id"])
        assert me["role_ids"] == [role["id"]]
        assert not role["permission_set"]["all_access"]
        assert 0 < len(client.ids("/looks/search")) < len(looker.store.ids("looks"))
        assert {p["user_id"] for p in client.rows("/scheduled_plans", all_users="true")} == {"1"}


def test_an_admin_is_one_by_an_all_access_role(shared: Client) -> None:
    me = shared.get("/user").json()
    roles = shared.rows("/users/{}/roles", me["id"])
    assert any(
        role["permission_set"]["all_access"] and role["model_set"]["all_access"] for role in roles
    )


def test_a_name_with_a_slash_is_found(shared: Client) -> None:
    assert shared.get("/connections/{}", "events/bq").json()["name"] == "events/bq"
    assert shared.get("/integrations/{}", "2::jira/cloud").json()["id"] == "2::jira/cloud"


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/groups/search/with_hierarchy", {"name": "all%"}, ["1"]),
        ("/groups/search/with_hierarchy", {"externally_orphaned": "true"}, []),
        ("/roles/search", {"name": "ADMIN"}, ["2"]),
        ("/roles/search", {"built_in": "true"}, ["2"]),
        ("/permission_sets/search", {"permissions": "administer"}, ["1"]),
        ("/permission_sets/search", {"all_access": "true"}, ["1"]),
        ("/model_sets/search", {"models": "hr,finance"}, ["1", "4", "8"]),
        (
            "/integrations",
            {"integration_hub_id": "1"},
            ["1::slack", "1::google_sheets", "1::sftp", "1::airtable"],
        ),
        ("/users/search", {"full_name": "lookervault%"}, ["1"]),
    ],
)
def test_each_search_has_filters_of_its_own(
    shared: Client, path: str, query: dict[str, str], expected: list[str]
) -> None:
    assert shared.ids(path, **query) == expected


def test_users_are_found_by_their_group(shared: Client) -> None:
    group = shared.get("/users/2").json()["group_ids"][-1]
    members = shared.rows("/users/search", group_id=group, fields="id,group_ids")
    assert "2" in [user["id"] for user in members]
    assert all(group in user["group_ids"] for user in members)


def test_all_dashboards_are_abbreviated_and_those_of_lookml_among_them(
    shared_looker: EmbeddedLooker, shared: Client
) -> None:
    ids = shared.ids("/dashboards")
    assert ids == shared.ids("/dashboards/search") + shared_looker.store.ids("lookml_dashboards")
    assert not set(shared.ids("/dashboards/lookml/search")) & set(shared.ids("/dashboards/search"))


def test_a_dashboards_metadata_has_no_children(looker: EmbeddedLooker, client: Client) -> None:
    looker.behaviour.parent_id_is = "metadata"
    assert client.rows("/content_metadata", parent_id="5") == []
