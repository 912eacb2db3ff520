"""A run is complete, or it names what it lacks: whatever happens in Looker meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import pytest

from lookervault.config.settings import DEFAULT_TIMEOUT
from lookervault.content.model import Missing
from lookervault.demo.behaviour import Behaviour, Fault
from lookervault.demo.server import EmbeddedLooker
from lookervault.demo.store import Store
from lookervault.extraction.orchestrator import Result
from tests.integration.conftest import NewVault
from tests.integration.running import Extraction, Meanwhile, by_type

COUNTS = {
    "dashboards": 12,
    "looks": 20,
    "folders": 20,
    "users": 40,
    "boards": 2,
    "scheduled_plans": 12,
    "alerts": 12,
    "groups": 12,
}
SEED = 5


@pytest.fixture
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(200, SEED, counts=COUNTS) as one:
        yield one


@pytest.fixture
def one(looker: EmbeddedLooker, new_vault: NewVault) -> Extraction:
    return new_vault(looker)


def named(result: Result) -> set[tuple[str, str, str]]:
    return {(missing.type, missing.id, missing.reason) for missing in result.end.missing}


def living(store: Store, name: str) -> list[str]:
    return [i for i in store.ids(name) if b'"deleted":true' not in store.body(name, i)]


# Hidden and gone.

BY_ID = {
    "dashboards": "dashboard",
    "looks": "look",
    "users": "user",
    "roles": "role",
    "boards": "board",
    "scheduled_plans": "scheduled_plan",
    "alerts": "get_alert",
}


@pytest.mark.parametrize("name", ["dashboards", "looks", "users", "roles", "groups"])
def test_what_is_listed_and_not_found_is_named(
    name: str, looker: EmbeddedLooker, one: Extraction
) -> None:
    hidden = set(looker.store.ids(name)[2:4])
    looker.behaviour.hidden_ids = {name: hidden}
    result = one.run(name)
    assert result.end.status == "partial"
    assert result.end.reasons == ["missing"]
    assert named(result) == {(name, i, "not_found") for i in hidden}
    assert by_type(result)[name].status == "incomplete"
    assert by_type(result)[name].items == by_type(result)[name].census - 2


@pytest.mark.parametrize("name", ["dashboards", "looks", "users", "roles", "groups"])
def test_what_is_hidden_from_one_day_to_the_next_is_not_taken_for_deleted(
    name: str, looker: EmbeddedLooker, one: Extraction
) -> None:
    one.run(name)
    hidden = set(looker.store.ids(name)[2:4])
    looker.behaviour.hidden_ids = {name: hidden}
    result = one.run(name, full=True)
    assert named(result) == {(name, i, "not_found") for i in hidden}
    assert by_type(result)[name].deleted == 0
    assert hidden <= one.vault.open_ids(name)


@pytest.mark.parametrize("name", ["dashboards", "looks", "users", "scheduled_plans", "alerts"])
def test_what_is_gone_is_recorded_as_deleted_and_still_there_as_of_before(
    name: str, looker: EmbeddedLooker, one: Extraction
) -> None:
    first = one.run(name)
    gone = one.vault.open_ids(name) & set(looker.store.ids(name)[3:5])
    for i in gone:
        looker.store.delete(name, i)
    second = one.run(name)
    assert second.end.status == "complete"
    assert (by_type(second)[name].deleted, by_type(second)[name].missing) == (len(gone), 0)
    assert not gone & one.vault.open_ids(name)
    assert all(one.vault.body(name, i) is None for i in gone)
    assert all(one.vault.body(name, i, run=first.run) for i in gone)
    assert second.end.root != first.end.root


@pytest.mark.parametrize("name", ["dashboards", "looks"])
def test_what_went_to_the_trash_is_marked_and_not_deleted(
    name: str, looker: EmbeddedLooker, one: Extraction
) -> None:
    one.run(name)
    chosen = living(looker.store, name)[1]
    looker.store.trash(name, chosen)
    result = one.run(name)
    of_type = by_type(result)[name]
    assert (of_type.changed, of_type.deleted, of_type.status) == (1, 0, "complete")
    assert {row.id: row.trashed for row in one.vault.items(name)}[chosen] is True
    looker.store.restore(name, chosen)
    one.run(name)
    assert {row.id: row.trashed for row in one.vault.items(name)}[chosen] is False


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("merge_queries", "search_dashboards"),
        ("role_members", "search_roles"),
        ("content_metadata_access", "all_boards"),
        ("user_attribute_group_values", "all_user_attributes"),
    ],
)
def test_nothing_is_called_deleted_that_hangs_on_a_type_which_is_incomplete(
    name: str, operation: str, looker: EmbeddedLooker, one: Extraction
) -> None:
    one.run(name)
    before = one.vault.open_ids(name)
    assert before
    looker.behaviour.forbidden = {operation: 403}
    result = one.run(name)
    of_type = by_type(result)[name]
    assert (result.end.status, of_type.status) == ("partial", "incomplete")
    assert of_type.reason.startswith("needs ")
    assert of_type.deleted == 0
    assert one.vault.open_ids(name) == before


def test_what_comes_back_after_its_deletion_is_new(looker: EmbeddedLooker, one: Extraction) -> None:
    first = one.run("dashboards")
    chosen = living(looker.store, "dashboards")[1]
    looker.behaviour.invisible_ids = {"dashboards": {chosen}}
    second = one.run("dashboards")
    looker.behaviour.invisible_ids = {}
    third = one.run("dashboards")
    assert by_type(second)["dashboards"].deleted == 1
    assert by_type(third)["dashboards"].new == 1
    assert first.end.root == third.end.root != second.end.root


# Meanwhile.

CALLS_OF_A_CENSUS = {"dashboards": 8, "looks": 8, "users": 2, "groups": 2}
SEARCHES = {
    "groups": "search_groups_with_hierarchy",
    "dashboards": "search_dashboards",
    "looks": "search_looks",
    "users": "search_users",
    "scheduled_plans": "all_scheduled_plans",
    "alerts": "search_alerts",
}


def running(
    one: Extraction,
    names: str | tuple[str, ...],
    happens: Mapping[tuple[str, int], Callable[[], Any]],
    **config: Any,
) -> tuple[Result, int]:
    """The result, and how much of what should have happened has not."""
    wrapped: list[Meanwhile] = []

    def through(client: Any) -> Meanwhile:
        wrapped.append(Meanwhile(client, happens))
        return wrapped[0]

    chosen = (names,) if isinstance(names, str) else names
    result = one.run(*chosen, through=through, workers=1, **config)
    return result, wrapped[0].left


@pytest.mark.parametrize("name", ["dashboards", "looks", "users"])
def test_what_is_deleted_between_the_census_and_its_page_is_not_missing(
    name: str, looker: EmbeddedLooker, one: Extraction
) -> None:
    chosen = living(looker.store, name)[4]
    after = {"dashboards": ("search_dashboards", 5), "looks": ("folder_looks", 1)}
    happens = {after.get(name, ("search_users", 3)): lambda: looker.store.delete(name, chosen)}
    result, left = running(one, name, happens)
    assert left == 0
    assert (result.end.status, result.end.missing) == ("complete", [])
    assert chosen not in one.vault.open_ids(name)
    assert by_type(result)[name].census == by_type(result)[name].items


@pytest.mark.parametrize("name", ["dashboards", "looks"])
@pytest.mark.parametrize("call", [2, 3, 4, 5, 6])
def test_what_leaves_the_trash_while_both_are_listed_is_not_lost(
    name: str, call: int, looker: EmbeddedLooker, one: Extraction
) -> None:
    trashed = next(i for i in looker.store.ids(name) if i not in living(looker.store, name))
    happens = {(SEARCHES[name], call): lambda: looker.store.restore(name, trashed)}
    result, left = running(one, name, happens)
    assert left == 0
    assert result.end.status == "complete"
    assert trashed in one.vault.open_ids(name)


@pytest.mark.parametrize("name", ["dashboards", "looks"])
@pytest.mark.parametrize("call", [2, 3, 4, 5, 6])
def test_what_goes_to_the_trash_while_both_are_listed_is_not_lost(
    name: str, call: int, looker: EmbeddedLooker, one: Extraction
) -> None:
    chosen = living(looker.store, name)[4]
    happens = {(SEARCHES[name], call): lambda: looker.store.trash(name, chosen)}
    result, left = running(one, name, happens)
    assert left == 0
    assert result.end.status == "complete"
    assert chosen in one.vault.open_ids(name)


@pytest.mark.parametrize("call", [2, 3, 4, 5, 6])
def test_an_alert_that_is_switched_while_both_halves_are_listed_is_not_lost(
    call: int, looker: EmbeddedLooker, one: Extraction
) -> None:
    store = looker.store
    enabled, disabled = (
        next(i for i in store.ids("alerts") if flag in store.body("alerts", i))
        for flag in (b'"is_disabled":false', b'"is_disabled":true')
    )

    def switch() -> None:
        store.edit("alerts", enabled, is_disabled=True)
        store.edit("alerts", disabled, is_disabled=False)

    result, left = running(one, "alerts", {("search_alerts", call): switch})
    assert left == 0
    assert result.end.status == "complete"
    assert one.vault.open_ids("alerts") == set(store.ids("alerts"))
    of_type = by_type(result)["alerts"]
    assert of_type.unchanged == 0
    assert of_type.new == of_type.items


def test_a_look_that_moves_while_folders_are_read_is_there_once(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    store = looker.store
    look, *_ = living(store, "looks")
    body = store.body("looks", look)
    target = next(i for i in store.ids("folders")[5:] if f'"folder_id":"{i}"'.encode() not in body)
    for call in range(1, 6):
        vault_before = one.vault.open_ids("looks")
        happens = {("folder_looks", call): partial(store.edit, "looks", look, folder_id=target)}
        result, _ = running(one, "looks", happens)
        assert result.end.status == "complete"
        assert vault_before <= one.vault.open_ids("looks")
        of_type = by_type(result)["looks"]
        assert min(of_type.new, of_type.changed, of_type.unchanged) >= 0
        assert of_type.new + of_type.changed + of_type.unchanged == of_type.items
        target = "1"


@pytest.mark.parametrize("id_lists", [True, False])
@pytest.mark.parametrize("name", ["dashboards", "looks", "users", "groups"])
def test_what_is_created_while_pages_are_read_is_fetched_too(
    name: str,
    id_lists: bool,
    looker: EmbeddedLooker,
    one: Extraction,
) -> None:
    store = looker.store
    looker.behaviour.id_lists = id_lists
    census = CALLS_OF_A_CENSUS[name]
    page = ("folder_looks", 1) if name == "looks" else (SEARCHES[name], census + 2)
    happens = {
        (SEARCHES[name], census): lambda: store.create(name),
        page: lambda: store.create(name),
    }
    result, left = running(one, name, happens, page_size=5)
    assert left == 0
    assert (result.end.status, result.end.missing) == ("complete", [])
    assert one.vault.open_ids(name) == {i for i in store.ids(name) if _is_read(store, name, i)}
    assert by_type(result)[name].census == by_type(result)[name].items


def test_what_is_created_and_trashed_while_pages_are_read_is_fetched_too(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    store = looker.store
    made: list[str] = []

    def create_and_trash() -> None:
        made.append(store.create("dashboards"))
        store.trash("dashboards", made[0])

    result, left = running(
        one, "dashboards", {("search_dashboards", 8): create_and_trash}, page_size=2
    )
    assert left == 0
    assert result.end.status == "complete"
    assert {row.id: row.trashed for row in one.vault.items("dashboards")}[made[0]] is True


def test_a_deletion_does_not_hide_what_is_created_while_pages_are_read(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    store = looker.store
    made: list[str] = []

    def change() -> None:
        for identity in store.ids("users")[-3:]:
            store.delete("users", identity)
        made.extend(store.create("users") for _ in range(2))

    result, left = running(one, "users", {("search_users", 5): change}, page_size=5)
    assert left == 0
    assert result.end.status == "complete"
    assert set(made) <= one.vault.open_ids("users")


def test_a_run_over_a_folder_takes_in_what_is_created_in_it_meanwhile(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    store = looker.store
    folder = json.loads(store.body("looks", living(store, "looks")[0]))["folder_id"]
    made: list[str] = []
    happens: dict[tuple[str, int], Callable[[], Any]] = {
        ("look", 1): lambda: made.append(store.create("looks", folder_id=folder)),
        ("folder_looks", 1): lambda: made.append(store.create("looks", folder_id=folder)),
    }
    result, _ = running(one, "looks", happens, folders=(folder,))
    assert made
    assert result.end.status == "complete"
    assert set(made) <= one.vault.open_ids("looks")


def test_where_it_cannot_be_told_what_was_created_meanwhile_the_run_says_so(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    def refuse() -> None:
        looker.behaviour.forbidden = {"search_users": 403}

    pages = -(-len(looker.store.ids("users")) // 100)
    calls = CALLS_OF_A_CENSUS["users"] + 1 + pages + 1
    result, left = running(one, "users", {("search_users", calls): refuse})
    assert left == 0
    assert named(result) == {("users", "*", "forbidden")}
    assert by_type(result)["users"].items == by_type(result)["users"].census
    assert result.end.status == "partial"


# A server that knows less, or gives less.


def whole_root(looker: EmbeddedLooker, new_vault: NewVault, *names: str, **config: Any) -> bytes:
    root = new_vault(looker).run(*names, **config).end.root
    assert root is not None
    return root


@pytest.mark.parametrize("page_size", [2, 5, 100])
def test_a_server_that_takes_no_id_lists_is_read_by_windows_to_the_same_root(
    page_size: int, looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    names = ("dashboards", "users", "roles", "groups")
    expected = whole_root(looker, new_vault, *names)
    looker.behaviour.id_lists = False
    looker.log.clear()
    result = new_vault(looker).run(*names, page_size=page_size)
    assert (result.end.status, result.end.root) == ("complete", expected)
    for name in names:
        of_type = by_type(result)[name]
        assert of_type.calls <= -(-of_type.items // page_size) + 16, name


@pytest.mark.parametrize("cap", [2, 7])
@pytest.mark.parametrize("id_lists", [True, False])
def test_a_server_that_caps_its_pages_is_read_to_the_same_root(
    cap: int, id_lists: bool, looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    names = ("dashboards", "looks", "users", "alerts", "groups")
    expected = whole_root(looker, new_vault, *names)
    looker.behaviour.max_limit = cap
    looker.behaviour.id_lists = id_lists
    result = new_vault(looker).run(*names)
    assert (result.end.status, result.end.root) == ("complete", expected)


@pytest.mark.parametrize("cap", [4, 9, 30])
def test_a_server_that_caps_its_pages_costs_a_call_for_each_page_of_its_own(
    cap: int, looker: EmbeddedLooker, one: Extraction
) -> None:
    looker.behaviour.max_limit = cap
    of_type = by_type(one.run("users", workers=1))["users"]
    assert (of_type.status, of_type.items) == ("complete", of_type.census)
    census = -(-of_type.items // (cap - 1)) + 2
    assert of_type.calls <= census + -(-of_type.items // cap) + 4


def test_hidden_items_cost_a_page_and_a_second_look_each(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    before = by_type(one.run("users"))["users"].calls
    looker.behaviour.hidden_ids = {"users": set(looker.store.ids("users")[5:9])}
    after = by_type(one.run("users"))["users"]
    assert (after.missing, after.calls) == (4, before + 1 + 4 + 2), "and a new census"


def test_windows_that_shift_lose_nothing(looker: EmbeddedLooker, one: Extraction) -> None:
    looker.behaviour.id_lists = False
    store = looker.store
    ids = store.ids("users")
    gone = ids[1:9:2]
    happens: dict[tuple[str, int], Callable[[], Any]] = {
        ("search_users", 3 + n): partial(store.delete, "users", i) for n, i in enumerate(gone)
    }
    result, left = running(one, "users", happens, page_size=3)
    assert left == 0
    assert result.end.status == "complete"
    stored = one.vault.open_ids("users")
    assert {i for i in store.ids("users") if _is_person(store, i)} <= stored


def _is_person(store: Store, identity: str) -> bool:
    return b'"credentials_embed":[]' in store.body("users", identity)


def _is_read(store: Store, name: str, identity: str) -> bool:
    return name != "users" or _is_person(store, identity)


# Answers that make no sense.

SEARCHED = ("search_dashboards", "search_looks", "search_users", "search_alerts", "search_roles")
BY_ITSELF = ("look", "merge_query")
LISTED = ("all_scheduled_plans", "all_folders", "all_boards")
OTHERS = (
    "folder_looks",
    "role_groups",
    "role_users",
    "get_setting",
    "all_content_metadatas",
    "all_content_metadata_accesses",
)
ASKED_FOR = (
    *("dashboards", "looks", "users", "alerts", "scheduled_plans", "role_members"),
    *("settings", "content_metadata_access", "merge_queries"),
)
ANYWHERE = (*SEARCHED, *BY_ITSELF, *LISTED, *OTHERS)

ODD = {
    Fault.ERROR_500: ANYWHERE,
    Fault.BAD_GATEWAY: ANYWHERE,
    Fault.UNAVAILABLE: ANYWHERE,
    Fault.RESET: ANYWHERE,
    Fault.TRUNCATED: ANYWHERE,
    Fault.EXPIRED_TOKEN: ANYWHERE,
    Fault.HTML_200: ANYWHERE,
    Fault.NOT_JSON: ANYWHERE,
    Fault.EMPTY: ANYWHERE,
    Fault.TOO_MANY: ANYWHERE,
    Fault.TOO_MANY_SILENT: ANYWHERE,
    # Nothing in a list of the whole tells that one of its rows is another's, or that it is short:
    # where there are pages, the next one does, and where there are ids, they do.
    Fault.OTHER_ITEM: BY_ITSELF,
    Fault.REPEATED_ROW: (*SEARCHED, *LISTED, "folder_looks"),
    Fault.SHORT_PAGE: (*SEARCHED, "folder_looks"),
    # One of each kind, as each of them costs the time that a client waits in vain.
    Fault.STALL: ("search_dashboards", "look", "all_folders", "folder_looks", "role_users"),
}


class Awaited(EmbeddedLooker):
    """Looker, with clients that wait `patience` seconds for the next byte."""

    patience = DEFAULT_TIMEOUT

    def env(self) -> dict[str, str]:
        return super().env() | {"LOOKERSDK_TIMEOUT": str(self.patience)}


@pytest.mark.parametrize("before", [0, 2])
@pytest.mark.parametrize("fault", ODD, ids=lambda fault: fault.name)
def test_an_answer_that_goes_wrong_once_makes_no_difference(
    fault: Fault, before: int, shared: tuple[Awaited, bytes], new_vault: NewVault
) -> None:
    """The first answer of each operation, or the third: a census, or a page."""
    looker, expected = shared
    looker.patience = 0.3 if fault is Fault.STALL else DEFAULT_TIMEOUT
    faults = looker.behaviour.faults_for

    def spoil(operation: str) -> None:
        faults[operation] = [fault]

    happens = {(name, 1 + before): partial(spoil, name) for name in ODD[fault]}
    result, _ = running(new_vault(looker), ASKED_FOR, happens, page_size=5)
    assert sum(map(len, faults.values())) == 0
    assert (result.end.missing, result.end.status) == ([], "complete")
    assert result.end.root == expected


@pytest.mark.parametrize("name", ["dashboards", "users"])
@pytest.mark.parametrize("fault", [Fault.OTHER_ITEM, Fault.REPEATED_ROW, Fault.SHORT_PAGE])
def test_a_page_of_ids_that_has_something_else_is_made_up_for(
    name: str, fault: Fault, looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    expected = new_vault(looker).run(name).end.root
    for page in range(4):
        faults = {SEARCHES[name]: [fault]}
        call = {"dashboards": 7, "users": 3}[name] + page

        def spoil(faults: dict[str, list[Fault]] = faults) -> None:
            looker.behaviour.faults_for = faults

        result, left = running(
            new_vault(looker), name, {(SEARCHES[name], call): spoil}, page_size=3
        )
        assert (left, faults) == (0, {SEARCHES[name]: []})
        assert (result.end.status, result.end.root) == ("complete", expected)


@pytest.mark.parametrize("name", ["scheduled_plans", "folders", "boards", "themes"])
def test_a_list_that_is_short_deletes_nothing(
    name: str, looker: EmbeddedLooker, one: Extraction
) -> None:
    first = one.run(name)
    looker.behaviour.faults_for = {f"all_{name}": [Fault.SHORT_PAGE]}
    second = one.run(name)
    assert (by_type(second)[name].deleted, second.end.status) == (0, "complete")
    assert second.end.root == first.end.root


def test_an_id_that_stays_repeated_in_a_list_is_named(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    looker.behaviour.faults_for = {"all_folders": [Fault.REPEATED_ROW] * 3}
    result = one.run("folders")
    assert named(result) == {("folders", "*", "bad_answer")}
    assert "twice" in by_type(result)["folders"].reason


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Awaited, bytes]]:
    """A Looker that stays as it is, and the root of the types that are asked for."""
    silent = Behaviour(stall_s=600)  # longer than a test may last: the client ends a silence
    with Awaited(200, SEED, silent, counts=COUNTS) as looker:
        vault = Extraction(looker, tmp_path_factory.mktemp("whole") / "vault.db")
        root = vault.run(*ASKED_FOR).end.root
        vault.close()
        assert root is not None
        yield looker, root


def test_missing_are_sorted_and_kept_with_the_run(looker: EmbeddedLooker, one: Extraction) -> None:
    looker.behaviour.hidden_ids = {
        "users": set(looker.store.ids("users")[3:5]),
        "roles": set(looker.store.ids("roles")[3:5]),
    }
    result = one.run("users", "roles")
    assert result.end.missing == sorted(result.end.missing) != []
    assert one.vault.missing(result.run) == result.end.missing
    assert all(isinstance(missing, Missing) for missing in result.end.missing)


def test_behaviour_is_as_it_was(looker: EmbeddedLooker) -> None:
    assert looker.behaviour == Behaviour()
