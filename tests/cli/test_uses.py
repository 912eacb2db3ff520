"""What `uses` says where nothing uses what it is asked about: is it in the vault at all?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from lookervault.storage.repository import Repository
from tests.cli.running import Completed, program
from tests.unit.search.making import Objects, made, run
from tests.unit.storage.samples import finished_run

pytestmark = pytest.mark.xdist_group("uses")

_QUERY = {"id": "1", "model": "shop", "view": "orders", "fields": ["orders.revenue"]}
_OLD = {"id": "1", "model": "old_shop", "view": "old_orders", "fields": ["orders.old"]}
STAYS: Objects = {
    ("looks", "1"): {"title": "Lonely", "user_id": "2", "folder_id": "1", "query": _QUERY},
    ("dashboards", "10"): {"title": "Lonely, too"},
    ("folders", "1"): {"name": "Shared"},
    ("folders", "2"): {"name": "Empty"},
    ("users", "2"): {"display_name": "Ann", "email": "ann@example.com"},
    ("users", "3"): {"display_name": "Idle", "email": "idle@example.com"},
    ("groups", "5"): {"name": "New name"},
    ("lookml_models", "shop"): {"name": "shop", "explores": [{"name": "orders"}, {"name": "idle"}]},
    ("lookml_models", "idle"): {"name": "idle", "explores": []},
    ("scheduled_plans", "1"): {
        "name": "Weekly",
        "scheduled_plan_destination": [{"address": "board@example.com"}],
    },
}
BEFORE: Objects = STAYS | {
    ("looks", "2"): {"title": "Gone"},
    ("looks", "3"): {"title": "Trashed"},
    ("looks", "4"): {"title": "Changed", "query": _OLD},
    ("users", "4"): {"display_name": "Left", "email": "left@example.com"},
    ("groups", "5"): {"name": "Old name"},
}
AFTER: Objects = STAYS | {
    ("looks", "3"): {"title": "Trashed", "deleted": True},
    ("looks", "4"): {"title": "Changed", "query": _QUERY},
}


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs. By the second `Gone` and `Left` are deleted, and a group has another name."""
    path = tmp_path_factory.mktemp("uses") / "vault.db"
    run(path, BEFORE)
    run(path, AFTER)
    return path


def uses(vault: Path, *arguments: object, **more: Any) -> Completed:
    return program("uses", *arguments, "--vault", vault, **more)


@pytest.mark.parametrize(
    ("arguments", "what", "hint"),
    [
        ("--look 99999", "no looks with the id 99999 in any run up to 2", "list looks"),
        ("--dashboard 99", "no dashboards with the id 99 in any run up to 2", "list dashboards"),
        ("--query 99", "no queries, and had no 99 in any run up to 2", "lookervault runs"),
        ("--folder 99", "no folders with the id 99 in any run up to 2", "list folders"),
        ("--group 99", "no groups with the id 99 in any run up to 2", "It has 5"),
        ("--user 99", "no users with the id 99 in any run up to 2", "list users"),
        ("--user a@b.c", "no address a@b.c: nobody has it", "lookervault search"),
        ("--model shpo", "no model shpo: nothing names it in any run up to 2", "Models are shop"),
        ("--model shop --explore idel", "no explore idel of the model shop", "explores are idle"),
        ("--model shpo --explore x", "no explore x of the model shpo", "Models are shop"),
        ("--user left@example.com", "it was that of users 4", "uses --user 4"),
    ],
)
def test_what_the_vault_never_had_is_told_apart_from_what_nothing_uses(
    vault: Path, arguments: str, what: str, hint: str
) -> None:
    done = uses(vault, *arguments.split())
    missing = program("show", "looks", 99999, "--vault", vault)
    assert (done.code, done.out) == (missing.code, b""), done
    assert what in done.told
    assert hint in done.told
    told = uses(vault, *arguments.split(), "--json")
    assert (told.code, what in told.json["error"]["message"]) == (missing.code, True), told


@pytest.mark.parametrize(
    ("arguments", "told", "note"),
    [
        ("--look 1", "Nothing uses look 1.", ""),
        ("--look 2", "Nothing uses look 2.", "looks 2 is deleted: run 2 found it gone."),
        ("--look 3", "Nothing uses look 3.", "looks 3 is in the trash."),
        ("--dashboard 10", "Nothing uses dashboard 10.", ""),
        ("--folder Empty", "Nothing uses folder Empty.", ""),
        ("--group 5", "Nothing uses group 5.", ""),
        ("--user 3", "Nothing uses user 3.", ""),
        ("--user idle@example.com", "Nothing uses user idle@example.com.", ""),
        ("--user 4", "Nothing uses user 4.", "users 4 is deleted: run 2 found it gone."),
        ("--model idle", "Nothing uses model idle.", ""),
        (
            "--model old_shop",
            "Nothing uses model old_shop: only versions that have ended do.",
            "",
        ),
        ("--model shop --explore idle", "Nothing uses model shop, explore idle.", ""),
        ("orders.old", "Nothing uses orders.old: only versions that have ended do.", ""),
        ("orders.never", "Nothing uses orders.never: no item names it.", ""),
        ("--user 2 --type boards", "Nothing uses user 2 among boards.", ""),
    ],
)
def test_what_is_or_was_there_and_is_not_used_is_no_failure(
    vault: Path, arguments: str, told: str, note: str
) -> None:
    done = uses(vault, *arguments.split())
    assert (done.code, done.text, done.told) == (0, f"{told}\n", note), done
    assert uses(vault, *arguments.split(), "--json").json == []


def test_what_is_used_need_not_be_in_the_vault_itself(vault: Path) -> None:
    assert "Found: 1 scheduled_plans." in uses(vault, "--user", "board@example.com").text
    assert "Found: 2 looks." in uses(vault, "--model", "shop", "--explore", "orders").text
    assert "Found: 1 looks." in uses(vault, "--user", "Ann").text


def test_a_former_name_leads_to_the_id(vault: Path) -> None:
    done = uses(vault, "--group", "old name")
    assert (done.code, done.out) == (2, b"")
    assert "it was the name of 5" in done.told
    assert uses(vault, "--group", "New name").code == 0


_PLAN = {"name": "Weekly", "user_id": "2", "scheduled_plan_destination": [{"address": "Ann@x.y"}]}
COMPANY: Objects = {
    ("looks", "1"): {
        "title": "L",
        "user_id": "2",
        "folder_id": "3",
        "query_id": "1",
        "query": _QUERY,
    },
    ("dashboards", "1"): {"title": "D", "dashboard_elements": [{"title": "T", "look_id": "1"}]},
    ("folders", "3"): {"name": "Shared", "creator_id": "2"},
    ("folders", "4"): {"name": "Inner", "parent_id": "3"},
    ("scheduled_plans", "1"): _PLAN,
    ("users", "2"): {
        "display_name": "Ann Lee",
        "email": "ann@x.y",
        "group_ids": ["5"],
        "home_folder_id": "3",
        "personal_folder_id": "3",
    },
    ("groups", "5"): {"name": "Finance"},
    ("groups", "6"): {"name": "Books", "parent_group_ids": ["5"]},
}
LISTS: dict[tuple[str, str], list[dict[str, str]]] = {
    ("role_members", "1/users"): [{"id": "2"}],
    ("role_members", "1/groups"): [{"id": "5"}],
    ("content_metadata_access", "9"): [
        {"user_id": "2", "permission_type": "edit"},
        {"group_id": "5", "permission_type": "view"},
    ],
    ("user_attribute_group_values", "7"): [{"group_id": "5", "value": "EMEA"}],
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("company") / "vault.db"
    with Repository.open(path, write=True) as repository:
        items = [made(*name, obj) for name, obj in COMPANY.items()]
        items += [
            msgspec.structs.replace(made(*name, {}), body=msgspec.json.encode(rows))
            for name, rows in LISTS.items()
        ]
        finished_run(repository, items, *sorted({one.type for one in items}))
    return path


@pytest.mark.parametrize(
    ("asked", "reasons"),
    [
        (
            "--user 2",
            {
                "looks 1": ["owned by user 2 *Ann Lee*"],
                "folders 3": ["created by user 2 *Ann Lee*"],
                "scheduled_plans 1": ["owned by user 2 *Ann Lee*", "sent to Ann@x.y"],
                "role_members 1/users": ["held by user 2 *Ann Lee*"],
                "content_metadata_access 9": ["user 2 *Ann Lee* may edit it"],
            },
        ),
        (
            "--group Finance",
            {
                "users 2": ["member of group 5 *Finance*"],
                "groups 6": ["inside group 5 *Finance*"],
                "role_members 1/groups": ["held by group 5 *Finance*"],
                "content_metadata_access 9": ["group 5 *Finance* may view it"],
                "user_attribute_group_values 7": ["value for group 5 *Finance*"],
            },
        ),
        (
            "--folder 3",
            {
                "looks 1": ["lies in folder 3 *Shared*"],
                "folders 4": ["lies in folder 3 *Shared*"],
                "users 2": [
                    "has folder 3 *Shared* as home folder",
                    "has folder 3 *Shared* as personal folder",
                ],
            },
        ),
        (
            "--model shop --explore orders",
            {
                "looks 1": ["explore orders of model shop"],
                "dashboards 1": ["by way of looks 1 *L*", "tile *T*: look 1"],
            },
        ),
        (
            "--query 1",
            {
                "looks 1": ["its query is 1"],
                "dashboards 1": ["by way of looks 1 *L*", "tile *T*: look 1"],
            },
        ),
        ("--look 1", {"dashboards 1": ["tile *T*: look 1"]}),
    ],
)
def test_each_reason_is_said_in_words_and_with_the_name(
    company: Path, asked: str, reasons: dict[str, list[str]]
) -> None:
    *lines, _ = uses(company, *asked.split()).text.splitlines()
    told: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith(" "):
            told[[*told][-1]].append(line.strip())
        else:
            told[line.partition("  ")[0]] = []
    assert told == reasons


def test_json_has_the_same_words_whatever_people_are_told(company: Path) -> None:
    rows = {row["type"]: row for row in uses(company, "--user", 2, "--json").json}
    assert rows["looks"]["places"] == [{"where": "owner", "text": "2"}]
    assert rows["scheduled_plans"]["places"] == [
        {"where": "owner", "text": "2"},
        {"where": "sent to", "text": "Ann@x.y"},
    ]
