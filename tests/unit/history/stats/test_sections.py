"""Sections of vaults made by hand: what is unused as of which run, and bodies of any kind."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from lookervault.cli.statistics import Asked, told
from lookervault.content.model import Item, Missing
from lookervault.history.stats.broken import broken
from lookervault.history.stats.facts import READERS
from lookervault.history.stats.state import State
from lookervault.history.stats.unused import unused
from lookervault.storage.repository import Repository
from lookervault.storage.retention import span
from lookervault.storage.runs import Proof, RunEnd, TypeResult
from lookervault.storage.usage import Usage
from tests.unit.storage.samples import end, item, start

OLD = {"created_at": "2020-01-01T00:00:00Z", "user_id": "1"}
SECTIONS = ("growth", "changed", "unused", "owners", "schedules", "broken")


def run_on(
    vault: Repository,
    day: str,
    items: Sequence[Item],
    scope: list[str] | None = None,
    **more: object,
) -> None:
    """A run that began on this day and listed dashboards."""
    began = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
    run = vault.begin_run(msgspec.structs.replace(start("dashboards", scope=scope), started=began))
    vault.store(run, vault.pack(items), 0)
    ended: RunEnd = msgspec.structs.replace(
        end(), types=[TypeResult(type="dashboards", census=len(items))], missing=[]
    )
    vault.end_run(run, msgspec.structs.replace(ended, **more))


def dashboard(id: str, **fields: object) -> Item:
    body = json.dumps({"id": id, **OLD, **fields}).encode()
    return msgspec.structs.replace(item(id, type="dashboards"), body=body)


def found(vault: Repository, length: str = "10d") -> dict[str, tuple[str, int | None]]:
    return {one.id: (one.viewed, one.days) for one in unused(State(vault), span(length))}


def test_never_is_not_unknown(tmp_path: Path) -> None:
    views: dict[str, tuple[str | None, int | None]] = {
        "1": ("2026-11-10T00:00:00.000+00:00", 5),
        "2": ("2026-11-11T00:00:00Z", 0),
        "3": (None, 0),
        "4": (None, 1),
        "5": (None, None),
        "6": ("a while ago", 0),
        "7": ("9999-99-99", 0),
    }
    with Repository.open(tmp_path / "v.db", write=True) as vault:
        young = dashboard("9", created_at="2026-11-19T00:00:00Z")
        run_on(vault, "2026-11-20", [*(dashboard(id) for id in (*views, "8")), young])
        vault.set_usage("dashboards", [Usage(id, *seen) for id, seen in views.items()])
        vault.set_usage("dashboards", [Usage("9", None, 0)])
        assert found(vault) == {
            "1": ("long ago", 10),
            "3": ("never", None),
            **dict.fromkeys(("4", "5", "6", "7", "8"), ("unknown", None)),
        }
        assert found(vault, "9d")["2"] == ("long ago", 9)
        assert "1" not in found(vault, "241h")
        assert "9" not in found(vault, "25h")
        assert found(vault, "23h")["9"] == ("never", None)


@pytest.mark.parametrize(
    "more",
    [
        {"scope": ["3"]},
        {"missing": [Missing("dashboards", "*", "forbidden")]},
        {"proofs": [Proof(type="dashboards", as_of=1)]},
        {"types": [TypeResult(type="dashboards")]},
    ],
    ids=str,
)
def test_the_days_count_from_the_newest_run_that_listed_all(
    tmp_path: Path, more: dict[str, object]
) -> None:
    with Repository.open(tmp_path / "v.db", write=True) as vault:
        run_on(vault, "2026-11-01", [dashboard("1")])
        vault.set_usage("dashboards", [Usage("1", "2026-10-25T00:00:00Z", 5)])
        run_on(vault, "2026-11-20", [dashboard("1")], **more)  # type: ignore[arg-type]  # scope
        assert found(vault) == {}, "it may have been viewed since"
        run_on(vault, "2026-11-21", [dashboard("1")])
        assert found(vault) == {"1": ("long ago", 27)}


def test_what_a_run_listed_and_could_not_bring_is_not_broken(tmp_path: Path) -> None:
    tiles = [{"id": "1", "look_id": "7"}, {"id": "2", "look_id": "8"}]
    with Repository.open(tmp_path / "v.db", write=True) as vault:
        looks = TypeResult(type="looks", status="incomplete", census=1)
        forbidden = [Missing("looks", "7", "forbidden")]
        one = dashboard("1", dashboard_elements=tiles)
        run_on(vault, "2026-11-01", [one], types=[looks], missing=forbidden)
        assert broken_looks(vault) == set(), "not all looks were seen"
        whole = [msgspec.structs.replace(looks, status="complete")]
        run_on(vault, "2026-11-02", [one], types=whole, reasons=["visibility"])
        assert broken_looks(vault) == set(), "it is doubtful that they were"
        run_on(vault, "2026-11-03", [one], types=whole)
        assert broken_looks(vault) == {"8"}


def broken_looks(vault: Repository) -> set[str | None]:
    return {one.target_id for one in broken(State(vault)) if one.target_type == "looks"}


def test_bodies_of_any_kind_upset_no_section(tmp_path: Path) -> None:
    kinds = (b"null", b"[]", b'{"user_id":[1],"dashboard_elements":{}}', b"\xff", b"[" * 9999)
    with Repository.open(tmp_path / "v.db", write=True) as vault:
        run = vault.begin_run(start(*READERS))
        for type in READERS:
            odd = [
                msgspec.structs.replace(item(str(number), type=type), body=body)
                for number, body in enumerate(kinds)
            ]
            vault.store(run, vault.pack(odd), 0)
        vault.end_run(run, end())
        asked = Asked(
            sections=SECTIONS, as_of=None, unused_for="90d", types=None, since=0, weekly=True
        )
        rows = told(vault, asked)
    assert [name for name, found in rows.items() if found] == ["growth", "unused", "broken"]
    assert {row.json["why"] for row in rows["broken"]} == {"not set"}
