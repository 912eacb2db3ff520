"""So much seems deleted that it is not believed, until somebody says so."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pytest

from lookervault.content.model import Missing
from lookervault.demo.server import EmbeddedLooker
from lookervault.extraction.orchestrator import Result
from tests.integration.conftest import NewVault
from tests.integration.running import Extraction, Meanwhile, QuickTime, by_type

COUNTS = {"dashboards": 60, "looks": 60, "users": 64, "boards": 4, "groups": 12, "folders": 20}
USERS = ("users", "user_attribute_user_values")
HERE = Missing("dashboards", "*", "mass_deletion")


@pytest.fixture
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(200, 5, counts=COUNTS) as one:
        yield one


@pytest.fixture
def one(looker: EmbeddedLooker, new_vault: NewVault) -> Extraction:
    return new_vault(looker)


def delete(looker: EmbeddedLooker, name: str, ids: Collection[str]) -> set[str]:
    for each in ids:
        looker.store.delete(name, each)
    return set(ids)


def living(one: Extraction, name: str) -> list[str]:
    return [row.id for row in one.vault.items(name) if not row.trashed]


def nothing_deleted(one: Extraction, result: Result, name: str, before: set[str]) -> None:
    of_type = by_type(result)[name]
    assert (result.end.status, of_type.status, of_type.deleted) == ("partial", "incomplete", 0)
    assert one.vault.open_ids(name) == before
    assert {row.id for row in one.vault.items(name)} == before


@pytest.mark.parametrize("name", ["dashboards", "looks"])
def test_more_than_a_fifth_is_not_believed_to_be_gone(
    name: str, looker: EmbeddedLooker, one: Extraction
) -> None:
    one.run(name)
    before = one.vault.open_ids(name)
    gone = delete(looker, name, living(one, name)[:20])
    result = one.run(name)
    nothing_deleted(one, result, name, before)
    assert result.end.missing == [Missing(name, "*", "mass_deletion")]
    word, said = result.end.reasons
    assert word == "mass_deletion"
    assert f"{name}: {len(gone)} of {len(before)} seem deleted ({2000 / len(before):.3g} %)" in said
    assert "more than the 20 % that are believed" in said
    assert f"lookervault extract --accept-deletions {name}" in said
    assert by_type(result)[name].reason == said
    assert by_type(result)[name].items == len(before) - len(gone)
    assert one.run(name).end.status == "partial", "and so it stays"


def test_what_is_accepted_is_deleted(looker: EmbeddedLooker, one: Extraction) -> None:
    first = one.run("dashboards", "looks")
    gone = delete(looker, "dashboards", living(one, "dashboards")[:20])
    kept = delete(looker, "looks", living(one, "looks")[:20])
    result = one.run("dashboards", "looks", accept_deletions=("dashboards",))
    types = by_type(result)
    assert (types["dashboards"].status, types["dashboards"].deleted) == ("complete", len(gone))
    assert (types["looks"].status, types["looks"].deleted) == ("incomplete", 0)
    assert not gone & one.vault.open_ids("dashboards")
    assert kept <= one.vault.open_ids("looks")
    again = one.run("dashboards", "looks", accept_deletions=("looks",))
    assert (again.end.status, again.end.reasons) == ("complete", [])
    assert all(one.vault.body("dashboards", i, run=first.run) for i in gone)


def test_what_a_stopped_run_had_stored_does_not_make_the_share_of_what_is_gone_smaller(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    one.run("users")
    before = one.vault.open_ids("users")
    for _ in range(100):
        looker.store.create("users")
    time = QuickTime()
    stop_after = {("search_users", 12): time.request}
    one.run(
        "users",
        time=time,
        through=lambda client: Meanwhile(client, stop_after),
        workers=1,
        page_size=10,
    )
    stored = one.vault.open_ids("users")
    gone = delete(looker, "users", sorted(before, key=int)[5:21])
    assert len(gone) > len(before) / 5
    assert len(gone) < len(stored) / 5
    result = one.run("users")
    assert (result.run, result.resumed) == (2, True)
    assert result.end.missing == [Missing("users", "*", "mass_deletion")]
    assert f"users: {len(gone)} of {len(before)} seem deleted" in result.end.reasons[1]
    assert before <= one.vault.open_ids("users")


def test_the_share_can_be_set(looker: EmbeddedLooker, one: Extraction) -> None:
    one.run("users")
    before = one.vault.open_ids("users")
    delete(looker, "users", sorted(before, key=int)[5:21])
    percent = 100 * 16 / len(before)
    nothing_deleted(one, one.run("users", max_deletions=percent - 1), "users", before)
    result = one.run("users", max_deletions=percent)
    assert (result.end.status, by_type(result)["users"].deleted) == ("complete", 16)


def test_a_handful_is_believed_however_small_the_type(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    one.run("groups")
    delete(looker, "groups", looker.store.ids("groups")[3:])
    result = one.run("groups")
    assert (result.end.status, by_type(result)["groups"].deleted) == ("complete", 9)


@pytest.mark.parametrize("name", ["boards", "groups", "dashboards"])
@pytest.mark.parametrize("percent", [20, 100])
def test_a_type_of_which_nothing_is_left_is_not_believed_to_be_gone(
    name: str, percent: float, looker: EmbeddedLooker, one: Extraction
) -> None:
    one.run(name)
    before = one.vault.open_ids(name)
    looker.behaviour.invisible_ids = {name: set(looker.store.ids(name))}
    result = one.run(name, max_deletions=percent)
    nothing_deleted(one, result, name, before)
    assert f"{name}: all {len(before)} seem deleted" in result.end.reasons[1]
    accepted = one.run(name, accept_deletions=(name,))
    assert (accepted.end.status, by_type(accepted)[name].deleted) == ("complete", len(before))
    assert one.run(name).end.status == "complete", "an empty type is no news any more"


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("accepted", [(), ("boards",)])
def test_a_type_that_is_suddenly_forbidden_stays_as_it_was(
    status: int, accepted: tuple[str, ...], looker: EmbeddedLooker, one: Extraction
) -> None:
    looker.behaviour.forbidden = {"all_boards": status}
    assert one.run("boards").end.reasons == ["missing"]
    looker.behaviour.forbidden = {}
    one.run("boards")
    before = one.vault.open_ids("boards")
    looker.behaviour.forbidden = {"all_boards": status}
    result = one.run("boards", accept_deletions=accepted)
    nothing_deleted(one, result, "boards", before)
    word, said = result.end.reasons
    assert word == "missing"
    assert said == (
        f"boards: Looker answers {status} for all of it, and the vault holds {len(before)};"
        " nothing was marked deleted."
    )
    assert [m.id for m in result.end.missing] == ["*"]


# The trash.


@pytest.mark.parametrize("name", ["dashboards", "looks"])
def test_what_goes_to_the_trash_is_not_deleted_however_much_it_is(
    name: str, looker: EmbeddedLooker, one: Extraction
) -> None:
    one.run(name)
    before = one.vault.open_ids(name)
    for each in living(one, name):
        looker.store.trash(name, each)
    result = one.run(name)
    assert (result.end.status, by_type(result)[name].deleted) == ("complete", 0)
    assert one.vault.open_ids(name) == before
    assert living(one, name) == []


def test_a_full_trash_does_not_hide_that_most_of_the_rest_is_gone(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    one.run("looks")
    for each in living(one, "looks")[18:]:
        looker.store.trash("looks", each)
    one.run("looks")
    before = one.vault.open_ids("looks")
    delete(looker, "looks", living(one, "looks")[:11])
    assert 11 / len(before) < 0.2
    result = one.run("looks")
    nothing_deleted(one, result, "looks", before)
    assert "looks: 11 of 18 outside the trash seem deleted (61.1 %)" in result.end.reasons[1]


# What hangs together.


def test_what_is_listed_by_a_type_in_doubt_stays_with_it(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    one.run("merge_queries")
    before = one.vault.open_ids("merge_queries")
    dashboards = one.vault.open_ids("dashboards")
    assert before
    delete(looker, "dashboards", living(one, "dashboards")[:40])
    result = one.run("merge_queries")
    assert one.vault.open_ids("merge_queries") == before
    assert one.vault.open_ids("dashboards") == dashboards
    assert by_type(result)["merge_queries"].reason == "needs dashboards"
    assert result.end.missing == [HERE]
    assert "missing" not in result.end.reasons
    accepted = one.run("merge_queries", accept_deletions=("dashboards",))
    assert accepted.end.status == "complete"
    assert by_type(accepted)["merge_queries"].deleted > 0


def test_what_hangs_on_items_in_doubt_is_not_asked_for(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    one.run(*USERS)
    gone = delete(looker, "users", sorted(one.vault.open_ids("users"), key=int)[5:25])
    looker.log.clear()
    result = one.run(*USERS)
    assert result.end.missing == [Missing("users", "*", "mass_deletion")]
    asked = {call.path.split("/")[-2] for call in looker.log.calls("user_attribute_user_values")}
    assert asked
    assert not asked & gone


def test_what_is_found_through_an_accepted_type_is_accepted_with_it(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    one.run("role_members")
    before = one.vault.open_ids("role_members")
    delete(looker, "roles", looker.store.ids("roles")[4:])
    refused = one.run("role_members")
    assert by_type(refused)["roles"].deleted == 8, "so few are believed"
    nothing_deleted(one, refused, "role_members", before)
    result = one.run("role_members", accept_deletions=("roles",))
    assert (result.end.status, by_type(result)["role_members"].deleted) == (
        "complete",
        len(before) - len(one.vault.open_ids("role_members")),
    )


def test_a_run_over_a_folder_deletes_nothing_and_is_in_no_doubt(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    one.run()
    before = one.vault.counts()
    delete(looker, "dashboards", living(one, "dashboards"))
    result = one.run(folders=("1",), recursive=True)
    assert (result.end.status, result.end.reasons) == ("complete", [])
    assert one.vault.counts() == before


# Resumed.


def stopped(one: Extraction) -> Result:
    """A run that is stopped when all users have been looked at."""
    time = QuickTime()
    happens = {("user_attribute_user_values", 1): time.request}
    result = one.run(
        *USERS, time=time, workers=1, through=lambda client: Meanwhile(client, happens)
    )
    assert result.end.status == "interrupted"
    return result


def test_a_resumed_run_counts_what_it_found_gone_before_it_was_stopped(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    one.run(*USERS)
    before = one.vault.open_ids("users")
    ids = sorted(before, key=int)
    first, second = delete(looker, "users", ids[5:16]), ids[16:27]
    assert 11 / len(before) < 0.2 < 22 / len(before)
    begun = stopped(one)
    assert by_type(begun)["users"].deleted == len(first), "by itself, it is believed"
    delete(looker, "users", second)
    resumed = one.run(*USERS)
    assert resumed.run == begun.run
    nothing_deleted(one, resumed, "users", before)
    assert any(f"22 of {len(before)} seem deleted" in said for said in resumed.end.reasons)
    accepted = one.run(*USERS, accept_deletions=("users",))
    assert accepted.end.status == "complete"
    assert one.vault.open_ids("users") == before - {*first, *second}


def test_a_resumed_run_decides_as_an_undisturbed_one(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    one.run(*USERS)
    gone = delete(looker, "users", sorted(one.vault.open_ids("users"), key=int)[5:16])
    begun = stopped(one)
    resumed = one.run(*USERS)
    assert (resumed.run, resumed.end.status) == (begun.run, "complete")
    assert by_type(resumed)["users"].deleted == len(gone)
    assert not gone & one.vault.open_ids("users")
