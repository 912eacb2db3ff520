"""What is told of a vault at a certain time, and of a store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lookervault.cli.health import exit_code, look, print_status
from lookervault.errors import Exit
from lookervault.storage.repository import Repository
from lookervault.storage.retention import span
from lookervault.storage.runs import RunEnd, RunStart

NOON = 1_795_867_200.0
HOUR = 3600.0


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Repository]:
    with Repository.open(tmp_path / "vault.db", write=True) as one:
        run(one, NOON)
        yield one


def run(vault: Repository, finished: float, status: str = "complete") -> None:
    start = RunStart(
        started=finished - HOUR,
        instance="looker.example",
        base_url="https://looker.example",
        user="Ann",
        user_id="1",
        looker_version="26.12",
        program_version="0",
        arguments={},
        types=[],
    )
    vault.end_run(vault.begin_run(start), RunEnd(finished=finished, status=status))


@pytest.mark.parametrize(
    ("hours", "status", "age"),
    [(1, "ok", HOUR), (26, "ok", 26 * HOUR), (27, "too_old", 27 * HOUR), (-5, "ok", 0.0)],
)
def test_the_age_counts_from_the_end_of_the_run(
    vault: Repository, hours: int, status: str, age: float
) -> None:
    found = look(vault, now=NOON + hours * HOUR, max_age=span("26h"))
    assert (found["status"], found["last_complete"]["age_seconds"]) == (status, age)


@pytest.mark.parametrize("status", ["partial", "interrupted", "failed"])
def test_the_newest_run_counts_even_if_the_last_complete_one_is_young(
    vault: Repository, status: str
) -> None:
    run(vault, NOON + HOUR, status)
    found = look(vault, now=NOON + 2 * HOUR, max_age=span("26h"))
    assert (found["status"], exit_code(found)) == (status, Exit.FAILED)
    assert found["last_complete"]["run"] == 1


def test_calls_are_those_of_the_month_that_it_is(vault: Repository) -> None:
    vault.add_calls("2026-10", 7)
    vault.add_calls("2026-11", 5)
    found = look(vault, now=NOON, quota=100)
    assert (found["month"], found["month_calls"], found["monthly_calls"]) == ("2026-11", 5, 100)


@pytest.mark.parametrize(
    ("store", "status", "told"),
    [
        (
            {
                "url": "s3://x/y",
                "reachable": True,
                "snapshot": None,
                "instance": None,
                "instances": [],
                "is_current": False,
                "error": None,
            },
            "not_pushed",
            "s3://x/y, no snapshot of this vault",
        ),
        (
            {"url": "s3://x/y", "reachable": False, "error": "No such bucket."},
            "unreachable",
            "s3://x/y: No such bucket.",
        ),
    ],
)
def test_a_store_that_cannot_be_reached_is_not_well(
    vault: Repository,
    store: dict[str, Any],
    status: str,
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = look(vault, now=NOON, store=store)
    assert (found["status"], found["store"]) == (status, store)
    print_status(found)
    assert told in capsys.readouterr().out
