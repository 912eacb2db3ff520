"""`check` and `types`: before a run, what it would need and what it would bring."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lookervault.content.registry import TYPES
from lookervault.demo.behaviour import Behaviour, Fault
from lookervault.demo.server import EmbeddedLooker
from tests.cli.machine import Machine
from tests.cli.running import program

pytestmark = pytest.mark.xdist_group("check")

_MERGED = re.compile(rb'"merge_result_id":\s*"')


@pytest.fixture(scope="module")
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(items=1) as server:
        yield server


def test_check_tells_settings_user_and_types(looker: EmbeddedLooker) -> None:
    done = program("check", env=looker.env())
    assert done.code == 0, done
    assert looker.base_url in done.text
    assert "environment" in done.text
    assert "everything" in done.text
    assert looker.client_secret not in done.text + done.err


def test_check_is_one_object_for_programs(looker: EmbeddedLooker) -> None:
    done = program("check", "--json", env=looker.env())
    assert done.code == 0
    found = done.json
    assert {"settings", "versions", "complete", "sees_all", "types", "user"} <= set(found)
    assert {row["name"] for row in found["settings"]} >= {"base_url", "client_secret", "vault"}
    assert all(set(row) == {"name", "value", "source"} for row in found["settings"])
    defaults = {name for name, type_ in TYPES.items() if type_.default}
    assert {row["type"] for row in found["types"]} == defaults
    assert {row["status"] for row in found["types"]} == {"ok"}
    assert looker.client_secret not in done.text


def test_check_offline_calls_nobody(looker: EmbeddedLooker) -> None:
    looker.log.clear()
    done = program("check", "--offline", "--json", env=looker.env())
    assert (done.code, set(done.json)) == (0, {"settings", "versions"})
    assert program("check", "--offline", env=looker.env()).code == 0
    assert len(looker.log) == 0


def test_a_flag_comes_before_the_environment_and_is_named(looker: EmbeddedLooker) -> None:
    flags = ["--base-url", "https://other.example", "--vault", "named.db"]
    done = program("check", "--offline", "--json", *flags, env=looker.env())
    rows = {row["name"]: row for row in done.json["settings"]}
    assert rows["base_url"]["value"] == "https://other.example"
    assert "--base-url" in rows["base_url"]["source"]
    assert rows["vault"]["value"] == "named.db"
    assert "LOOKERSDK_CLIENT_ID" in rows["client_id"]["source"]


def test_a_type_that_may_not_be_listed_is_named_and_ends_with_3() -> None:
    behaviour = Behaviour(forbidden={"all_boards": 403})
    with EmbeddedLooker(items=1, behaviour=behaviour) as limited:
        done = program("check", env=limited.env())
        found = program("check", "--json", env=limited.env())
    assert (done.code, found.code) == (3, 3)
    assert re.search(r"^boards +forbidden", done.text, re.MULTILINE)
    assert {row["type"]: row["status"] for row in found.json["types"]}["boards"] != "ok"
    assert found.json["complete"] is False


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (
            "all_folders",
            {
                "folders": "not_found",
                "content_metadata": "needs folders",
                "content_metadata_access": "needs folders, content_metadata",
            },
        ),
        ("saml_config", {"settings": "not_found"}),  # one of many calls of its type
        ("role_users", {"role_members": "not_found"}),  # asked for by a role's id
    ],
)
def test_what_hangs_on_a_refused_type_is_named_with_it(
    operation: str, expected: dict[str, str]
) -> None:
    with EmbeddedLooker(items=1, behaviour=Behaviour(forbidden={operation: 404})) as limited:
        found = program("check", "--json", env=limited.env())
    assert found.code == 3
    statuses = {row["type"]: row["status"] for row in found.json["types"]}
    assert {name: word for name, word in statuses.items() if word != "ok"} == expected


def test_what_cannot_be_checked_is_named_and_is_not_called_complete() -> None:
    with EmbeddedLooker(items=800, seed=1) as looker:
        ids = looker.store.ids("dashboards")
        merging = {i for i in ids if _MERGED.search(looker.store.body("dashboards", i))}
        looker.behaviour.invisible_ids = {"dashboards": merging}
        done = program("check", env=looker.env())
        found = program("check", "--json", env=looker.env())
    assert (done.code, found.code) == (0, 0)
    assert "Not checked: merge_queries." in done.text
    assert "would be missing" not in done.text
    assert found.json["complete"] is None
    statuses = {row["type"]: row["status"] for row in found.json["types"]}
    assert statuses["merge_queries"] == "not checked"


def test_a_hiccup_of_the_server_is_no_missing_permission() -> None:
    behaviour = Behaviour(faults_for={"all_boards": [Fault.BAD_GATEWAY]})
    with EmbeddedLooker(items=1, behaviour=behaviour) as looker:
        done = program("check", "--json", env=looker.env())
        assert (done.code, done.json["complete"]) == (0, True)
        assert done.json["calls"] == len(looker.log) - looker.logins


def test_a_server_that_fails_again_and_again_ends_the_check() -> None:
    failing = {op: [Fault.ERROR_500] * 3 for op in ("all_boards", "search_users")}
    with EmbeddedLooker(items=1, behaviour=Behaviour(faults_for=failing)) as looker:
        done = program("check", env=looker.env())
        assert done.code == 3
        assert re.search(r"^boards +unreachable", done.text, re.MULTILINE)
        looker.behaviour.faults_for = failing | {
            op: [Fault.ERROR_500] * 3
            for op in ("all_boards", "search_users", "search_groups_with_hierarchy")
        }
        done = program("check", env=looker.env())
    assert done.code == 1
    assert "500" in done.told


def test_a_user_who_sees_a_part_is_told_so() -> None:
    with EmbeddedLooker(items=1, behaviour=Behaviour(admin=False)) as limited:
        done = program("check", env=limited.env())
    assert done.code == 3
    assert "not everything" in done.text


def test_a_refused_login_ends_check_with_4(looker: EmbeddedLooker) -> None:
    env = looker.env() | {"LOOKERSDK_CLIENT_SECRET": "mistyped"}
    done = program("check", env=env)
    assert done.code == 4
    assert "LOOKERSDK_CLIENT_SECRET" in done.told
    assert "mistyped" not in done.text + done.err


@pytest.mark.parametrize(
    ("forbidden", "command"),
    [
        ("me", ("check",)),
        ("me", ("extract",)),
        ("all_folders", ("extract", "--folder", "1")),
    ],
)
def test_without_a_permission_that_all_the_rest_needs_it_ends_with_4(
    forbidden: str, command: tuple[str, ...], tmp_path: Path
) -> None:
    with EmbeddedLooker(items=1, behaviour=Behaviour(forbidden={forbidden: 403})) as limited:
        done = program(*command, "--vault", tmp_path / "new.db", "--json", env=limited.env())
    assert done.code == 4, done
    assert "403" in done.told
    assert "permission" in done.told
    if command != ("check",):
        assert (done.json["status"], done.json["error"]["code"]) == ("failed", 4)


def test_the_store_of_the_nights_is_looked_at_too(looker: EmbeddedLooker, tmp_path: Path) -> None:
    machine = Machine(tmp_path, looker)
    before = sorted(tmp_path.iterdir())
    done = program("check", env=machine.env)
    assert (done.code, sorted(tmp_path.iterdir())) == (0, before), "nothing is made"
    assert "none: the first push makes the store" in done.text
    night = machine.night()
    found = program("check", "--json", env=machine.env).json
    assert found["store"] == {
        "url": machine.env["LOOKERVAULT_STORE"],
        "is_new": False,
        "recipients": [machine.env["LOOKERVAULT_RECIPIENTS"]],
        "reads_content": False,
        "snapshots": 1,
        "newest": night["snapshot"]["id"],
    }
    assert {row["name"] for row in found["settings"]} >= {"store", "recipient", "index_key"}
    told = program("check", env=machine.reader).text
    assert f"1, the newest {night['snapshot']['id']}" in told
    assert "content can be read with the identity" in told


def test_another_key_is_refused_where_the_store_is_looked_at(
    looker: EmbeddedLooker, tmp_path: Path
) -> None:
    machine = Machine(tmp_path, looker)
    machine.night()
    (tmp_path / "index.key").rename(tmp_path / "away.key")
    done = program("check", env=machine.env)
    assert done.code == 2
    assert "has an index key already" in done.told


def test_what_is_no_store_is_refused_before_anybody_is_called(looker: EmbeddedLooker) -> None:
    looker.log.clear()
    done = program("check", "--offline", "--store", "ftp://x", env=looker.env())
    assert (done.code, done.out, len(looker.log)) == (2, b"", 0)
    assert "has the scheme 'ftp'" in done.told
    done = program("check", "--offline", "--json", "--store", "s3://bucket/x", env=looker.env())
    (row,) = [row for row in done.json["settings"] if row["name"] == "store"]
    assert row == {"name": "store", "value": "s3://bucket/x", "source": "flag --store"}
    assert "store" not in done.json


def test_types_are_those_of_the_registry() -> None:
    found = program("types", "--json").json
    assert [row["type"] for row in found["types"]] == list(TYPES)
    assert all(row["holds"] and row["permission"] and row["calls"] for row in found["types"])
    assert found["not_backed_up"]
    told = program("types")
    assert set(TYPES) <= set(told.text.split())
    assert "Not backed up" in told.text
