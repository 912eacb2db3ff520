"""What does not get better: an error in bounded time, and never exit code 0."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import program
from tests.faults.conftest import FLAGS, TYPES, Company
from tests.faults.customized import HURRIED, customized
from tests.faults.relay import (
    Spoil,
    bad_gateway,
    cut,
    cut_gzip,
    env_of,
    error_500,
    error_page,
    good,
    relayed,
    reset,
    stall,
    unavailable,
)
from tests.unit.looker.stand_in import Reply, Request, reply

BEFORE, MEANWHILE = 0, 12
"""Calls that go well. The first three are those of the run itself."""


def too_many(body: bytes) -> Reply:
    return reply(429, b"")


@pytest.mark.parametrize(
    ("spoil", "well"),
    [
        (error_500, BEFORE),
        (reset, BEFORE),
        (stall, BEFORE),
        (error_page, BEFORE),
        (bad_gateway, MEANWHILE),
        (unavailable, MEANWHILE),
        (cut, MEANWHILE),
        (cut_gzip, MEANWHILE),
        (error_page, MEANWHILE),
    ],
)
def test_a_looker_that_fails_for_good_ends_the_run_in_bounded_time(
    company: Company, tmp_path: Path, spoil: Spoil, well: int
) -> None:
    ends_in_bounded_time(company, tmp_path, spoil, well)


@pytest.mark.parametrize("well", [BEFORE, MEANWHILE])
def test_429s_that_never_end_end_the_run_in_bounded_time(
    company: Company, tmp_path: Path, well: int
) -> None:
    ends_in_bounded_time(company, tmp_path, too_many, well)


def ends_in_bounded_time(company: Company, folder: Path, spoil: Spoil, well: int) -> None:
    def spoils(number: int, _: Request) -> Spoil:
        return good if number <= well else spoil

    with relayed(company.looker, spoils) as (server, relay):
        env = env_of(server, company.looker) | customized(HURRIED, folder / "hurried")
        timeout = "0.1" if spoil is stall else "30"
        env |= {"LOOKERSDK_TIMEOUT": timeout}
        # so few that the first listings to fail are enough to give up by
        done = program("extract", *TYPES, *FLAGS, "--workers", "3", env=env)
    assert done.code == 1, done
    assert (done.json["status"], done.json["run"]) == ("failed", 1 if well else None)
    assert done.json["error"]["hint"]
    assert relay.spoiled < 400
