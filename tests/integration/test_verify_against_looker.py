"""What differs between the vault and Looker is named, field by field."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from lookervault.config.settings import load
from lookervault.demo.server import EmbeddedLooker
from lookervault.looker.client import Looker
from lookervault.proof.comparison import (
    Compared,
    Difference,
    Target,
    compare,
    differences,
    sample,
    targets,
)
from lookervault.proof.refetch import Refetch
from lookervault.storage.repository import Repository
from tests.integration.running import extraction


@pytest.fixture
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(items=150, seed=4) as server:
        yield server


@pytest.fixture
def vault(looker: EmbeddedLooker, tmp_path: Path) -> Path:
    path = tmp_path / "vault.db"
    with extraction(looker, path) as one:
        assert one.run().end.status == "complete"
    return path


def compared(vault: Path, looker: EmbeddedLooker) -> list[Compared]:
    client = Looker(load({}, looker.env(), None), pool_size=4)
    try:
        with Repository.open(vault, write=False) as repo:
            refetch = Refetch(repo, lambda _: client)
            return list(compare(repo, refetch, targets(repo), threads=4))
    finally:
        client.close()


def others(results: list[Compared]) -> list[Compared]:
    return [one for one in results if one.status != "same"]


def test_a_fresh_vault_is_the_same_as_looker_in_every_type(
    vault: Path, looker: EmbeddedLooker
) -> None:
    results = compared(vault, looker)
    with Repository.open(vault, write=False) as repo:
        assert Counter(one.type for one in results) == repo.counts()
    assert others(results) == []


def test_what_was_edited_or_deleted_is_named_with_its_fields(
    vault: Path, looker: EmbeddedLooker
) -> None:
    edited, gone = looker.store.ids("dashboards")[:2]
    alerts = set(looker.store.ids("alerts"))
    before = json.loads(looker.store.body("dashboards", edited))["title"]
    looker.store.edit("dashboards", edited, title="Another", view_count=10**6)
    looker.store.delete("dashboards", gone)
    alerts -= set(looker.store.ids("alerts"))
    found = {(one.type, one.id): one for one in others(compared(vault, looker))}
    one = found.pop(("dashboards", edited))
    assert one.status == "differs"
    fields = {field.path: (field.vault, field.looker) for field in one.fields}
    assert fields["title"] == (before, "Another")
    assert "view_count" not in fields
    for lost in (("dashboards", gone), *(("alerts", one) for one in alerts)):
        assert found.pop(lost).status == "gone"
    assert {kind for kind, _ in found} <= {"content_metadata"}  # which lists what lies in a folder


def test_what_looker_does_not_answer_for_is_named(vault: Path, looker: EmbeddedLooker) -> None:
    looker.behaviour.forbidden = {"user": 403}
    failed = [one for one in others(compared(vault, looker)) if one.type == "users"]
    assert {one.status for one in failed} == {"failed"}
    assert len(failed) == len(looker.store.ids("users"))
    assert all(one.detail for one in failed)


def test_a_sample_is_drawn_without_a_favourite() -> None:
    every = [Target("looks", str(number), False, b"") for number in range(20)]
    counts: Counter[str] = Counter()
    draw = random.Random(1)
    for _ in range(2000):
        drawn = sample(every, 5, draw)
        assert drawn == sorted(drawn, key=lambda one: int(one.id))
        assert len({one.id for one in drawn}) == 5
        counts.update(one.id for one in drawn)
    assert 400 < min(counts.values()) <= max(counts.values()) < 600
    assert sample(every, 99, draw) == every


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": True}, [("a", 1, True)]),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3, 4]}}, [("a.b[1]", 2, 3), ("a.b[2]", None, 4)]),
        ({"a": [1, 2]}, {"a": [1]}, [("a[1]", 2, None)]),
        ({"a": None}, {}, [("a", None, None)]),
        ([{"x": "é"}], [{"x": "e"}], [("[0].x", "é", "e")]),
        ({"a": {}}, {"a": []}, [("a", {}, [])]),
    ],
)
def test_the_smallest_parts_that_differ_are_named(
    ours: object, theirs: object, expected: list[tuple[str, object, object]]
) -> None:
    assert list(differences(ours, theirs)) == [Difference(*one) for one in expected]
