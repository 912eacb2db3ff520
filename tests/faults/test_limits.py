"""A Looker that answers 429 to most calls, and a wall clock that cannot be relied upon."""

from __future__ import annotations

from pathlib import Path

from lookervault.storage.verify import verify
from tests.cli.running import program
from tests.faults.conftest import FLAGS, TYPES, Company, new_looker
from tests.faults.customized import JUMPING, customized


def test_a_storm_of_429s_is_waited_out_by_fifty_workers(company: Company) -> None:
    with new_looker() as looker:
        looker.behaviour.rps = 12
        looker.behaviour.latency_ms = 50
        done = program("extract", *TYPES, *FLAGS, "--workers", "50", env=looker.env())
    assert (done.code, done.json["root_hash"]) == (0, company.root), done
    assert done.json["throttled"] > 0


def test_a_wall_clock_that_jumps_changes_nothing_but_times(
    company: Company, vault: Path, tmp_path: Path
) -> None:
    env = {**company.env, **customized(JUMPING, tmp_path / "jumping")}
    done = program("extract", *TYPES, *FLAGS, "--vault", vault, env=env)
    assert (done.code, done.json["root_hash"]) == (0, company.root), done
    assert not 0 < done.json["seconds"] < 1000, "the clock did jump"
    assert program("runs", "show", "1", "--vault", vault, env=env).code == 0
    again = program("extract", *TYPES, *FLAGS, "--vault", vault, env=env)
    assert (again.code, again.json["root_hash"]) == (0, company.root), again
    assert verify(vault, deep=True).status == "ok"
