"""What the made-up company's content is like."""

from __future__ import annotations

import json
import statistics
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
import zstandard

from lookervault.demo.population import population
from lookervault.demo.store import Store


@pytest.fixture(scope="module")
def store() -> Store:
    return Store(600, seed=3)


@pytest.fixture(scope="module")
def bodies(store: Store) -> list[bytes]:
    return [store.body("dashboards", id_) for id_ in store.ids("dashboards")]


@pytest.fixture(scope="module")
def dashboards(bodies: list[bytes]) -> list[dict[str, Any]]:
    return [json.loads(body) for body in bodies]


def tiles(dashboards: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return (tile for dashboard in dashboards for tile in dashboard["dashboard_elements"])


def test_dashboards_are_as_large_as_real_ones(
    bodies: list[bytes], dashboards: list[dict[str, Any]]
) -> None:
    counts = [len(dashboard["dashboard_elements"]) for dashboard in dashboards]
    assert min(counts) >= 3
    assert max(counts) <= 31
    assert 16 <= statistics.mean(counts) <= 22
    assert 60_000 <= statistics.mean(map(len, bodies)) <= 110_000


def test_content_compresses_no_better_than_real_content_does(bodies: list[bytes]) -> None:
    """Real dashboards of 27 kB come to about a tenth, each compressed by itself."""
    compressor = zstandard.ZstdCompressor(level=3)
    ratios = [
        len(body) / len(compressor.compress(body))
        for body in bodies
        if 27_000 <= len(body) <= 90_000
    ]
    assert len(ratios) > 20
    assert min(ratios) > 5
    assert max(ratios) < 14


def test_all_kinds_of_tiles_occur(dashboards: list[dict[str, Any]]) -> None:
    seen = set()
    for tile in tiles(dashboards):
        kinds = [
            name
            for name in ("look_id", "merge_result_id", "body_text", "result_maker_id")
            if tile[name] is not None
        ]
        seen.add(tuple(kinds))
    assert seen == {
        ("look_id",),
        ("merge_result_id", "result_maker_id"),
        ("body_text",),
        ("result_maker_id",),
    }


def test_parts_of_dashboards_have_ids_of_their_own(dashboards: list[dict[str, Any]]) -> None:
    for part, inner in (
        ("dashboard_elements", None),
        ("dashboard_filters", None),
        ("dashboard_layouts", "dashboard_layout_components"),
    ):
        parts = [each for dashboard in dashboards for each in dashboard[part]]
        ids = [each["id"] for each in parts]
        assert len(set(ids)) == len(ids)
        if inner:
            ids = [each["id"] for outer in parts for each in outer[inner]]
            assert len(set(ids)) == len(ids)


def test_each_tile_has_its_place_in_the_layout(dashboards: list[dict[str, Any]]) -> None:
    for dashboard in dashboards:
        elements = [tile["id"] for tile in dashboard["dashboard_elements"]]
        for layout in dashboard["dashboard_layouts"]:
            components = layout["dashboard_layout_components"]
            assert [each["dashboard_element_id"] for each in components] == elements


def test_queries_differ(dashboards: list[dict[str, Any]]) -> None:
    queries = [
        tile["query"] for tile in tiles(dashboards) if tile["result_maker"] and tile["query"]
    ]
    slugs = {query["slug"] for query in queries}
    assert len(slugs) == len(queries)
    assert len({json.dumps(query["fields"]) for query in queries}) > len(queries) / 3
    assert any(query["dynamic_fields"] for query in queries)
    assert any(query["pivots"] for query in queries)


def test_titles_come_in_several_scripts_and_with_odd_signs() -> None:
    store = Store(0, counts={"looks": 1_500})
    titles = "\n".join(json.loads(store.body("looks", id_))["title"] for id_ in store.ids("looks"))
    for sign in 'ダยП🚀"\\/<&\t\u2028':
        assert sign in titles
    assert max(map(len, titles.split("\n"))) > 300
    assert len(set(titles.split("\n"))) > 700


def test_secrets_are_there_to_be_removed(store: Store) -> None:
    users = [json.loads(store.body("users", id_)) for id_ in store.ids("users")]
    mails = [user["credentials_email"] for user in users if user["credentials_email"]]
    assert any(mail["password_reset_url"] for mail in mails)
    assert any(mail["account_setup_url"] for mail in mails)
    assert any(user["ui_state"] for user in users)
    plans = [json.loads(store.body("scheduled_plans", id_)) for id_ in store.ids("scheduled_plans")]
    assert any(
        each["secret_parameters"] for plan in plans for each in plan["scheduled_plan_destination"]
    )


def test_folders_lie_in_folders_down_to_the_roots(store: Store) -> None:
    folders = {id_: json.loads(store.body("folders", id_)) for id_ in store.ids("folders")}
    depths = []
    for folder in folders.values():
        above = folder
        depth = 0
        while above["parent_id"] is not None:
            above, depth = folders[above["parent_id"]], depth + 1
        assert above["id"] in ("1", "2", "3", "4", "lookml")
        depths.append(depth)
    assert max(depths) >= 3
    owners = [folder["creator_id"] for folder in folders.values() if folder["is_personal"]]
    assert len(owners) == len(set(owners)) > 0


def test_references_lead_to_something_that_exists(store: Store) -> None:
    for type_ in ("dashboards", "looks"):
        for id_ in store.ids(type_):
            row = json.loads(store.body(type_, id_))
            assert row["user_id"] in store.ids("users")
            assert row["folder_id"] in store.ids("folders")
            assert row["folder"]["id"] == row["folder_id"]
            assert row["content_metadata_id"] in store.ids("content_metadata")


def test_groups_lie_in_groups_in_groups() -> None:
    store = Store(0, counts={"groups": 60})
    above = {
        id_: json.loads(store.row("groups", store.place("groups", id_), detail=False))[
            "parent_group_ids"
        ]
        for id_ in store.ids("groups")
    }
    assert any(
        above[grand] for parents in above.values() for parent in parents for grand in above[parent]
    )


def test_a_hundred_thousand_items_are_ready_at_once_and_in_little_memory() -> None:
    tracemalloc.start()
    store = Store(100_000, seed=9)
    store.body("dashboards", store.ids("dashboards")[-1])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(store.world.population.counts.values()) > 95_000
    assert peak < 30_000_000


def test_nothing_is_computed_when_a_store_is_made() -> None:
    """However large: what is not asked for does not exist yet."""
    tracemalloc.start()
    Store(100_000_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def test_the_seed_alone_decides() -> None:
    assert Store(200, seed=4).body("dashboards", "1") == Store(200, seed=4).body("dashboards", "1")
    assert Store(200, seed=4).body("dashboards", "1") != Store(200, seed=5).body("dashboards", "1")


def test_what_changes_in_one_company_changes_in_no_other_of_the_same_seed() -> None:
    one, other = Store(1, seed=3), Store(1, seed=3)
    id = other.ids("looks")[0]
    before = other.body("looks", id)
    assert one.body("looks", id) == before
    one.edit("looks", id, title="Changed")
    assert json.loads(one.body("looks", id))["title"] == "Changed"
    assert other.body("looks", id) == before == Store(1, seed=3).body("looks", id)


def test_the_mix_adds_up_to_the_size_asked_for() -> None:
    counts = population(10_000).counts
    assert sum(counts.values()) == pytest.approx(10_000, rel=0.02)
    assert counts["looks"] > counts["dashboards"] > counts["users"]


def test_counts_of_single_types_can_be_given() -> None:
    counts = population(0, {"dashboards": 0, "looks": 7}).counts
    assert (counts["dashboards"], counts["looks"], counts["merge_queries"]) == (0, 7, 0)
    with pytest.raises(ValueError, match="no such type to count: lokos"):
        population(0, {"lokos": 1})


@pytest.mark.parametrize("empty", ["dashboards", "looks", "boards", "alerts", "scheduled_plans"])
def test_a_company_may_have_none_of_something(empty: str) -> None:
    store = Store(150, counts={empty: 0})
    assert store.ids(empty) == []
    for type_ in store.world.kinds:
        for id_ in store.ids(type_)[:20]:
            json.loads(store.body(type_, id_))
