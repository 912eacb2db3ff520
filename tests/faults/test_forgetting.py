"""`forget --gc` that is killed, or has no room: each run that is kept shows what it showed."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from bench.nights import Nights
from lookervault.storage.repository import Repository
from lookervault.storage.verify import verify
from tests.cli.forking import Constraint
from tests.cli.running import program, started

TIMES = 10
PARTS = (0.1, 0.5, 0.95)
"""Of the size that the vault has: what the file that is written besides it may have."""
NIGHTS = 5
KEPT = ("--keep-last", 2)

type Shown = dict[tuple[int, str], dict[str, bytes]]


class Full(NamedTuple):
    """A vault of some nights; `shown` by the runs that are to be kept, and what an undisturbed
    `forget --gc` makes of its size, in so many seconds.
    """

    path: Path
    shown: Shown
    size: int
    seconds: float


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Full:
    folder = tmp_path_factory.mktemp("full")
    path, copy = folder / "vault.db", folder / "copy.db"
    with Nights(path, 120, share=0.3) as company:
        for _ in range(NIGHTS):
            company.next()
    shutil.copy(path, copy)
    done = program("forget", *KEPT, "--gc", "--json", "--vault", copy)
    seconds = done.json["seconds"]
    return Full(path, shown(path), copy.stat().st_size, seconds)


def shown(path: Path) -> Shown:
    with Repository.open(path, write=False) as repo:
        newest = [row.run for row in repo.runs()][-2:]
        return {
            (run, name): {
                row.id: repo.body(name, row.id, run) or b"" for row in repo.items(name, run)
            }
            for run in newest
            for name in repo.types()
        }


def runs_of(path: Path) -> list[int]:
    with Repository.open(path, write=False) as repo:
        return [row.run for row in repo.runs()]


def check(path: Path, full: Full) -> None:
    assert verify(path).findings == []
    assert runs_of(path) in ([*range(1, NIGHTS + 2)], [NIGHTS, NIGHTS + 1])
    assert shown(path) == full.shown


def finish(path: Path, full: Full) -> None:
    done = program("forget", *KEPT, "--gc", "--json", "--vault", path)
    assert (done.code, done.json["bytes_after"]) == (0, full.size), done
    check(path, full)
    assert {file.name for file in path.parent.iterdir()} == {path.name, f"{path.name}.lock"}


def remove(vault: Path) -> None:
    for file in vault.parent.glob(f"{vault.name}*"):
        file.unlink()


def killed_at_work(vault: Path, seconds: float) -> bool:
    """So long after it has taken the vault; False where it was done before."""
    lock = vault.with_name(f"{vault.name}.lock")
    lock.write_text("")
    with started("forget", *KEPT, "--gc", "--vault", vault) as process:
        while not lock.read_text() and process.poll() is None:
            time.sleep(0.001)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    return process.returncode == -signal.SIGKILL


def test_forgetting_that_is_killed_ten_times_loses_nothing(full: Full, vault: Path) -> None:
    seed = int(os.environ.get("FAULTS_SEED") or random.randrange(2**32))
    print(f"FAULTS_SEED={seed} repeats it")  # noqa: T201 - shown where the test fails
    chance = random.Random(seed)
    killed = 0
    while killed < TIMES:
        if not vault.exists() or len(runs_of(vault)) == len(KEPT):
            remove(vault)
            shutil.copy(full.path, vault)
        killed += killed_at_work(vault, chance.random() * full.seconds)
        check(vault, full)
    finish(vault, full)


def test_a_disk_that_is_full_while_space_is_given_back_loses_nothing(
    full: Full, vault: Path
) -> None:
    shutil.copy(full.path, vault)
    for part in PARTS:
        room = Constraint("RLIMIT_FSIZE", int(part * full.path.stat().st_size))
        done = program("forget", *KEPT, "--gc", "--json", "--vault", vault, command=room)
        assert (done.code, done.json["status"]) == (1, "failed"), done
        assert "cannot be used: reading or writing failed" in done.told
        check(vault, full)
    finish(vault, full)
