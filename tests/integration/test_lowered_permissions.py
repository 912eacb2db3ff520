"""What the API user could see last time and cannot now is noticed, and named."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import pytest

from lookervault.content import operations as op
from lookervault.content.operations import Operation
from lookervault.demo.server import EmbeddedLooker
from lookervault.extraction.orchestrator import Result
from lookervault.extraction.retry import Client
from tests.integration.conftest import NewVault
from tests.integration.running import Extraction, Meanwhile, QuickTime, by_type

COUNTS = {"dashboards": 30, "users": 12, "boards": 4, "groups": 12}
TYPES = ("dashboards", "boards", "groups")


@pytest.fixture
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(150, 5, counts=COUNTS) as one:
        yield one


@pytest.fixture
def one(looker: EmbeddedLooker, new_vault: NewVault) -> Extraction:
    return new_vault(looker)


def may(looker: EmbeddedLooker, permissions: str, models: str, *, all_models: bool = False) -> None:
    """The API user has one role, with these."""
    looker.behaviour.admin = False
    viewer = json.loads(looker.store.body("roles", looker.store.ids("roles")[3]))
    looker.store.edit(
        "permission_sets", viewer["permission_set_id"], permissions=permissions.split()
    )
    looker.store.edit(
        "model_sets", viewer["model_set_id"], models=models.split(), all_access=all_models
    )


def sentence(result: Result) -> str:
    reasons = result.end.reasons
    assert "permission_lowered" in reasons, reasons
    return reasons[reasons.index("permission_lowered") + 1]


def test_the_roles_of_a_run_are_kept(looker: EmbeddedLooker, one: Extraction) -> None:
    one.run("boards")
    may(looker, "explore access_data", "sales")
    one.run("boards", accept_visibility=True)
    looker.behaviour.forbidden = {"user_roles": 403}
    one.run("boards")
    admin, viewer, unknown = (row.roles for row in one.vault.runs())
    assert admin is not None
    told = {role.name: (role.all_permissions, role.all_models) for role in admin}
    assert told["Admin"] == (True, True)
    assert told["Viewer"] == (False, True)
    assert "administer" in admin[0].permissions
    assert viewer is not None
    assert [(r.permissions, r.models) for r in viewer] == [(["access_data", "explore"], ["sales"])]
    assert unknown is None


def test_who_is_no_admin_any_more_is_told_what_is_gone(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    one.run(*TYPES)
    before = one.vault.counts()
    looker.behaviour.admin = False
    result = one.run(*TYPES)
    assert (result.end.status, result.end.reasons[:2]) == (
        "partial",
        ["visibility", "permission_lowered"],
    )
    told = sentence(result)
    assert (
        "has lost what it had in run 1: all access (role Admin); permissions administer, " in told
    )
    assert "see_schedules" in told
    assert "access_data" not in told, "which it still has"
    assert one.vault.counts() == before


def test_a_lowered_permission_deletes_nothing_whatever_else_is_accepted(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    may(looker, "access_data see_looks explore", "sales finance")
    assert one.run(*TYPES, accept_visibility=True).end.status == "complete"
    before = one.vault.counts()
    may(looker, "access_data see_looks", "sales finance")
    looker.behaviour.invisible_ids = {"dashboards": set(looker.store.ids("dashboards")[:3])}
    for accepted in ((), ("dashboards",)):
        result = one.run(*TYPES, accept_visibility=True, accept_deletions=accepted)
        assert result.end.status == "partial"
        assert result.end.reasons[0] == "permission_lowered"
        assert sentence(result).endswith("has lost what it had in run 1: permissions explore.")
        assert by_type(result)["dashboards"].status == "complete"
        assert one.vault.counts() == before


def test_a_model_that_is_out_of_reach_is_named(looker: EmbeddedLooker, one: Extraction) -> None:
    may(looker, "access_data see_looks", "sales finance")
    one.run("boards", accept_visibility=True)
    may(looker, "access_data see_looks", "sales")
    assert sentence(one.run("boards", accept_visibility=True)).endswith(": models finance.")


def test_who_was_lowered_on_purpose_is_measured_by_the_new_permissions_from_then_on(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    may(looker, "access_data see_looks", "sales")
    one.run("boards", accept_visibility=True)
    may(looker, "access_data", "sales")
    for _ in range(2):
        assert one.run("boards", accept_visibility=True).end.status == "partial"
    looker.store.delete("boards", looker.store.ids("boards")[0])
    accepted = one.run("boards", accept_visibility=True, accept_permissions=True)
    assert (accepted.end.status, accepted.end.reasons) == ("complete", [])
    assert by_type(accepted)["boards"].deleted == 1
    assert one.run("boards", accept_visibility=True).end.status == "complete"
    may(looker, "see_looks", "sales")
    assert "permissions access_data" in sentence(one.run("boards", accept_visibility=True))


BOTH = ("boards", "themes", "roles")


def test_what_was_accepted_is_accepted_for_a_run_that_is_gone_on_with(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    may(looker, "access_data see_looks", "sales")
    time = QuickTime()
    happens = {("all_boards", 1): time.request}
    stopped = one.run(
        *BOTH,
        accept_visibility=True,
        time=time,
        workers=1,
        through=lambda client: Meanwhile(client, happens),
    )
    assert stopped.end.status == "interrupted"
    may(looker, "access_data", "sales")
    accepted = one.run(*BOTH, accept_visibility=True, accept_permissions=True)
    assert (accepted.run, accepted.end.status) == (stopped.run, "complete")
    assert one.run(*BOTH, accept_visibility=True).end.status == "complete"


def test_more_or_other_permissions_than_before_are_no_reason(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    may(looker, "access_data see_looks", "sales")
    one.run("boards", accept_visibility=True)
    may(looker, "access_data see_looks explore", "sales finance")
    assert one.run("boards", accept_visibility=True).end.status == "complete"
    may(looker, "access_data see_looks explore", "", all_models=True)
    assert one.run("boards", accept_visibility=True).end.status == "complete"
    looker.behaviour.admin = True
    assert one.run("boards").end.status == "complete"


def test_who_may_not_see_its_own_roles_any_more_is_told_so(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    one.run("boards")
    looker.behaviour.forbidden = {"user_roles": 403}
    result = one.run("boards", accept_visibility=True)
    assert "its own roles" in sentence(result)
    looker.behaviour.forbidden = {}
    assert one.run("boards").end.status == "complete"


class SomebodyElse:
    """Looker, to another user of the same rights."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes:
        if operation == op.ME:
            return b'{"id":"99","display_name":"The new one"}'
        if operation == op.USER_ROLES:
            path_args = ("1",)
        return self._client.get(operation, *path_args, params=params)


def test_another_user_with_fewer_permissions_is_held_against_the_one_before(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    one.run("boards")
    assert one.run("boards", through=SomebodyElse).end.status == "complete"
    looker.behaviour.admin = False
    result = one.run("boards", through=SomebodyElse, accept_visibility=True)
    assert "The API user The new one has lost what it had in run 2" in sentence(result)
    told = sentence(one.run("boards", accept_visibility=True))
    assert "lacks what The new one had in run 2: all access (role Admin)" in told


def test_permissions_that_are_lowered_before_a_run_is_resumed_are_noticed(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    """There is no complete run yet: what the run itself began with counts."""

    def stopped_at(call: int) -> Result:
        time = QuickTime()
        happens = {("search_dashboards", call): time.request}
        result = one.run(
            *TYPES,
            time=time,
            workers=1,
            page_size=5,
            accept_visibility=True,
            through=lambda client: Meanwhile(client, happens),
        )
        assert (result.run, result.end.status) == (1, "interrupted")
        return result

    stopped = stopped_at(9)
    before = one.vault.counts()
    assert before
    looker.behaviour.admin = False
    stopped_at(1)
    resumed = one.run(*TYPES, accept_visibility=True)
    assert (resumed.run, resumed.end.status) == (stopped.run, "partial")
    assert "had in run 1: all access" in sentence(resumed)
    assert all(one.vault.counts()[name] >= count for name, count in before.items())
