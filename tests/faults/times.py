"""How often one run of all tests tries what a row of docs/reliability.md is about."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.faults.test_disk import A_PART_FITS, NOTHING_FITS
from tests.faults.test_forgetting import PARTS, TIMES
from tests.faults.test_kills import KILLS
from tests.property.test_extraction_properties import FEW
from tests.unit.storage.test_verify import FLIPS

ROOT = Path(__file__).parents[2]
WITH_THE_PROGRAM = (
    "tests/cli/",
    "tests/faults/",
    "tests/security/",
    "tests/snapshot/test_program",
    "tests/snapshot/test_rollback.py",
)
"""What these folders and files try, they try with the program as a process of its own."""

REPEATED = {
    "test_a_run_that_is_killed_ten_times_ends_as_one_that_never_was": KILLS,
    "test_a_disk_that_is_full_at_any_write_loses_nothing": len(NOTHING_FITS) + len(A_PART_FITS),
    "test_forgetting_that_is_killed_ten_times_loses_nothing": TIMES,
    "test_a_disk_that_is_full_while_space_is_given_back_loses_nothing": len(PARTS),
    "test_a_flipped_bit_is_found_or_lies_where_nothing_is": FLIPS,
    "test_nothing_that_exists_throughout_is_lost_or_called_deleted": FEW,
    "test_the_root_is_that_of_the_content_however_it_is_read": FEW,
    "test_a_run_stopped_at_any_moment_is_made_good_by_the_next": FEW,
}
"""Tests of which one case tries its fault several times."""

type Test = tuple[str, str]
"""Its file, from the root of the repository on, and its name."""


def collected(files: Iterable[str]) -> Mapping[str, int]:
    """Cases that pytest finds, by `file::test`; without those that only `make test-long` runs."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    child = [sys.executable, "-m", "pytest", "--collect-only", "-q", *sorted(files)]
    done = subprocess.run(child, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    lines = [line for line in done.stdout.splitlines() if "::" in line]
    return Counter(line.partition("[")[0] for line in lines)


def in_words(tests: Iterable[Test], cases: Mapping[str, int]) -> str:
    """As the table has it: `3`, `2 in process`, or `3, and 2 in process`."""
    program = inside = 0
    for file, name in tests:
        times = cases[f"{file}::{name}"] * REPEATED.get(name, 1)
        if file.startswith(WITH_THE_PROGRAM):
            program += times
        else:
            inside += times
    said = [f"{program:,}"] * bool(program) + [f"{inside:,} in process"] * bool(inside)
    return ", and ".join(said)
