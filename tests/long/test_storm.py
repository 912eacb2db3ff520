"""A large Looker through bad weather, and runs that are killed again and again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lookervault.demo.behaviour import Fault
from lookervault.demo.server import EmbeddedLooker
from tests.again import OpenFiles
from tests.cli.running import AS_ITSELF, ended, started
from tests.faults.kills import kill_often

pytestmark = pytest.mark.long

ITEMS = 20_000
STORM = [Fault.TRUNCATED, Fault.HTML_200, Fault.RESET, Fault.NOT_JSON, Fault.EMPTY]
"""Fewer than a call has tries: whatever the order, no item is given up."""
OPERATIONS = ("search_dashboards", "search_looks", "look", "search_users", "merge_query", "query")


def extracted(looker: EmbeddedLooker, vault: str) -> tuple[Any, int]:
    """What came of a run, and how many files it had open at most (0 where nobody can tell)."""
    run = ("extract", "--json", "--vault", vault)
    with started(*run, env=looker.env(), command=AS_ITSELF) as process:
        files = OpenFiles(process.pid)
        process.wait()
        files.stop()
        return ended(process).json, files.most or 0


def test_a_large_looker_is_read_through_a_storm_with_as_few_files_and_as_little_memory() -> None:
    with EmbeddedLooker(items=ITEMS, seed=1) as looker:
        calm, few = extracted(looker, "calm.db")
        looker.behaviour.fault_rate, looker.behaviour.stall_s = 0.05, 0.2
        looker.behaviour.faults_for = {name: list(STORM) for name in OPERATIONS}
        looker.behaviour.faults_for["all_boards"] = [Fault.TOO_MANY]
        storm, files = extracted(looker, "storm.db")
    assert (calm["status"], storm["status"]) == ("complete", "complete"), storm["missing"]
    assert calm["items"] == storm["items"] >= ITEMS
    assert storm["root_hash"] == calm["root_hash"]
    assert storm["retries"] > len(STORM) * len(OPERATIONS)
    assert storm["throttled"] == 1
    assert files <= few + 2
    assert storm["peak_memory_mb"] <= 1.2 * calm["peak_memory_mb"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_run_that_is_killed_thirty_times_ends_as_one_that_never_was(
    seed: int, tmp_path: Path
) -> None:
    kill_often(tmp_path / "vault.db", kills=30, seed=seed)
