"""`list --unproven-since`: what no run has read since a time, or since a run."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from lookervault.storage.repository import Repository
from lookervault.storage.runs import Proof, TypeResult
from tests.cli.running import Completed, program
from tests.unit.storage.samples import end, page, start

pytestmark = pytest.mark.xdist_group("unproven")

SLICES = {"2025-11-01": (0, 10_000), "2025-11-02": (0, 5_000), "2025-11-03": (5_000, 2_500)}
"""What each run, at two in the night, reads of the places of items: all, a half, a quarter."""
ITEMS = 60


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("unproven") / "vault.db"
    with Repository.open(path, write=True) as repository:
        for day, (first, width) in SLICES.items():
            began = datetime.fromisoformat(f"{day}T02:00").replace(tzinfo=UTC).timestamp()
            run = repository.begin_run(msgspec.structs.replace(start(), started=began))
            repository.store(run, repository.pack(page(range(ITEMS))), 0)
            root, _ = repository.root(run, ["users"])
            told = msgspec.structs.replace(
                end(root=root),
                finished=began + 60,
                types=[TypeResult(type="users", items=ITEMS, census=ITEMS, root=root)],
                missing=[],
                proofs=[Proof(type="users", start=first, width=width)],
            )
            repository.end_run(run, told)
    return path


def listed(vault: Path, *arguments: object) -> Completed:
    return program("list", "users", "--vault", vault, *arguments)


@pytest.mark.parametrize(
    ("when", "read_last"),
    [
        ("2025-11-01", set()),
        ("2025-11-02", {1}),
        ("2025-11-03", {1, 2}),
        ("2025-11-04", {1, 2, 3}),
        ("2025-11-02T02:01:00", {1}),
        ("2025-11-02T02:01:01", {1, 2}),
        ("2025-11-02T04:01:00+02:00", {1}),
        ("now", {1, 2, 3}),
        ("yesterday", {1, 2, 3}),
        ("-1d", {1, 2, 3}),
        ("-100y", set()),
        ("1", set()),
        ("2", {1}),
        ("3", {1, 2}),
    ],
)
def test_what_no_run_has_read_since_is_listed(vault: Path, when: str, read_last: set[int]) -> None:
    everything = listed(vault, "--json").json
    assert {row["proven_run"] for row in everything} == {1, 2, 3}
    expected = [row for row in everything if row["proven_run"] in read_last]
    done = listed(vault, "--unproven-since", when, "--json")
    assert (done.code, done.json, done.err) == (0, expected, "")
    shown = listed(vault, "--unproven-since", when)
    assert [line.split()[0] for line in shown.text.splitlines()[1:]] == [
        row["id"] for row in expected
    ]


def test_as_of_an_earlier_run_later_ones_do_not_count(vault: Path) -> None:
    rows = listed(vault, "--run", 2, "--unproven-since", 3, "--json").json
    assert (len(rows), {row["proven_run"] for row in rows}) == (ITEMS, {1, 2})


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["soon"], "'soon' is no time"),
        ([""], "'' is no time"),
        (["2025-13-01"], "'2025-13-01' is no time"),
        (["9999-12-31"], "'9999-12-31' is no time"),
        (["4"], "The vault has no run 4"),
        (["-1d", "--deleted"], "What is deleted is not read any more"),
    ],
)
def test_what_cannot_be_meant_is_explained(vault: Path, arguments: list[str], why: str) -> None:
    for json in ([], ["--json"]):
        done = listed(vault, "--unproven-since", *arguments, *json)
        assert (done.code, done.out) == (2, b""), done
        assert why in done.told
