"""kill -9 at moments of chance: the vault is whole each time, and the next run goes on."""

from __future__ import annotations

import os
import random
from pathlib import Path

from tests.faults.kills import kill_often

KILLS = 10


def test_a_run_that_is_killed_ten_times_ends_as_one_that_never_was(vault: Path) -> None:
    seed = int(os.environ.get("FAULTS_SEED") or random.randrange(2**32))
    print(f"FAULTS_SEED={seed} repeats it")  # noqa: T201 - shown where the test fails
    kill_often(vault, kills=KILLS, seed=seed)
