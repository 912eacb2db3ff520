"""`search` and `uses`, as a person asks, over a whole small company."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lookervault.demo.server import EmbeddedLooker
from lookervault.storage.repository import Repository
from tests.cli.running import Completed, program
from tests.faults.test_disk import AS_NOBODY, names
from tests.integration.running import extraction
from tests.unit.search.making import run as made_run

pytestmark = pytest.mark.xdist_group("search")

HOSTILE = "Tricky \x1b[31m\u202e title"


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("search") / "vault.db"
    with EmbeddedLooker(items=120, seed=4) as looker, extraction(looker, path) as one:
        one.run()
        alive = [
            i
            for i in looker.store.ids("looks")
            if b'"deleted":false' in looker.store.body("looks", i)
        ]
        looker.store.edit("looks", alive[0], title=HOSTILE)
        looker.store.edit("looks", alive[1], title="Tricky and trashed")
        looker.store.trash("looks", alive[1])
        looker.store.delete("looks", alive[2])
        one.run("looks")
    return path


def run(vault: Path, *arguments: object, **more: Any) -> Completed:
    return program(*arguments, "--vault", vault, **more)


def bodies(vault: Path) -> dict[tuple[str, str], Any]:
    with Repository.open(vault, write=False) as repository:
        return {
            (type, id): json.loads(body)
            for type in repository.types()
            for id, body in repository.bodies(type)
        }


def strings(value: Any) -> Iterator[str]:
    """Every string of an object, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inside in value.items():
            yield key
            yield from strings(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from strings(inside)


def test_people_see_where_and_what_is_in_the_trash_and_no_control_characters(vault: Path) -> None:
    done = run(vault, "search", "tricky")
    assert done.code == 0, done.err
    assert "title: Tricky" in done.text
    assert "(in the trash)" in done.text
    assert "Found: 2 looks." in done.text
    assert "\x1b" not in done.text
    assert "\u202e" not in done.text
    assert [row["state"] for row in run(vault, "search", "tricky", "--json").json] == [
        "present",
        "trashed",
    ]


def test_nothing_found_is_no_failure(vault: Path) -> None:
    done = run(vault, "search", "no such thing anywhere")
    assert (done.code, done.text) == (0, "Nothing holds 'no such thing anywhere'.\n")
    assert run(vault, "search", "no such thing anywhere", "--json").json == []
    assert run(vault, "uses", "no.such_field", "--json").json == []
    done = run(vault, "uses", "no.such_field")
    assert (done.code, done.text) == (0, "Nothing uses no.such_field: no item names it.\n")


def test_what_is_deleted_is_found_among_all_versions(vault: Path) -> None:
    with Repository.open(vault, write=False) as repository:
        (gone,) = repository.timeline().gone(["looks"], None)
    assert gone.name
    now = run(vault, "search", gone.name, "--type", "looks", "--json").json
    assert gone.id not in {row["id"] for row in now}
    rows = run(vault, "search", gone.name, "--type", "looks", "--json", "--all-versions").json
    (row,) = [row for row in rows if row["id"] == gone.id]
    assert (row["state"], row["first_run"], row["end_run"]) == ("deleted", 1, 2)
    assert "(deleted, runs 1 to 1)" in run(vault, "search", gone.name, "--all-versions").text


def test_a_limit_says_how_many_more_there_are(vault: Path) -> None:
    everything = run(vault, "search", "a", "--json").json
    done = run(vault, "search", "a", "--limit", 2)
    assert f"… and {len(everything) - 2:,} more." in done.text
    assert len(run(vault, "search", "a", "--json", "--limit", 2).json) == 2


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["search"], "What is to be searched for?"),
        (["search", "x", "--type", "look"], "Did you mean looks?"),
        (["uses"], "Uses of one thing"),
        (["uses", "a.b", "--look", "1"], "Uses of one thing"),
        (["uses", "--explore", "orders"], "Which model's explore?"),
        (["uses", "--group", "No such group"], "no groups called"),
        (["uses", "--user", "Nobody at all"], "no users called"),
    ],
)
def test_what_cannot_be_meant_is_explained(vault: Path, arguments: list[str], why: str) -> None:
    done = run(vault, *arguments)
    assert (done.code, done.out) == (2, b"")
    assert why in done.told


def test_who_uses_a_field_is_who_has_it_in_a_query(vault: Path) -> None:
    """Held against a reading of the bodies that knows nothing of their types."""
    everything = bodies(vault)
    queries = {
        name: set(found) for name, obj in everything.items() if (found := list(_queries(obj)))
    }
    fields = sorted({field for found in queries.values() for _, field in found})
    for field in fields[:: len(fields) // 6]:
        expected = {name for name, found in queries.items() if field in {f for _, f in found}}
        rows = run(vault, "uses", field, "--json").json
        direct = {(row["type"], row["id"]) for row in rows if not row["way"]}
        assert expected <= direct
        for name in direct:  # what else there is: filters of dashboards, alerts, merged fields
            assert any(field in text for text in strings(everything[name]))
        assert all(row["places"] for row in rows)


def _queries(obj: Any) -> Iterator[tuple[str, str]]:
    """(model, field) of each query anywhere inside."""
    if isinstance(obj, dict):
        if isinstance(obj.get("fields"), list) and isinstance(obj.get("model"), str):
            for field in (*obj["fields"], *(obj.get("filters") or ())):
                yield obj["model"], field
        for value in obj.values():
            yield from _queries(value)
    elif isinstance(obj, list):
        for value in obj:
            yield from _queries(value)


def test_who_uses_a_model_is_told_with_the_way(vault: Path) -> None:
    everything = bodies(vault)
    looks = Counter(
        found for (type, _), obj in everything.items() if type == "looks" for found in _queries(obj)
    )
    model = Counter(model for model, _ in looks).most_common(1)[0][0]
    rows = {(r["type"], r["id"]): r for r in run(vault, "uses", "--model", model, "--json").json}
    expected = {
        name for name, obj in everything.items() if model in {found for found, _ in _queries(obj)}
    }
    assert expected <= {name for name, row in rows.items() if not row["way"]}
    sent = {("dashboard_id", "dashboards"), ("look_id", "looks"), ("query_id", "queries")}
    plans = {
        name: [(type, obj[key]) for key, type in sent if obj[key]]
        for name, obj in everything.items()
        if name[0] == "scheduled_plans"
    }
    for name, targets in plans.items():
        assert (name in rows) == any(target in rows for target in targets)
        if name in rows:
            (first, *_) = rows[name]["way"]
            assert (first["type"], first["id"]) in targets
            assert rows[name]["places"][0]["where"].startswith("sends ")
    roles = {
        name
        for name, obj in everything.items()
        if name[0] == "roles" and model in everything["model_sets", obj["model_set_id"]]["models"]
    }
    assert roles == {name for name in rows if name[0] == "roles"}
    assert {name[0] for name in rows} >= {"dashboards", "looks", "boards", "scheduled_plans"}
    told = run(vault, "uses", "--model", model, "--type", "scheduled_plans").text
    assert "by way of " in told


def test_whose_content_it_is(vault: Path) -> None:
    everything = bodies(vault)
    owners = {name: obj["user_id"] for name, obj in everything.items() if name[0] == "dashboards"}
    user = next(iter(owners.values()))
    mail = everything["users", user]["email"]
    rows = run(vault, "uses", "--user", user, "--json").json
    mine = {name for name, owner in owners.items() if owner == user}
    assert {(r["type"], r["id"]) for r in rows if r["type"] == "dashboards"} == mine
    if mail:
        assert run(vault, "uses", "--user", mail.upper(), "--json").json == rows
    name = everything["users", user]["display_name"]
    assert {row["id"] for row in run(vault, "uses", "--user", name, "--json").json} >= {
        row["id"] for row in rows
    }


def test_who_is_in_a_group_and_what_lies_in_a_folder(vault: Path) -> None:
    everything = bodies(vault)
    group = next(id for type, id in everything if type == "groups")
    members = {
        name for name, o in everything.items() if name[0] == "users" and group in o["group_ids"]
    }
    rows = run(vault, "uses", "--group", everything["groups", group]["name"], "--json").json
    assert {(r["type"], r["id"]) for r in rows if r["type"] == "users"} == members
    lists = [row for row in rows if row["type"] == "content_metadata_access"]
    assert lists
    assert all(row["name"].startswith("access to ") for row in lists)
    folder = next(o["folder_id"] for name, o in everything.items() if name[0] == "looks")
    inside = {
        name
        for name, o in everything.items()
        if name[0] in {"looks", "dashboards"} and o["folder_id"] == folder
    }
    rows = run(vault, "uses", "--folder", folder, "--json").json
    assert {(r["type"], r["id"]) for r in rows if r["type"] in {"looks", "dashboards"}} == inside


def test_each_reference_by_id_is_found(vault: Path) -> None:
    everything = bodies(vault)
    for option, key, type in (
        ("--look", "look_id", "looks"),
        ("--dashboard", "dashboard_id", "dashboards"),
        ("--query", "query_id", "queries"),
    ):
        plan, id = next(
            (name, obj[key])
            for name, obj in everything.items()
            if name[0] == "scheduled_plans" and obj[key]
        )
        rows = run(vault, "uses", option, id, "--json").json
        assert plan in {(row["type"], row["id"]) for row in rows if not row["way"]}, type


@pytest.mark.parametrize("has_index", [False, True])
def test_where_nothing_can_be_written_the_index_is_read_or_in_memory(
    vault: Path, *, has_index: bool
) -> None:
    assert run(vault, "search", "tricky").code == 0
    with tempfile.TemporaryDirectory() as name:  # nobody may not enter pytest's own
        copy = Path(name, "vault.db")
        for suffix in ("", ".index")[: 1 + has_index]:
            file = Path(f"{copy}{suffix}")
            file.write_bytes(Path(f"{vault}{suffix}").read_bytes())
            file.chmod(0o444)
        Path(name).chmod(0o555)
        before = names(copy.parent)
        try:
            done = run(
                copy,
                "search",
                "tricky",
                "--json",
                command=AS_NOBODY,
                cwd="/",
            )
            assert names(copy.parent) == before
        finally:
            Path(name).chmod(0o755)
    assert (done.code, len(done.json)) == (0, 2), done
    assert ("in memory, for this once" in done.told) is not has_index


def test_the_others_do_not_mind_the_index(vault: Path) -> None:
    assert run(vault, "search", "--rebuild").code == 0
    assert vault.with_name("vault.db.index").exists()
    assert run(vault, "verify").code == 0
    assert run(vault, "runs").code == 0
    done = program("salvage", vault, "rescued.db")
    assert done.code == 0, done.err


def test_what_is_forgotten_is_found_no_more(tmp_path: Path) -> None:
    path = tmp_path / "small.db"
    for title in ("Secretword", "Second", "Third"):
        made_run(path, {("looks", "1"): {"title": title}, ("looks", "2"): {"title": "Stays"}})
    before = run(path, "search", "secretword", "--all-versions", "--json").json
    assert [row["id"] for row in before] == ["1"]
    assert run(path, "forget", "--keep-last", 2, "--gc").code == 0
    assert run(path, "search", "secretword", "--all-versions", "--json").json == []
    assert b"secretword" not in path.with_name("small.db.index").read_bytes()
    after = run(path, "search", "second", "--all-versions", "--json").json
    assert [row["name"] for row in after] == ["Second"]
    assert run(path, "verify").code == 0
