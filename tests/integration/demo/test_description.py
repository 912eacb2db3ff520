"""Every operation answers as Looker's own description of its API says."""

from __future__ import annotations

from typing import Any

import pytest

from lookervault.content.operations import ALLOWED
from lookervault.demo.catalogue import OPERATIONS
from lookervault.demo.server import EmbeddedLooker
from tests.integration.demo.client import Client
from tests.integration.demo.description import mistakes, operations, parameters

#: What a call cannot do without.
REQUIRED: dict[str, dict[str, Any]] = {
    "all_content_metadatas": {"parent_id": "1"},
    "all_content_metadata_accesses": {"content_metadata_id": "4"},
    "all_scheduled_plans": {"all_users": "true"},
    "search_alerts": {"all_owners": "true"},
}
IDS = sorted(operation.id for operation in OPERATIONS)


def examples(looker: EmbeddedLooker, operation_id: str) -> list[list[str]]:
    """The values for the path: a handful of ids of its type, none where it has no placeholder."""
    path = operations()[operation_id]["path"]
    if "{" not in path:
        return [[]]
    return [[id_] for id_ in looker.store.ids(path.split("/")[1])[:12]]


def test_every_operation_that_the_program_may_call_is_answered() -> None:
    assert set(ALLOWED) <= set(IDS)


@pytest.mark.parametrize("operation_id", IDS)
def test_an_operation_has_the_path_that_the_description_gives_it(operation_id: str) -> None:
    (operation,) = [each for each in OPERATIONS if each.id == operation_id]
    assert operations()[operation_id]["path"] == operation.path
    assert operations()[operation_id]["method"] == "get"


@pytest.mark.parametrize("operation_id", IDS)
def test_an_answer_is_as_described(
    operation_id: str, shared_looker: EmbeddedLooker, shared: Client
) -> None:
    path = operations()[operation_id]["path"]
    query = REQUIRED.get(operation_id, {})
    assert set(query) <= parameters(operation_id)
    for path_args in examples(shared_looker, operation_id):
        template = (
            path.replace(path[path.index("{") : path.index("}") + 1], "{}") if path_args else path
        )
        reply = shared.get(template, *path_args, **query)
        assert reply.status == 200, (template, path_args, reply.body)
        assert reply.headers["content-type"] == "application/json"
        assert list(mistakes(operation_id, reply.json())) == []


@pytest.mark.parametrize("operation_id", IDS)
def test_a_list_has_something_to_list(
    operation_id: str, shared_looker: EmbeddedLooker, shared: Client
) -> None:
    path = operations()[operation_id]["path"]
    if "{" in path:
        return
    answer = shared.get(path, **REQUIRED.get(operation_id, {})).json()
    assert answer


def test_the_login_is_as_described(shared_looker: EmbeddedLooker, shared: Client) -> None:
    reply = shared.post_login(shared_looker.client_secret)
    assert list(mistakes("login", reply.json())) == []


@pytest.mark.parametrize(
    ("status", "path", "query"),
    [
        (404, "/looks/999999999", {}),
        (404, "/looks/nonsense", {}),
        (422, "/looks/search", {"limit": "abc"}),
        (422, "/looks/search", {"offset": "-1"}),
        (422, "/looks/search", {"deleted": "maybe"}),
        (422, "/content_metadata", {}),
        (422, "/users", {"ids": "[1,"}),
    ],
)
def test_a_refusal_has_lookers_error_body(
    shared: Client, status: int, path: str, query: dict[str, Any]
) -> None:
    reply = shared.get(path, **query)
    assert reply.status == status
    body = reply.json()
    assert body["message"]
    assert body["documentation_url"].startswith("https://")
    assert ("errors" in body) == (status == 422)


def test_the_walk_finds_what_is_wrong() -> None:
    """The check itself is checked: a wrong type and a missing field are found."""
    assert list(mistakes("folder", {"name": None, "id": 7}))
    assert list(mistakes("folder", {"id": "7"}))
    assert not list(mistakes("folder", {"name": "x", "something": {"unknown": 1}}))
