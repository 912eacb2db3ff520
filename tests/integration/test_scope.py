"""Runs that cannot see everything: over some folders, or as a user without all rights."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from lookervault.content.registry import TYPES
from lookervault.demo.server import EmbeddedLooker
from lookervault.errors import UsageError
from tests.integration.conftest import NewVault
from tests.integration.running import Extraction, by_type

COUNTS = {
    "dashboards": 30,
    "looks": 40,
    "folders": 34,
    "users": 12,
    "boards": 3,
    "scheduled_plans": 6,
    "alerts": 6,
    "groups": 8,
}


@pytest.fixture
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(200, 5, counts=COUNTS) as one:
        yield one


def tree(looker: EmbeddedLooker) -> dict[str, str | None]:
    store = looker.store
    return {i: json.loads(store.body("folders", i))["parent_id"] for i in store.ids("folders")}


def busy_folder(looker: EmbeddedLooker) -> str:
    """One that has folders inside, and dashboards with merged queries in them."""
    merged = {
        i: b'"merge_result_id":"' in looker.store.body("dashboards", i)
        for i in looker.store.ids("dashboards")
    }

    def merging(folder: str) -> int:
        inside = in_folders(looker, "dashboards", below(looker, folder))
        return sum(merged[i] for i in inside)

    parents = tree(looker)
    inner = [i for i in set(parents.values()) if i and parents[i]]
    return max(sorted(inner), key=merging)


def below(looker: EmbeddedLooker, top: str) -> set[str]:
    parents, inside = tree(looker), {top}
    while more := {i for i, parent in parents.items() if parent in inside} - inside:
        inside |= more
    return inside


def in_folders(looker: EmbeddedLooker, name: str, folders: set[str]) -> set[str]:
    store = looker.store
    return {i for i in store.ids(name) if json.loads(store.body(name, i))["folder_id"] in folders}


@pytest.mark.parametrize("recursive", [False, True])
def test_a_run_over_a_folder_brings_what_lies_in_it(
    recursive: bool, looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    top = busy_folder(looker)
    folders = below(looker, top) if recursive else {top}
    one = new_vault(looker)
    result = one.run(folders=(top,), recursive=recursive)
    assert result.end.status == "complete"
    assert one.vault.open_ids("folders") == folders
    assert len(folders) > 1 or not recursive
    for name in ("dashboards", "looks"):
        assert one.vault.open_ids(name) == in_folders(looker, name, folders)
    start = one.vault.run(result.run)
    assert start is not None
    assert start.scope == sorted(folders)
    assert set(start.types) == {t.name for t in TYPES.values() if t.in_scope}


@pytest.mark.parametrize("recursive", [False, True])
def test_a_run_over_folders_brings_the_access_lists_of_just_those_that_do_not_inherit(
    recursive: bool, new_vault: NewVault
) -> None:
    """Also where the folder that says who of its folders inherits is not in the run."""
    with EmbeddedLooker(200, 5, counts=COUNTS | {"folders": 80}) as looker:
        parents = tree(looker)
        tops = tuple(i for i, parent in parents.items() if parent and not parents[parent])
        inside = set().union(*(below(looker, top) for top in tops)) if recursive else set(tops)
        whole, one = new_vault(looker), new_vault(looker)
        whole.run("content_metadata_access")
        result = one.run(folders=tops, recursive=recursive)
    folder_of = {
        str(json.loads(body)["content_metadata_id"]): i
        for i, body in whole.stored("folders").items()
    }
    access = whole.stored("content_metadata_access")
    expected = {i: body for i, body in access.items() if folder_of.get(i) in inside}
    on_their_own = {folder_of[i] for i in expected}
    assert set(tops) & on_their_own, "one that is named does not inherit"
    assert set(tops) - on_their_own, "another one does"
    assert bool(on_their_own - set(tops)) == recursive
    assert result.end.status == "complete"
    assert one.stored("content_metadata_access") == expected


@pytest.mark.parametrize(("answer", "reason"), [(403, "forbidden"), (404, "not_found")])
def test_where_nobody_may_know_whether_a_folder_inherits_its_run_is_partial(
    answer: int, reason: str, looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    looker.behaviour.forbidden = {"content_metadata": answer}
    result = new_vault(looker).run(folders=(busy_folder(looker),))
    assert result.end.status == "partial"
    assert [(m.type, m.id, m.reason) for m in result.end.missing] == [
        ("content_metadata_access", "*", reason)
    ]


@pytest.mark.parametrize("recursive", [False, True])
def test_a_run_over_a_folder_deletes_nothing(
    recursive: bool, looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    one = new_vault(looker)
    one.run()
    before = one.vault.counts()
    store, top = looker.store, busy_folder(looker)
    for name in ("dashboards", "looks"):
        for i in store.ids(name)[:10]:
            store.delete(name, i)
    result = one.run(folders=(top,), recursive=recursive)
    assert result.end.status == "complete"
    assert sum(each.deleted for each in result.end.types) == 0
    assert one.vault.counts() == before


@pytest.mark.parametrize("recursive", [False, True])
def test_the_root_of_a_run_over_a_folder_is_of_that_folder_whatever_else_the_vault_has(
    recursive: bool, looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    top = busy_folder(looker)
    alone = new_vault(looker).run(folders=(top,), recursive=recursive)
    one = new_vault(looker)
    whole = one.run()
    after = one.run(folders=(top,), recursive=recursive)
    assert not recursive or 0 < by_type(after)["merge_queries"].items < len(
        looker.store.ids("merge_queries")
    )
    assert {t.type: t.root for t in after.end.types} == {t.type: t.root for t in alone.end.types}
    assert after.end.root == alone.end.root != whole.end.root
    assert one.run().end.root == whole.end.root


def test_a_folder_that_looker_does_not_show_is_a_usage_error(
    looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    one = new_vault(looker)
    with pytest.raises(UsageError, match="shows no folder 424242"):
        one.run(folders=("424242",))
    assert one.vault.runs() == []


# A user without all rights.

SEEN = ("dashboards", "looks", "users", "groups", "folders", "boards", "themes")


def test_what_a_user_without_all_rights_brings_is_partial(
    looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    looker.behaviour.admin = False
    result = new_vault(looker).run(*SEEN)
    assert (result.end.status, result.end.reasons) == ("partial", ["visibility"])
    assert result.end.missing == []


def test_who_accepts_what_the_user_sees_gets_a_complete_run(
    looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    looker.behaviour.admin = False
    one = new_vault(looker)
    result = one.run(*SEEN, accept_visibility=True)
    assert (result.end.status, result.end.reasons) == ("complete", [])
    assert one.run(*SEEN, accept_visibility=True).end.root == result.end.root


def test_what_a_user_without_all_rights_does_not_see_is_not_called_deleted(
    looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    one = new_vault(looker)
    one.run(*SEEN)
    before = one.vault.counts()
    looker.behaviour.admin = False
    looker.behaviour.invisible_ids = {"dashboards": set(looker.store.ids("dashboards")[:3])}
    result = one.run(*SEEN)
    assert result.end.status == "partial"
    assert sum(each.deleted for each in result.end.types) == 0
    assert one.vault.counts() == before


@pytest.mark.parametrize("status", [403, 404])
def test_a_user_who_may_not_see_its_own_roles_is_taken_for_one_without_all_rights(
    status: int, looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    looker.behaviour.forbidden = {"user_roles": status}
    result = new_vault(looker).run("themes")
    assert (result.end.status, result.end.reasons) == ("partial", ["visibility"])
    assert by_type(result)["themes"].status == "complete"


@pytest.mark.parametrize("means", ["folder", "metadata"])
def test_what_the_metadata_call_means_by_a_parent_is_found_out(
    means: str, looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    looker.behaviour.parent_id_is = "folder"
    expected = new_vault(looker).run("content_metadata_access").end.root
    looker.behaviour.parent_id_is = means  # type: ignore[assignment]  # parametrized
    one = new_vault(looker)
    result = one.run("content_metadata_access")
    assert (result.end.status, result.end.root) == ("complete", expected)
    assert by_type(result)["content_metadata"].calls <= len(tree(looker)) + 2


def test_a_folder_deleted_before_its_metadata_is_asked_for_does_no_harm(
    looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    one: Extraction = new_vault(looker)
    top = busy_folder(looker)
    child = next(i for i, parent in tree(looker).items() if parent == top)
    result = one.run("folders")
    looker.store.delete("folders", child)
    assert result.end.status == "complete"
    again = one.run("content_metadata", exclude=["folders"])
    assert by_type(again)["content_metadata"].status == "complete"
