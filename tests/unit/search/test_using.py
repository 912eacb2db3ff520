"""What depends on something by way of something else, over several steps."""

from __future__ import annotations

from pathlib import Path

from lookervault.search.marks import Kind
from tests.unit.search.making import Objects, run, users

_LOOK = {"title": "L", "query": {"id": "1", "model": "m", "view": "v", "fields": ["v.f"]}}
CHAIN: Objects = {
    ("looks", "1"): _LOOK,
    ("dashboards", "2"): {"title": "D", "dashboard_elements": [{"title": "T", "look_id": "1"}]},
    ("scheduled_plans", "3"): {"name": "S", "dashboard_id": "2"},
    ("scheduled_plans", "4"): {"name": "Other", "dashboard_id": "99"},
}


def test_a_way_leads_over_a_look_and_a_dashboard_to_a_schedule(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    run(path, CHAIN)
    found = {one.type: one for one in users(path, Kind.FIELD, "v.f")}
    assert [found[type].way for type in ("looks", "dashboards", "scheduled_plans")] == [
        [],
        [("looks", "1", "L")],
        [("dashboards", "2", "D"), ("looks", "1", "L")],
    ]
    assert str(found["dashboards"].places.first[0]) == "tile *T*: look 1"
    assert len(found) == 3


def test_a_way_ends_where_a_step_of_it_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    run(path, CHAIN)
    assert len(users(path, Kind.FIELD, "v.f")) == 3
    run(path, CHAIN | {("dashboards", "2"): {"title": "D"}})
    assert [one.type for one in users(path, Kind.FIELD, "v.f")] == ["looks"]
    run(path, CHAIN)
    assert len(users(path, Kind.FIELD, "v.f")) == 3


def test_what_refers_to_something_that_the_vault_does_not_have_is_found(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    run(path, CHAIN)
    assert [one.id for one in users(path, Kind.DASHBOARD, "99")] == ["4"]
