"""What every content type promises, tested on each: a new one joins by its registry line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from lookervault.content import operations as op
from lookervault.content.model import ContentType
from lookervault.content.operations import ALLOWED, Operation
from lookervault.content.registry import TYPES, select
from lookervault.content.sources import Each, Paged, Whole
from lookervault.content.types.settings import SINGLETONS
from lookervault.demo.request_log import Served
from lookervault.demo.server import EmbeddedLooker
from lookervault.extraction.orchestrator import Result
from tests.integration.conftest import NewVault
from tests.integration.running import Extraction, by_type, extraction

COUNTS = {
    "dashboards": 40,
    "looks": 44,
    "folders": 30,
    "users": 60,
    "boards": 3,
    "scheduled_plans": 9,
    "alerts": 11,
    "groups": 14,
}
SEED = 5  # there are two dashboards and two looks in the trash
NAMES = sorted(TYPES)
every_type = pytest.mark.parametrize("name", NAMES)
SESSION = {"login", "me", "user_roles", "versions"}


@dataclass
class Done:
    """A whole extraction that the tests of this module look at."""

    looker: EmbeddedLooker
    extraction: Extraction
    result: Result
    served: list[Served]


@pytest.fixture(scope="module")
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(200, SEED, counts=COUNTS) as one:
        yield one


@pytest.fixture(scope="module")
def done(looker: EmbeddedLooker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    with extraction(looker, tmp_path_factory.mktemp("whole") / "vault.db") as one:
        looker.log.clear()
        result = one.run(*NAMES)
        yield Done(looker, one, result, looker.log[:])


# What there is, said by the API itself, call by call.


class Truth:
    """The objects that each type has, from the store's ids and the API's by-id calls."""

    def __init__(self, one: Extraction) -> None:
        self._store = one.looker.store
        self._get = one.get
        self.json = cache(self._json)

    def ids(self, name: str) -> set[str]:
        special = _IDS.get(name)
        return set(special(self)) if special else set(self._store.ids(name))

    def body(self, name: str, identity: str) -> bytes:
        return _CALLS[name](self._get, identity)

    def listed(self, name: str) -> list[Any]:
        return [self.json(name, i) for i in self.ids(name)]

    def _json(self, name: str, identity: str) -> Any:
        return json.loads(self.body(name, identity))

    def embed_users(self, *, embed: bool) -> list[str]:
        every = self._store.ids("users")
        return [i for i in every if bool(self._user(i)["credentials_embed"]) is embed]

    def _user(self, identity: str) -> Any:
        return json.loads(self._store.body("users", identity))

    def rows_of_parents(self) -> dict[str, Any]:
        parents = {f["parent_id"] for f in self.listed("folders") if f["parent_id"]}
        return {i: self.json("content_metadata", i) for i in parents}


def _own_access(truth: Truth) -> Iterator[str]:
    for folder in truth.listed("folders"):
        if folder["parent_id"] is None:
            yield folder["content_metadata_id"]
    for rows in truth.rows_of_parents().values():
        yield from (r["id"] for r in rows if r["folder_id"] and not r["inherits"])
    yield from (board["content_metadata_id"] for board in truth.listed("boards"))


def _merged(truth: Truth) -> Iterator[str]:
    for dashboard in truth.listed("dashboards"):
        for tile in dashboard["dashboard_elements"]:
            if tile["merge_result_id"]:
                yield tile["merge_result_id"]


def _lone_queries(truth: Truth) -> set[str]:
    """Those that something names by id and no tile or look has inside."""
    named = {
        source["query_id"]
        for merged in truth.listed("merge_queries")
        for source in merged["source_queries"]
    }
    for name in ("alerts", "scheduled_plans"):
        named |= {one["query_id"] for one in truth.listed(name) if one["query_id"]}
    inside = set()
    for dashboard in truth.listed("dashboards"):
        for tile in dashboard["dashboard_elements"]:
            inside |= {tile["query"]["id"]} if tile["query"] else set()
    inside |= {look["query"]["id"] for look in truth.listed("looks")}
    return {str(i) for i in named - inside}


_IDS: dict[str, Callable[[Truth], Any]] = {
    "users": lambda truth: truth.embed_users(embed=False),
    "embed_users": lambda truth: truth.embed_users(embed=True),
    "role_members": lambda truth: [
        f"{i}/{kind}" for i in truth.ids("roles") for kind in ("groups", "users")
    ],
    "user_attribute_group_values": lambda truth: truth.ids("user_attributes"),
    "user_attribute_user_values": lambda truth: truth.embed_users(embed=False),
    "content_metadata": lambda truth: truth.rows_of_parents(),
    "content_metadata_access": _own_access,
    "merge_queries": _merged,
    "queries": _lone_queries,
    "settings": lambda _: SINGLETONS,
}

type Get = Callable[..., bytes]


def _by_id(operation: Operation) -> Callable[[Get, str], bytes]:
    return lambda get, identity: get(operation, identity)


def _members(get: Get, identity: str) -> bytes:
    role, kind = identity.split("/")
    if kind == "groups":
        return get(op.ROLE_GROUPS, role, fields="id")
    return get(op.ROLE_USERS, role, fields="id", direct_association_only="true")


_METADATA_COLUMNS = "id,parent_id,folder_id,content_type,inherits,inheriting_id"
_CALLS: dict[str, Callable[[Get, str], bytes]] = {
    "dashboards": _by_id(op.DASHBOARD),
    "looks": _by_id(op.LOOK),
    "boards": _by_id(op.BOARD),
    "users": _by_id(op.USER),
    "embed_users": _by_id(op.USER),
    "roles": _by_id(op.ROLE),
    "permission_sets": _by_id(op.PERMISSION_SET),
    "model_sets": _by_id(op.MODEL_SET),
    "scheduled_plans": _by_id(op.SCHEDULED_PLAN),
    "alerts": _by_id(op.GET_ALERT),
    "user_attributes": _by_id(op.USER_ATTRIBUTE),
    "themes": _by_id(op.THEME),
    "color_collections": _by_id(op.COLOR_COLLECTION),
    "lookml_models": _by_id(op.LOOKML_MODEL),
    "connections": _by_id(op.CONNECTION),
    "projects": _by_id(op.PROJECT),
    "datagroups": _by_id(op.DATAGROUP),
    "integrations": _by_id(op.INTEGRATION),
    "integration_hubs": _by_id(op.INTEGRATION_HUB),
    "merge_queries": _by_id(op.MERGE_QUERY),
    "queries": _by_id(op.QUERY),
    "user_attribute_group_values": _by_id(op.ALL_USER_ATTRIBUTE_GROUP_VALUES),
    "user_attribute_user_values": _by_id(op.USER_ATTRIBUTE_USER_VALUES),
    "settings": lambda get, name: get(SINGLETONS[name]),
    "role_members": _members,
    "content_metadata": lambda get, folder: get(
        op.ALL_CONTENT_METADATAS, parent_id=folder, fields=_METADATA_COLUMNS
    ),
    "content_metadata_access": lambda get, metadata: get(
        op.ALL_CONTENT_METADATA_ACCESSES, content_metadata_id=metadata
    ),
    # The search is richer than `group(id)`, which lacks the parents.
    "groups": lambda get, i: get(op.SEARCH_GROUPS_WITH_HIERARCHY, id=i)[1:-1],
    # `folder(id)` repeats the dashboards and looks inside.
    "folders": lambda get, i: _without_content(get(op.FOLDER, i)),
}


def _without_content(folder: bytes) -> bytes:
    """Without the members `dashboards` and `looks`, wherever they are; every other byte stays."""
    for name in (b"dashboards", b"looks"):
        found = re.search(rb',?"%b":' % name, folder)
        assert found is not None
        _, length = json.JSONDecoder().raw_decode(folder[found.end() :].decode())
        tail = folder[found.end() :].decode()[length:].encode()
        folder = folder[: found.start()] + tail
    return folder


def _redacted(body: bytes, names: tuple[str, ...]) -> bytes:
    """Each value of these names as `null`: written apart from the program's own way to do it."""
    text = body.decode()
    for name in names:
        parts, rest = [], text
        while (found := rest.find(f'"{name}":')) >= 0:
            start = found + len(name) + 3
            _, length = json.JSONDecoder().raw_decode(rest[start:])
            parts.append(rest[:start] + "null")
            rest = rest[start + length :]
        text = "".join(parts) + rest
    return text.encode()


@pytest.fixture(scope="module")
def truth(done: Done) -> Truth:
    return Truth(done.extraction)


# The promises.


def test_the_run_over_every_type_is_complete(done: Done) -> None:
    assert (done.result.end.status, done.result.end.missing) == ("complete", [])
    assert {one.status for one in done.result.end.types} == {"complete"}


@every_type
def test_exactly_what_there_is_is_listed_and_stored(name: str, done: Done, truth: Truth) -> None:
    there = truth.ids(name)
    assert there, "the embedded Looker has something of every type"
    assert done.extraction.stored(name).keys() == there
    result = by_type(done.result)[name]
    assert (result.census, result.items, result.new) == (len(there),) * 3
    assert (result.missing, result.deleted, result.changed, result.unchanged) == (0, 0, 0, 0)


@every_type
def test_a_stored_object_is_byte_for_byte_what_its_own_call_returns(
    name: str, done: Done, truth: Truth
) -> None:
    secrets = TYPES[name].secrets
    for identity, body in done.extraction.stored(name).items():
        assert body == _redacted(truth.body(name, identity), secrets), identity


@every_type
def test_a_name_and_a_moment_are_kept_where_the_object_has_them(
    name: str, done: Done, truth: Truth
) -> None:
    for row in done.extraction.vault.items(name):
        obj = truth.json(name, row.id)
        if isinstance(obj, dict):
            assert row.updated_at == obj.get("updated_at")
            assert row.trashed is (obj.get("deleted") is True)
            title = obj.get("title") or obj.get("name") or obj.get("label")
            assert not isinstance(title, str) or not title or row.name


def test_the_trash_is_included_and_marked(done: Done) -> None:
    for name in ("dashboards", "looks"):
        trashed = [row.id for row in done.extraction.vault.items(name) if row.trashed]
        assert len(trashed) == 2, name


def test_dashboards_that_live_in_lookml_are_not_content(done: Done) -> None:
    assert not set(done.looker.store.ids("lookml_dashboards")) & set(
        done.extraction.stored("dashboards")
    )


@every_type
def test_only_operations_of_the_type_are_sent_for_it(
    name: str, looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    chosen = select([name], [])
    looker.log.clear()
    new_vault(looker).run(name)
    allowed = {operation.id for one in chosen for operation in one.source.operations}
    sent = {served.operation_id for served in looker.log[:]}
    assert sent <= allowed | SESSION
    assert allowed <= set(ALLOWED)


def test_the_run_itself_makes_a_login_and_three_calls(done: Done) -> None:
    counts = [sum(one.operation_id == each for one in done.served) for each in sorted(SESSION)]
    assert counts == [1, 1, 1, 1]
    assert done.result.end.calls == len(done.served) - 1
    assert done.result.end.retries == 0


# Calls are the scarce resource.

PAGED = [name for name in NAMES if isinstance(TYPES[name].source, Paged)]
WHOLE = [name for name in NAMES if isinstance(TYPES[name].source, Whole)]
EACH = [name for name in NAMES if isinstance(TYPES[name].source, Each)]


def test_every_way_of_listing_is_accounted_for_here() -> None:
    assert set(NAMES) - {*PAGED, *WHOLE, *EACH} == {"alerts", "looks", "content_metadata"}


@pytest.mark.parametrize("page_size", [1, 7, 100])
@pytest.mark.parametrize("name", PAGED)
def test_a_paged_type_costs_a_call_a_page_and_a_handful(
    name: str, page_size: int, looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    result = by_type(new_vault(looker).run(name, page_size=page_size))[name]
    pages = -(-result.items // page_size)
    assert result.status == "complete"
    assert pages < result.calls <= pages + 1 + (12 if name == "dashboards" else 3)


@pytest.mark.parametrize("name", WHOLE)
def test_a_type_that_is_listed_whole_costs_one_call(name: str, done: Done) -> None:
    assert by_type(done.result)[name].calls == 1


@pytest.mark.parametrize("name", EACH)
def test_what_is_asked_for_one_by_one_is_asked_for_once(name: str, done: Done) -> None:
    result = by_type(done.result)[name]
    assert result.calls == result.items
    operations = {operation.id for operation in TYPES[name].source.operations}
    calls = [one for one in done.served if one.operation_id in operations]
    assert len(calls) == len({(one.path, tuple(one.query.items())) for one in calls})


def test_alerts_cost_a_listing_of_each_half_and_a_second_one(done: Done) -> None:
    assert by_type(done.result)["alerts"].calls <= 2 * 2 + 2 * 2


def test_content_metadata_cost_a_call_per_folder_with_folders_inside_and_a_probe(
    done: Done,
) -> None:
    result = by_type(done.result)["content_metadata"]
    assert result.items < result.calls <= result.items + 2


def test_looks_cost_the_smaller_of_looks_and_folders(done: Done, truth: Truth) -> None:
    living = [look for look in truth.listed("looks") if not look["deleted"]]
    trashed = COUNTS["looks"] - len(living)
    folders = {look["folder_id"] for look in living}
    assert len(folders) < len(living)
    assert by_type(done.result)["looks"].calls <= len(folders) + trashed + 10


def test_a_page_is_as_small_as_large_objects_make_it(
    looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    one = new_vault(looker)
    looker.log.clear()
    one.run("dashboards", page_bytes=2**20, bytes_in_flight=2**20, workers=1)
    asked = [len(s.query["id"].split(",")) for s in looker.log[:] if "id" in s.query]
    largest = max(map(len, one.stored("dashboards").values()))
    assert len(asked) > 2
    assert max(asked) * largest < 3 * 2**20


# What may not be seen.


def _first_call(content_type: ContentType) -> Operation:
    return content_type.source.operations[0]


@every_type
def test_a_type_that_cannot_be_listed_is_incomplete_and_the_others_go_on(
    name: str, done: Done, new_vault: NewVault
) -> None:
    """Types that are asked for one by one name each object instead of the type."""
    one = new_vault(done.looker)
    if not TYPES[name].immutable:  # what never changes is not asked for again
        one.run(name, "themes")
    before = one.vault.open_ids(name)
    own = {operation.id for operation in TYPES[name].source.operations}
    others = {
        operation.id
        for other in select([name, "themes"], [])
        if other.name != name
        for operation in other.source.operations
    }
    for status, reason in ((403, "forbidden"), (404, "not_found")):
        done.looker.behaviour.forbidden = dict.fromkeys(own - others, status)
        try:
            result = one.run(name, "themes")
        finally:
            done.looker.behaviour.forbidden = {}
        of_type = by_type(result)[name]
        assert of_type.status == "incomplete"
        assert result.end.status == "partial"
        named = {(missing.id, missing.reason) for missing in result.end.missing}
        if name in EACH:
            assert named == {(i, reason) for i in before or done.extraction.vault.open_ids(name)}
        else:
            assert named == {("*", reason)}
        assert name == "themes" or by_type(result)["themes"].status == "complete"
        assert one.vault.open_ids(name) == before
        assert of_type.deleted == 0


COUNTED = [
    "dashboards",
    "looks",
    "boards",
    "roles",
    "permission_sets",
    "model_sets",
    "scheduled_plans",
    "alerts",
    "user_attributes",
    "themes",
    "color_collections",
    "lookml_models",
    "connections",
    "projects",
    "datagroups",
    "integrations",
    "integration_hubs",
]
"""Types of which a Looker can have none."""
FOLLOWING = [
    "embed_users",
    "role_members",
    "user_attribute_group_values",
    "content_metadata",
    "merge_queries",
    "queries",
]
"""Types that have nothing where there is none of those, and nobody but the API user."""
NEVER_EMPTY = {
    "users": "the API user is one",
    "user_attribute_user_values": "each user has a list, even if it is empty",
    "groups": "All Users is one",
    "folders": "Looker's own are always there",
    "content_metadata_access": "so are the access lists of those that lie in no other",
    "settings": "each is a single object that every Looker has",
}
EMPTY = dict.fromkeys(COUNTED, 0) | {"users": 1, "groups": 1, "folders": 0}


def test_it_is_said_of_every_type_whether_there_may_be_none() -> None:
    assert sorted([*COUNTED, *FOLLOWING, *NEVER_EMPTY]) == NAMES


def test_a_type_that_has_nothing_is_complete(new_vault: NewVault) -> None:
    with EmbeddedLooker(200, SEED, counts=EMPTY) as looker:
        one = new_vault(looker)
        first, second = (one.run(*NAMES, accept_visibility=True) for _ in range(2))
    assert first.end.status == second.end.status == "complete"
    assert first.end.root == second.end.root
    for name, result in by_type(first).items():
        assert result.status == "complete", name
        assert result.items == result.census, name
        assert (result.items > 0) is (name in NEVER_EMPTY), name


@pytest.mark.parametrize("name", COUNTED)
def test_a_type_that_has_a_single_object_is_complete(name: str, new_vault: NewVault) -> None:
    with EmbeddedLooker(200, 0, counts=EMPTY | {name: 1}) as looker:
        result = by_type(new_vault(looker).run(name))[name]
    assert (result.status, result.items) == ("complete", 1)


# What a type says of itself.


@every_type
def test_a_type_says_what_it_holds_what_it_costs_and_what_it_needs(name: str) -> None:
    content_type = TYPES[name]
    assert content_type.name == name
    for words in (content_type.holds, content_type.cost, content_type.permission):
        assert words.strip() == words != ""
    assert set(content_type.after) <= set(TYPES)
    assert content_type.typical_size > 0


def test_what_costs_a_call_per_user_and_embed_users_are_off_unless_asked_for() -> None:
    off = {name for name, one in TYPES.items() if not one.default}
    assert off == {"embed_users", "user_attribute_user_values"}
    assert not off & {one.name for one in select([], [])}


def test_every_type_of_the_plan_is_there() -> None:
    plan = """dashboards looks folders boards users groups roles permission_sets model_sets
    scheduled_plans alerts user_attributes themes color_collections lookml_models connections
    projects datagroups integrations integration_hubs content_metadata_access merge_queries
    queries role_members settings"""
    assert set(plan.split()) <= set(TYPES)
