"""The calls of a month are counted, and limited, also where each night has an empty disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lookervault.demo.server import EmbeddedLooker
from tests.cli.machine import TYPES, Machine
from tests.cli.running import program


@pytest.fixture
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(items=60, seed=5) as one:
        yield one


@pytest.fixture
def machine(tmp_path: Path, looker: EmbeddedLooker) -> Machine:
    return Machine(tmp_path, looker)


def test_two_nights_count_in_one_month_and_the_first_limits_the_second(
    machine: Machine, looker: EmbeddedLooker
) -> None:
    machine.env["LOOKERVAULT_MONTHLY_CALLS"] = "5000"
    machine.night("--prove", 0)
    machine.night("--prove", 0)
    sent = len(looker.log)
    vault = machine.folder / "back.db"
    assert machine.asked("snapshot", "pull", "--vault", vault).code == 0
    told = program("status", "--vault", vault, "--json").json
    assert told["month_calls"] == sent
    machine.env["LOOKERVAULT_MONTHLY_CALLS"] = str(sent + 2)
    done = program("extract", *TYPES, "--json", env=machine.env, cwd=machine.disk)
    assert (done.code, len(looker.log)) == (3, sent), done
    assert f"of the {sent + 2:,} of a month (LOOKERVAULT_MONTHLY_CALLS) 2 are left" in done.told
    assert list(machine.disk.iterdir()) == []


def test_a_night_is_fitted_to_the_quota_by_what_the_nights_before_have_read(
    machine: Machine,
) -> None:
    machine.env["LOOKERVAULT_MONTHLY_CALLS"] = "100000"
    arguments = ("extract", *TYPES, "--fit-quota")
    first, second = (program(*arguments, env=machine.env, cwd=machine.disk) for _ in range(2))
    assert (first.code, "Read for the first time: everything" in first.told) == (0, True), first
    assert (second.code, "Schedule: " in second.told) == (0, True), second
