"""The formulae of the guide to quotas, against what a run really costs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lookervault.content.registry import TYPES
from lookervault.storage.repository import Repository
from scripts import costs
from tests.cli.running import program


def bodies(vault: Repository, name: str) -> list[object]:
    return [json.loads(vault.body(name, item.id) or b"null") for item in vault.items(name)]


def as_extracted(vault: Repository) -> costs.Instance:
    objects = {name: len(list(vault.items(name))) for name in TYPES}
    folders = [folder for folder in bodies(vault, "folders") if isinstance(folder, dict)]
    metadata = [row for rows in bodies(vault, "content_metadata") for row in rows]  # type: ignore[attr-defined]  # arrays, by their schema
    roots = [folder for folder in folders if not folder["parent_id"]]
    on_their_own = [row for row in metadata if row.get("inherits") is False]
    looks = [item for item in vault.items("looks") if not item.trashed]
    return costs.Instance(
        name="demo",
        objects=objects,
        words={
            "folders that hold looks": len({item.folder_id for item in looks}),
            "folder that has folders inside": len({f["parent_id"] for f in folders} - {None}),
            "folder that does not inherit": len(roots) + len(on_their_own),
            "board": objects["boards"],
            "role": objects["roles"],
            "user": objects["users"],
            "user attribute": objects["user_attributes"],
        },
        trash={
            name: sum(item.trashed for item in vault.items(name))
            for name in ("dashboards", "looks")
        },
    )


def test_a_run_costs_what_the_formulae_say(tmp_path: Path) -> None:
    found = program("demo", "--items", "700", "--vault", "v.db", "--json").json
    with Repository.open(tmp_path / "v.db", write=False) as vault:
        instance = as_extracted(vault)
    real = {name: one["calls"] for name, one in found["types"].items()}
    estimated = {name: instance.calls(name) for name in real}
    assert {name for name in real if abs(real[name] - estimated[name]) > 2} == set()
    assert found["calls"] + 1 == pytest.approx(instance.first_run(), abs=4)  # and the login


def test_divisions_are_rounded_up_and_brackets_multiplied() -> None:
    known = {"N": 101, "P": 100, "trash": 1, "folders that hold looks": 7}
    assert costs.calls("N/P + N/5000 + 1", known) == 2 + 1 + 1
    assert costs.calls("2 x (trash/5000 + 1) + folders that hold looks", known) == 4 + 7


def test_what_stands_for_each_is_multiplied_and_added() -> None:
    assert costs.calls("two per role", {"role": 3}) == 6
    assert costs.calls("one per role, one per board", {"role": 3, "board": 4}) == 7
    assert costs.calls("N, once each", {"N": 5}) == 5
