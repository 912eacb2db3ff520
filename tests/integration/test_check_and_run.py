"""What `check` says of a Looker is what a run into a new vault finds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from lookervault.config.settings import load
from lookervault.content import operations as op
from lookervault.content.operations import Operation
from lookervault.content.registry import TYPES
from lookervault.demo.behaviour import Behaviour
from lookervault.demo.server import EmbeddedLooker
from lookervault.errors import RefusedError
from lookervault.extraction.retry import Client
from lookervault.extraction.survey import NOT_CHECKED, OK, survey
from lookervault.looker.client import Looker
from tests.integration.conftest import NewVault

pytestmark = pytest.mark.xdist_group("check and run")

DEFAULT = [one for one in TYPES.values() if one.default]
OPERATIONS = sorted({o.id for one in DEFAULT for o in one.source.operations} | {op.USER_ROLES.id})
ROWS = 100
"""Dashboards that are looked at for the ids of merged queries."""


class ReadsNoColumns:
    """A Looker that refuses `fields` with columns inside columns."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes:
        if "(" in (params or {}).get("fields", ""):
            raise RefusedError("422")
        return self._client.get(operation, *path_args, params=params)


@pytest.fixture(scope="module")
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(items=1, seed=1) as server:
        yield server


@pytest.fixture
def behaviour(looker: EmbeddedLooker) -> Iterator[Behaviour]:
    yield looker.behaviour
    looker.behaviour.forbidden = {}
    looker.behaviour.invisible_ids = {}


def checked(looker: EmbeddedLooker, through: type[ReadsNoColumns] | None = None) -> dict[str, Any]:
    client = Looker(load({}, looker.env(), None), pool_size=1)
    try:
        return survey(through(client) if through else client, DEFAULT, looker.base_url)
    finally:
        client.close()


def not_ok(found: dict[str, Any]) -> dict[str, str]:
    return {t["type"]: t["status"] for t in found["types"] if t["status"] != OK}


def with_merged_queries(looker: EmbeddedLooker) -> set[str]:
    """Ids of the dashboards that have one."""
    bodies = {i: looker.store.body("dashboards", i) for i in looker.store.ids("dashboards")}
    return {i for i, body in bodies.items() if re.search(rb'"merge_result_id":\s*"', body)}


def asking(operation: str) -> list[str]:
    """Types that send it: the others do as ever. No type: each run sends it, of whichever types."""
    return [one.name for one in DEFAULT if operation in {o.id for o in one.source.operations}]


@pytest.mark.parametrize("forbidden", OPERATIONS)
def test_where_check_says_complete_a_run_is_complete(
    looker: EmbeddedLooker, behaviour: Behaviour, new_vault: NewVault, forbidden: str
) -> None:
    behaviour.forbidden = {forbidden: 403}
    found = checked(looker)
    assert found["complete"] in (True, False)
    if found["complete"]:  # what would be partial is not extracted here: it costs more calls
        end = new_vault(looker).run(*asking(forbidden)).end
        assert end.status == "complete", end.missing


@pytest.mark.parametrize(
    ("forbidden", "expected"),
    [
        ("role_groups", {"role_members": "forbidden"}),
        ("role_users", {"role_members": "forbidden"}),
        ("look", {"looks": "forbidden", "queries": "needs looks"}),
        ("merge_query", {"merge_queries": "forbidden", "queries": "needs merge_queries"}),
        ("query", {"queries": "forbidden"}),
        ("all_user_attribute_group_values", {"user_attribute_group_values": "forbidden"}),
        ("all_content_metadata_accesses", {"content_metadata_access": "forbidden"}),
        (
            "all_content_metadatas",
            {
                "content_metadata": "forbidden",
                "content_metadata_access": "needs content_metadata",
            },
        ),
    ],
)
def test_what_is_found_in_others_is_asked_for_by_an_id_of_theirs(
    looker: EmbeddedLooker,
    behaviour: Behaviour,
    new_vault: NewVault,
    forbidden: str,
    expected: dict[str, str],
) -> None:
    behaviour.forbidden = {forbidden: 403}
    found = checked(looker)
    assert (found["complete"], not_ok(found)) == (False, expected)
    run = new_vault(looker).run()
    partial = {t.type for t in run.end.types if t.status != "complete"}
    assert (run.end.status, partial) == ("partial", set(expected))


@pytest.mark.parametrize(
    "how",
    [
        Behaviour(id_lists=False),
        Behaviour(max_limit=3),
        Behaviour(parent_id_is="metadata"),
        Behaviour(parent_id_is="folder"),
    ],
    ids=["no id lists", "short pages", "metadata", "folder"],
)
def test_no_kind_of_looker_is_taken_for_a_forbidding_one(how: Behaviour) -> None:
    with EmbeddedLooker(items=1, seed=1, behaviour=how) as looker:
        found = checked(looker)
    assert (found["complete"], not_ok(found)) == (True, {})


def test_nothing_is_missing_where_nothing_is(looker: EmbeddedLooker, behaviour: Behaviour) -> None:
    behaviour.invisible_ids = {"dashboards": with_merged_queries(looker)}
    behaviour.forbidden = {"merge_query": 403}
    assert with_merged_queries(looker)
    assert checked(looker)["complete"] is True


def test_where_no_id_is_at_hand_a_type_is_not_checked_and_nothing_said_of_the_whole() -> None:
    with EmbeddedLooker(items=800, seed=1) as many:
        merging = with_merged_queries(many)
        assert len(many.store.ids("dashboards")) - len(merging) > ROWS
        calls = checked(many)["calls"]
        many.behaviour.invisible_ids = {"dashboards": merging}
        found = checked(many)
        many.behaviour.forbidden = {"all_boards": 403}
        refused = checked(many)
    assert (found["complete"], not_ok(found)) == (None, {"merge_queries": NOT_CHECKED})
    assert found["calls"] == calls - 1
    assert refused["complete"] is False


def test_a_bigger_looker_costs_no_more_calls(looker: EmbeddedLooker) -> None:
    with EmbeddedLooker(items=600, seed=1) as bigger:
        calls = checked(bigger)["calls"]
    assert calls == checked(looker)["calls"] < 2 * len(DEFAULT)


def test_columns_that_are_not_understood_are_no_missing_permission(looker: EmbeddedLooker) -> None:
    found = checked(looker, ReadsNoColumns)
    assert found["complete"] is not False
    assert not_ok(found).keys() <= {"merge_queries"}
