"""`stats` against what a loop over everything that Looker has finds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lookervault.cli.statistics import Asked
from lookervault.cli.statistics import told as told_rows
from lookervault.demo.server import EmbeddedLooker
from lookervault.history.changes import History
from lookervault.storage.repository import Repository
from lookervault.storage.runs import RunRow
from tests.cli.running import Completed, program
from tests.cli.terminals import in_terminal
from tests.integration.running import extraction

pytestmark = pytest.mark.xdist_group("stats")

TYPES = (
    "dashboards", "looks", "folders", "boards", "users", "roles", "permission_sets", "model_sets",
    "scheduled_plans", "alerts",
)  # fmt: skip
SECTIONS = ["growth", "changed", "unused", "owners", "schedules", "broken"]
LONG_AGO = "2021-01-01T00:00:00.000+00:00"
HOSTILE = "\x1b[31m\u202egnp"


@dataclass(frozen=True, slots=True)
class Told:
    """`things` are ids by what happened to them; `bodies` what Looker has in the end, by type."""

    vault: Path
    things: dict[str, str]
    bodies: dict[str, dict[str, Any]]

    def run(self, *arguments: object) -> Completed:
        return program(*arguments, "--vault", self.vault)

    def rows(self, section: str, **asked: Any) -> list[dict[str, Any]]:
        """What `--json` prints of a section, without a process."""
        whole = Asked(
            sections=[section], as_of=None, unused_for="90d", types=None, since=0, weekly=False
        )
        with Repository.open(self.vault, write=False) as vault:
            return [row.json for row in told_rows(vault, replace(whole, **asked))[section]]

    def runs(self) -> list[RunRow]:
        with Repository.open(self.vault, write=False) as vault:
            return vault.runs()

    def living(self, type: str) -> dict[str, Any]:
        return {id: body for id, body in self.bodies[type].items() if not body.get("deleted")}


def bodies(looker: EmbeddedLooker, type: str) -> dict[str, Any]:
    return {id: json.loads(looker.store.body(type, id)) for id in looker.store.ids(type)}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    path = tmp_path_factory.mktemp("stats") / "vault.db"
    with EmbeddedLooker(items=150, seed=4) as looker, extraction(looker, path) as one:
        one.run(*TYPES)
        things = happen(looker)
        one.run(*TYPES)
        looker.store.edit("dashboards", things["edited"], title=HOSTILE)
        one.run(*TYPES)
        yield Told(path, things, {type: bodies(looker, type) for type in TYPES})


def happen(looker: EmbeddedLooker) -> dict[str, str]:
    store = looker.store
    dashboards, looks, plans, alerts, boards = (
        bodies(looker, type)
        for type in ("dashboards", "looks", "scheduled_plans", "alerts", "boards")
    )
    users = [id for id, user in bodies(looker, "users").items() if user["email"]]
    living = [id for id, body in dashboards.items() if not body["deleted"]]
    looks = {id: body for id, body in looks.items() if not body["deleted"]}
    trashed, lost, unseen, used, *_ = looks
    watched = {a["investigative_content_id"] for a in alerts.values()}
    alerted = next(id for id in living if id in watched)
    edited, moved, never, unknown, recent, *_, gone = (id for id in living if id != alerted)
    disabled, deleted = users[3:5]
    late, plan, *_ = plans
    board = next(iter(boards))
    things = {
        "edited": edited, "moved": moved, "never": never, "unknown": unknown, "recent": recent,
        "gone": gone, "trashed": trashed, "lost": lost, "unseen": unseen, "alerted": alerted,
        "disabled": disabled, "deleted": deleted, "plan": plan, "late": late, "board": board,
        "role": store.ids("roles")[1],
    }  # fmt: skip
    tiles = [{"id": id, "look_id": id} for id in (trashed, lost, used)]
    store.edit("dashboards", edited, user_id=disabled, dashboard_elements=tiles)
    store.edit("dashboards", moved, folder_id="98765", user_id=deleted)
    store.edit("looks", unseen, user_id="76543")
    store.edit("dashboards", alerted, dashboard_elements=[])
    store.edit("scheduled_plans", plan, user_id=disabled, enabled=True, look_id=lost)
    store.edit("scheduled_plans", late, user_id=deleted, enabled=False, dashboard_id=unknown)
    item = {"id": "i1", "title": "Gone", "dashboard_id": gone, "look_id": None}
    store.edit("boards", board, user_id=deleted, board_sections=[{"board_items": [item]}])
    store.edit("roles", things["role"], permission_set_id=None, permission_set=None)
    old = {"created_at": "2020-01-01T00:00:00.000+00:00"}
    today = datetime.now(UTC).isoformat()
    store.edit("dashboards", never, last_viewed_at=None, view_count=0, **old)
    store.edit("dashboards", unknown, last_viewed_at=None, view_count=5, **old)
    store.edit("dashboards", recent, last_viewed_at=today, **old)
    store.edit("dashboards", edited, last_viewed_at=LONG_AGO, **old)
    store.edit("looks", unseen, last_viewed_at=None, view_count=0, created_at=today)
    store.edit("users", disabled, is_disabled=True)
    store.delete("users", deleted)
    store.trash("looks", trashed)
    store.delete("looks", lost)
    store.delete("dashboards", gone)
    return things


def test_all_sections_are_one_object(told: Told) -> None:
    done = told.run("stats", "--json")
    assert done.code == 0
    assert list(done.json) == SECTIONS
    for section in SECTIONS:
        assert done.json[section] == told.rows(section)
        assert done.json[section]
        assert len({tuple(row) for row in done.json[section]}) == 1, "the keys are the same"


def test_growth_is_what_the_runs_found(told: Told) -> None:
    rows = told.rows("growth")
    assert [row["items"] for row in rows] == [run.items for run in told.runs()]
    assert rows[0]["began"] == rows[0]["items"]
    with Repository.open(told.vault, write=False) as vault:
        for row in rows[1:]:
            for key in ("new", "changed", "deleted"):
                results = vault.type_results(row["run"])
                assert row[key] == sum(getattr(one, key) for one in results)
        sizes = [item.size for type in vault.types() for item in vault.items(type)]
    assert (rows[-1]["items"], rows[-1]["bytes"]) == (len(sizes), sum(sizes))
    assert [row["run"] for row in told.rows("growth", as_of=2)] == [1, 2]
    (week,) = told.run("stats", "growth", "--by", "week", "--since", "-1d", "--json").json["growth"]
    assert (week["runs"], week["run"], week["deleted"]) == (3, 3, 3)


def test_the_most_changed_comes_first(told: Told) -> None:
    first, *others = told.rows("changed")
    edited = ("dashboards", told.things["edited"])
    assert (first["type"], first["id"]) == edited
    assert (first["changes"], first["first"], first["last"]) == (2, 2, 3)
    with Repository.open(told.vault, write=False) as vault:
        feed = History(vault).feed((1, 3), None, lambda _before, _after: True)
        changed = {(one.type, one.id) for one in feed if one.change in ("changed", "trashed")}
    assert {(row["type"], row["id"]) for row in (first, *others)} == changed
    assert {row["type"] for row in told.rows("changed", types=["users"])} == {"users"}
    (again,) = told.rows("changed", since=3)
    assert (again["type"], again["id"], again["changes"]) == (*edited, 1)


def test_unused_is_what_was_not_viewed_for_so_long(told: Told) -> None:
    until = datetime.fromtimestamp(told.runs()[-1].started, UTC) - timedelta(days=200)
    expected = {}
    for type in ("dashboards", "looks"):
        for id, body in told.living(type).items():
            viewed = body["last_viewed_at"]
            if datetime.fromisoformat(body["created_at"]) > until:
                continue
            if viewed is None:
                expected[type, id] = "unknown" if body["view_count"] else "never"
            elif datetime.fromisoformat(viewed) <= until:
                expected[type, id] = "long ago"
    rows = told.rows("unused", unused_for="200d")
    assert {(row["type"], row["id"]): row["viewed"] for row in rows} == expected
    assert expected["dashboards", told.things["never"]] == "never"
    assert expected["dashboards", told.things["unknown"]] == "unknown"
    assert ("dashboards", told.things["recent"]) not in expected
    assert ("looks", told.things["unseen"]) not in expected, "it is new"
    order = [row["viewed"] for row in rows]
    assert order == sorted(order, key=["never", "long ago", "unknown"].index)
    days = [row["days"] for row in rows if row["viewed"] == "long ago"]
    assert days == sorted(days, reverse=True)


def test_unused_tells_whose_it_is_and_what_needs_it(told: Told) -> None:
    rows = {(row["type"], row["id"]): row for row in told.rows("unused", unused_for="1h")}
    assert rows["dashboards", told.things["edited"]]["owner_state"] == "disabled"
    assert rows["dashboards", told.things["unknown"]]["needed_by"]["schedules"] == sum(
        plan["enabled"] and plan["dashboard_id"] == told.things["unknown"]
        for plan in told.bodies["scheduled_plans"].values()
    ), "one that is switched off does not count"
    for (type, id), row in rows.items():
        key = {"dashboards": "dashboard_id", "looks": "look_id"}[type]
        assert row["needed_by"] == {
            "schedules": sum(
                plan["enabled"] and str(plan[key]) == id
                for plan in told.bodies["scheduled_plans"].values()
            ),
            "alerts": sum(
                not alert["is_disabled"] and alert["investigative_content_id"] == id
                for alert in told.bodies["alerts"].values()
            ) * (type == "dashboards"),
            "boards": sum(
                str(item.get(key)) == id
                for board in told.bodies["boards"].values()
                for section in board["board_sections"]
                for item in section["board_items"]
            ),
            "tiles": sum(
                tile.get("look_id") == id
                for dashboard in told.living("dashboards").values()
                for tile in dashboard["dashboard_elements"]
            ) * (type == "looks"),
        }  # fmt: skip


def _owner_of(type: str, body: dict[str, Any]) -> str | None:
    if type == "folders":
        return body["creator_id"] if body["is_personal"] else None
    owner: str = body["owner_id" if type == "alerts" else "user_id"]
    return owner


def _expected_owners(told: Told, *types: str) -> dict[tuple[str, str], str]:
    users = {id: user for id, user in told.bodies["users"].items() if not _is_embed(user)}
    found = {}
    for type in types:
        for id, body in told.living(type).items():
            owner = _owner_of(type, body)
            if owner == told.things["deleted"]:
                found[type, id] = "deleted"
            elif owner is not None and owner not in users:
                found[type, id] = "unknown"
            elif owner is not None and users[owner]["is_disabled"]:
                found[type, id] = "disabled"
    return found


def _is_embed(user: dict[str, Any]) -> bool:
    return bool(user["credentials_embed"])


def test_what_belongs_to_who_is_disabled_or_gone(told: Told) -> None:
    rows = told.rows("owners")
    expected = _expected_owners(told, "dashboards", "looks", "folders", "boards", "alerts")
    assert {(row["type"], row["id"]): row["owner_state"] for row in rows} == expected
    assert {"deleted", "disabled", "unknown"} <= set(expected.values())
    names = {row["owner"]: row["owner_name"] for row in rows}
    assert names[told.things["deleted"]]
    assert names["76543"] is None
    assert rows[-1]["owner_state"] == "unknown"
    early = {row["owner"] for row in told.rows("owners", as_of=1)}
    assert not {told.things["deleted"], told.things["disabled"], "76543"} & early


def test_schedules_of_them(told: Told) -> None:
    rows = {row["id"]: row for row in told.rows("schedules")}
    assert list(rows).index(told.things["plan"]) < list(rows).index(told.things["late"])
    expected = _expected_owners(told, "scheduled_plans")
    assert {id: row["owner_state"] for id, row in rows.items()} == {
        id: state for (_, id), state in expected.items()
    }
    assert rows[told.things["plan"]]["enabled"] is True
    assert rows[told.things["plan"]]["content_id"]
    assert rows[told.things["late"]]["enabled"] is False


def test_broken_references_are_found(told: Told) -> None:
    rows = {
        (row["type"], row["id"], row["target_type"], row["target_id"]): row["why"]
        for row in told.rows("broken")
    }
    things = told.things
    assert "tiles" in {target for _, _, target, _ in rows}, "of an alert"
    assert rows["dashboards", things["edited"], "looks", things["trashed"]] == "trashed"
    assert rows["dashboards", things["edited"], "looks", things["lost"]] == "deleted"
    assert rows["dashboards", things["moved"], "folders", "98765"] == "never seen"
    assert rows["scheduled_plans", things["plan"], "looks", things["lost"]] == "deleted"
    assert rows["boards", things["board"], "dashboards", things["gone"]] == "deleted"
    assert rows["roles", things["role"], "permission_sets", None] == "not set"
    assert rows.keys() == set(_expected_broken(told))


def _expected_broken(told: Told) -> Iterator[tuple[str, str, str, str | None]]:
    for type, bodies in told.bodies.items():
        for id, body in bodies.items():
            if body.get("deleted"):
                continue
            for target, wanted in _needed(type, body):
                if target == "tiles":
                    dashboard, _, tile = str(wanted).partition("/")
                    content = told.living("dashboards").get(dashboard)
                    there = content is None or any(
                        str(one["id"]) == tile for one in content["dashboard_elements"]
                    )
                else:
                    there = wanted in told.living(target)
                if not there:
                    yield type, id, target, wanted


def _needed(type: str, body: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    if type in ("dashboards", "looks"):
        yield "folders", body["folder_id"]
    yield from (
        ("looks", e["look_id"]) for e in body.get("dashboard_elements", ()) if e.get("look_id")
    )
    if type == "scheduled_plans":
        yield from _content(body)
    for section in body.get("board_sections", ()):
        for item in section["board_items"]:
            yield from _content(item)
    if type == "folders" and body["parent_id"]:
        yield "folders", body["parent_id"]
    if type == "roles":
        yield "permission_sets", body["permission_set_id"]
        yield "model_sets", body["model_set_id"]
    if type == "alerts":
        yield "dashboards", body["investigative_content_id"]
        yield "tiles", f"{body['investigative_content_id']}/{body['dashboard_element_id']}"


def _content(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, type in (("dashboard_id", "dashboards"), ("look_id", "looks")):
        if body[key]:
            yield type, body[key]


def test_a_run_of_some_folders_tells_nothing_of_what_it_could_not_see(tmp_path: Path) -> None:
    path = tmp_path / "v.db"
    with EmbeddedLooker(items=60, seed=1) as looker, extraction(looker, path) as one:
        body = next(b for b in bodies(looker, "dashboards").values() if not b["deleted"])
        looker.store.edit(
            "dashboards", body["id"], dashboard_elements=[{"id": "1", "look_id": "9"}]
        )
        one.run("dashboards", "looks", "folders", folders=(body["folder_id"],))
        told = Told(path, {}, {})
        assert (told.rows("broken"), told.rows("owners")) == ([], [])


def test_an_earlier_state_has_no_views(told: Told) -> None:
    done = told.run("stats", "--run", 1)
    assert "Unused" not in done.text
    assert "known of the newest run only" in done.text


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["unused", "--run", "1"], "Leave --run and --at out"),
        (["unused", "--unused-for", "soon"], "no length of time"),
        (["nothing"], "growth"),
        (["broken", "--type", "look"], "Did you mean looks?"),
    ],
)
def test_what_cannot_be_meant_is_explained(told: Told, arguments: list[str], why: str) -> None:
    done = told.run("stats", *arguments)
    assert (done.code, done.out) == (2, b"")
    assert why in done.told


def test_people_get_tables_without_control_characters(told: Told) -> None:
    done = told.run("stats")
    assert done.code == 0
    for words in ("Growth: ", "Most changed: ", "Unused: ", "Left behind: ", "Broken references: "):
        assert words in done.text
    assert "`lookervault stats unused` shows all" in done.text
    for text in (done.text, *(told.run("stats", one).text for one in ("changed", "broken"))):
        assert "gnp" in text
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_a_narrow_terminal_is_wide_enough(told: Told) -> None:
    seen = in_terminal("stats", "--vault", told.vault, columns=44)
    assert seen.code == 0
    assert seen.widest <= 44
    assert told.things["edited"] in seen.text
