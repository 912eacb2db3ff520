"""Whatever a run sends and takes, Looker's own description of its API knows."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import pytest

from lookervault.content.operations import Operation
from lookervault.content.registry import TYPES
from lookervault.demo.server import EmbeddedLooker
from lookervault.extraction.retry import Client
from tests.integration.conftest import NewVault
from tests.integration.demo.description import mistakes, operations, parameters
from tests.integration.running import Extraction

COUNTS = {"dashboards": 12, "looks": 14, "users": 12, "scheduled_plans": 9, "alerts": 9}
SEED = 5


class Call(NamedTuple):
    operation: str
    params: dict[str, str]
    answer: bytes


class Overheard:
    """Looker, and each call that it answered."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._lock = threading.Lock()

    def __call__(self, client: Client) -> Client:
        self._client = client
        return self

    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes:
        answer = self._client.get(operation, *path_args, params=params)
        with self._lock:
            self.calls.append(Call(operation.id, dict(params or {}), answer))
        return answer


def by_lists_of_ids(one: Extraction, heard: Overheard) -> None:
    one.run(*TYPES, page_size=5, through=heard)
    assert any("," in call.params.get("id", "") for call in heard.calls)


def by_windows(one: Extraction, heard: Overheard) -> None:
    one.looker.behaviour.id_lists = False
    one.run(*TYPES, page_size=5, through=heard)
    assert any("offset" in call.params and "fields" not in call.params for call in heard.calls)


def below_a_folder(one: Extraction, heard: Overheard) -> None:
    result = one.run(folders=("1",), recursive=True, page_size=5, through=heard)
    assert result.end.items > 10


def by_metadata_as_parents(one: Extraction, heard: Overheard) -> None:
    one.looker.behaviour.parent_id_is = "metadata"
    one.run("content_metadata_access", through=heard)


type Way = Callable[[Extraction, Overheard], None]
every_way = pytest.mark.parametrize(
    "way", [by_lists_of_ids, by_windows, below_a_folder, by_metadata_as_parents]
)


@pytest.fixture
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(150, SEED, counts=COUNTS) as one:
        yield one


@every_way
def test_every_parameter_is_one_that_the_operation_has(
    way: Way, looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    way(new_vault(looker), Overheard())
    served = [one for one in looker.log[:] if one.operation_id != "login"]
    unknown = {
        (one.operation_id, name)
        for one in served
        for name in one.query
        if name not in parameters(one.operation_id)
    }
    absent = {
        (one.operation_id, name)
        for one in served
        for name in required(one.operation_id)
        if name not in one.query
    }
    assert len(served) > 10
    assert (unknown, absent) == (set(), set())


def required(operation_id: str) -> set[str]:
    given: list[dict[str, Any]] = operations()[operation_id].get("parameters", [])
    return {one["name"] for one in given if one["in"] == "query" and one.get("required")}


@every_way
def test_every_answer_is_of_the_form_that_the_operation_has(
    way: Way, looker: EmbeddedLooker, new_vault: NewVault
) -> None:
    heard = Overheard()
    way(new_vault(looker), heard)
    wrong = {
        mistake
        for call in heard.calls
        for mistake in mistakes(call.operation, json.loads(call.answer))
        if "fields" not in call.params or "is a required property" not in mistake  # nor asked for
    }
    assert len(heard.calls) > 10
    assert wrong == set()
