"""How long a run will take: by its calls, and by the pace of past runs."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import msgspec
import pytest

from lookervault.config.models import ParallelConfig
from lookervault.content.registry import select
from lookervault.extraction.estimate import Found, seconds_per_call
from lookervault.extraction.plan import Plan, plan
from lookervault.extraction.request import Request
from lookervault.storage.repository import Repository
from tests.unit.storage.samples import end, start

CALLS = 10
TYPES = select(["users", "settings"], [])


def a_run(vault: Repository, seconds: float, *, status: str = "complete") -> int:
    began = start()
    run = vault.begin_run(began)
    finish(vault, run, began.started + seconds, status)
    return run


def finish(vault: Repository, run: int, at: float, status: str = "complete") -> None:
    root, _ = vault.root(run, ["users"])
    told = msgspec.structs.replace(end(status, root), finished=at, calls=CALLS)
    vault.end_run(run, told)


def planned(vault: Repository, rate: float | None = None, listed: int = 100) -> Plan:
    """Of a run over types that were never read."""
    request = Request(types=TYPES, base_url="", program_version="0")
    config = ParallelConfig(rate=rate)
    found = {one.name: Found(listed=listed) for one in TYPES}
    return plan(vault, request, config, now=0, ask=lambda _: found)


def test_the_pace_is_the_median_of_the_newest_complete_runs(tmp_path: Path) -> None:
    with Repository.open(tmp_path / "vault.db", write=True) as vault:
        assert seconds_per_call(vault) is None
        for seconds in (9_000, 1, 2, 4, 8, 16):  # the first is too long ago
            a_run(vault, seconds)
        a_run(vault, 5_000, status="partial")
        assert seconds_per_call(vault) == pytest.approx(4 / CALLS)
        made = planned(vault)
        assert made.seconds(made.calls) == pytest.approx(made.calls * 4 / CALLS)


def test_a_night_that_lies_between_two_halves_of_a_run_is_no_pace(tmp_path: Path) -> None:
    with Repository.open(tmp_path / "vault.db", write=True) as vault:
        run = a_run(vault, 3, status="interrupted")
        vault.resume_run(run)
        finish(vault, run, start().started + 24 * 3600)
        assert seconds_per_call(vault) is None
        a_run(vault, 5)
        assert seconds_per_call(vault) == pytest.approx(5 / CALLS)


def test_more_calls_take_more_seconds_and_none_takes_none(tmp_path: Path) -> None:
    with Repository.open(tmp_path / "vault.db", write=True) as vault:
        few, many = planned(vault), planned(vault, listed=1000)
        assert 0 < few.seconds(few.calls) < many.seconds(many.calls)
        assert few.seconds(2 * few.calls) == pytest.approx(2 * few.seconds(few.calls))
        assert few.seconds(0) == 0


def test_where_nothing_tells_a_call_is_taken_for_a_tenth_of_a_second(tmp_path: Path) -> None:
    with Repository.open(tmp_path / "vault.db", write=True) as vault:
        assert planned(vault).seconds(50) == pytest.approx(5)


def test_the_rate_that_is_permitted_is_not_passed(tmp_path: Path) -> None:
    with Repository.open(tmp_path / "vault.db", write=True) as vault:
        assert planned(vault, rate=2).seconds(50) == pytest.approx(25)
        slow = dataclasses.replace(planned(vault, rate=2), seconds_per_call=3)
        assert slow.seconds(50) == pytest.approx(150)
