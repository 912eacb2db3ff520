"""The same content has the same root, and a second run changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lookervault.content.registry import TYPES
from lookervault.demo.server import EmbeddedLooker
from tests.integration.conftest import NewVault
from tests.integration.running import by_type, extraction

pytestmark = pytest.mark.xdist_group("same root")

COUNTS = {
    "dashboards": 24,
    "looks": 24,
    "folders": 24,
    "users": 20,
    "boards": 3,
    "scheduled_plans": 8,
    "alerts": 8,
    "groups": 8,
}
DEFAULT = [name for name, one in TYPES.items() if one.default]


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[EmbeddedLooker, bytes]]:
    """A Looker that nobody changes, and its root."""
    with EmbeddedLooker(200, 5, counts=COUNTS) as looker:
        with extraction(looker, tmp_path_factory.mktemp("root") / "vault.db") as one:
            root = one.run().end.root
        assert root is not None
        yield looker, root


@pytest.fixture
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(200, 5, counts=COUNTS) as one:
        yield one


@pytest.mark.parametrize(
    "config",
    [
        {"workers": 1},
        {"workers": 1, "page_size": 1, "queue_size": 1},
        {"workers": 8, "page_size": 7},
        {"workers": 50, "page_size": 3, "queue_size": 1},
        {"workers": 50, "queue_size": 1000, "page_bytes": 2**16, "bytes_in_flight": 2**16},
    ],
    ids=str,
)
def test_the_root_does_not_depend_on_how_the_work_is_shared_out(
    config: dict[str, float], still: tuple[EmbeddedLooker, bytes], new_vault: NewVault
) -> None:
    looker, root = still
    end = new_vault(looker).run(**config).end  # type: ignore[arg-type]  # numbers of the config
    assert (end.status, end.root) == ("complete", root)


def test_the_root_does_not_depend_on_the_order_of_the_types(
    still: tuple[EmbeddedLooker, bytes], new_vault: NewVault
) -> None:
    looker, root = still
    types = [TYPES[name] for name in reversed(DEFAULT)]
    assert new_vault(looker).run_types(types).end.root == root


def test_the_root_covers_each_type_that_was_asked_for_and_no_other(
    still: tuple[EmbeddedLooker, bytes], new_vault: NewVault
) -> None:
    looker, root = still
    one = new_vault(looker)
    themes = one.run("themes").end.root
    assert themes != root
    assert one.run().end.root == root
    assert one.run("themes").end.root == themes


def test_a_second_run_changes_nothing_and_asks_for_no_immutable_object_again(
    still: tuple[EmbeddedLooker, bytes], new_vault: NewVault
) -> None:
    looker, root = still
    one = new_vault(looker)
    one.run()
    size = one.vault.size_report()
    looker.log.clear()
    second = one.run()
    assert second.end.root == root
    for result in second.end.types:
        assert (result.new, result.changed, result.deleted) == (0, 0, 0), result.type
        assert result.unchanged == result.items
    assert one.vault.size_report().stored == size.stored
    assert not [s for s in looker.log[:] if s.operation_id in ("merge_query", "query")]


# What is no change, and what is one.


def first(looker: EmbeddedLooker, name: str) -> str:
    return looker.store.ids(name)[0]


NO_CHANGE: dict[str, tuple[str, dict[str, Any]]] = {
    "a dashboard is viewed": ("dashboards", {"view_count": 99_999, "last_viewed_at": "2026"}),
    "a dashboard is a favourite": ("dashboards", {"favorite_count": 7, "content_favorite_id": "9"}),
    "another caller may do less": ("dashboards", {"can": {"show": False}}),
    "a look is viewed": ("looks", {"view_count": 99_999, "last_accessed_at": "2026"}),
    "a user logs in": ("users", {"sessions": [{"id": "9"}], "looker_versions": ["99"]}),
    "a plan runs": ("scheduled_plans", {"next_run_at": "2027", "last_run_at": "2026"}),
    "a datagroup triggers": ("datagroups", {"triggered_at": 1, "trigger_check_at": 2}),
    "a group grows": ("groups", {"user_count": 4711}),
    "an owner is renamed": ("alerts", {"owner_display_name": "Somebody Else"}),
}


@pytest.mark.parametrize("what", NO_CHANGE)
def test_what_moves_by_itself_is_no_change(
    what: str, looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    name, fields = NO_CHANGE[what]
    one = new_vault(looker)
    before = one.run(name)
    chosen = first(looker, name)
    body = looker.store.body(name, chosen)
    looker.store.edit_quietly(name, chosen, **fields)
    assert looker.store.body(name, chosen) != body
    after = one.run(name)
    assert by_type(after)[name].unchanged == by_type(after)[name].items
    assert after.end.root == before.end.root


def test_a_renamed_folder_is_a_change_of_the_folder_alone(
    looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    one = new_vault(looker)
    names = ("dashboards", "looks", "folders")
    one.run(*names)
    bodies = [
        json.loads(looker.store.body("dashboards", i)) for i in looker.store.ids("dashboards")
    ]
    folder = next(body["folder_id"] for body in bodies if not body["deleted"])
    looker.store.edit("folders", folder, name="Renamed")
    result = by_type(one.run(*names))
    assert {name: result[name].changed for name in names} == {
        "dashboards": 0,
        "looks": 0,
        "folders": 1,
    }


CHANGE: dict[str, tuple[str, dict[str, Any]]] = {
    "a dashboard's title": ("dashboards", {"title": "New"}),
    "a dashboard's folder": ("dashboards", {"folder_id": "1"}),
    "a look's description": ("looks", {"description": "New"}),
    "a user's locale": ("users", {"locale": "xx"}),
    "a plan's cron": ("scheduled_plans", {"crontab": "1 1 1 1 1"}),
    "an alert's threshold": ("alerts", {"threshold": 4711}),
    "a group's name": ("groups", {"name": "New"}),
    "a theme's settings": ("themes", {"settings": {"background_color": "#123456"}}),
    "a role's model set": ("roles", {"model_set_id": "4"}),
    "a field that nobody knows": ("boards", {"brand_new": {"deep": [1.10, None]}}),
}


@pytest.mark.parametrize("what", [*CHANGE, "one tile"])
def test_what_somebody_edits_is_a_change_of_that_item_alone(
    what: str, looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    name, fields = CHANGE.get(what) or ("dashboards", _with_an_edited_tile(looker))
    one, chosen = new_vault(looker), first(looker, name)
    before = one.run(name)
    looker.store.edit(name, chosen, **fields)
    after = one.run(name)
    result = by_type(after)[name]
    assert (result.changed, result.unchanged) == (1, result.items - 1)
    assert after.end.root != before.end.root
    begun = {row.id: row.first_run for row in one.vault.items(name)}
    assert [i for i, run in begun.items() if run == after.run] == [chosen]
    assert one.vault.body(name, chosen, run=before.run) != one.vault.body(name, chosen)


def _with_an_edited_tile(looker: EmbeddedLooker) -> dict[str, Any]:
    body = json.loads(looker.store.body("dashboards", first(looker, "dashboards")))
    body["dashboard_elements"][-1]["title"] = "Edited"
    return {"dashboard_elements": body["dashboard_elements"]}


def test_two_lookers_of_the_same_content_have_the_same_root(
    still: tuple[EmbeddedLooker, bytes], tmp_path: Path
) -> None:
    with (
        EmbeddedLooker(200, 5, counts=COUNTS) as other,
        extraction(other, tmp_path / "other.db") as one,
    ):
        assert one.run().end.root == still[1]
