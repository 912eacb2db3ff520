"""The power goes, and takes with it what was not yet on the disk.

Between two checkpoints the file does not change and the log grows: of what the log had since it was
last synced, any part may be missing or zero. While a checkpoint copies the log into the file, the
log is on the disk whole, and any of the file's pages may be the old or the new one.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from lookervault.content.operations import Operation
from lookervault.demo.server import EmbeddedLooker
from lookervault.extraction.orchestrator import Result
from lookervault.extraction.retry import Client
from lookervault.storage import log
from lookervault.storage.verify import verify
from tests.integration.running import extraction

pytestmark = pytest.mark.xdist_group("power cut")

COUNTS = {"dashboards": 40, "looks": 40, "users": 40}
TYPES = ("dashboards", "looks", "users", "merge_queries", "queries")
CALLS = (4, 12, 30, 60)
SECTOR = 4096


@dataclass(frozen=True, slots=True)
class Disk:
    """What the disk holds of a vault."""

    file: bytes
    log: bytes

    def put(self, path: Path) -> None:
        path.write_bytes(self.file)
        log.log_path(path).write_bytes(self.log)


class Watched:
    """Looker; takes what the disk holds just before some of the calls."""

    def __init__(self, client: Client, vault: Path, taken: list[Disk]) -> None:
        self._client = client
        self._vault = vault
        self._taken = taken
        self._calls = 0

    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes:
        self._calls += 1
        if self._calls in CALLS:
            written = log.log_path(self._vault).read_bytes()
            self._taken.append(Disk(self._vault.read_bytes(), written))
        return self._client.get(operation, *path_args, params=params)


@pytest.fixture(scope="module")
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(items=100, seed=4, counts=COUNTS) as one:
        yield one


def run_into(
    looker: EmbeddedLooker, path: Path, through: Callable[[Client], Client] = lambda one: one
) -> Result:
    with extraction(looker, path) as one:
        return one.run(*TYPES, through=through, workers=1, page_size=5)


@pytest.fixture(scope="module")
def undisturbed(
    looker: EmbeddedLooker, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Result, list[Disk]]:
    """A run over all calls, and what the disk held at some of them."""
    path = tmp_path_factory.mktemp("undisturbed") / "whole.db"
    taken: list[Disk] = []
    whole = run_into(looker, path, lambda client: Watched(client, path, taken))
    assert len(taken) == len(CALLS)
    assert len(taken[-1].log) > 10 * SECTOR
    return whole, taken


def cut(disk: Disk, chance: random.Random) -> Disk:
    return Disk(disk.file, disk.log[: chance.randrange(len(disk.log) + 1)])


def zeroed(disk: Disk, chance: random.Random) -> Disk:
    """Some sectors never arrived, though later ones did."""
    arrived = bytearray(disk.log)
    for start in range(0, len(arrived), SECTOR):
        if chance.random() < 0.1:
            end = min(start + SECTOR, len(arrived))
            arrived[start:end] = bytes(end - start)
    return Disk(disk.file, bytes(arrived))


def without_log(disk: Disk, chance: random.Random) -> Disk:
    return Disk(disk.file, b"")


def checkpointed_in_part(disk: Disk, chance: random.Random) -> Disk:
    """The first frames of the log are in the file already, the last one of them by half."""
    page_size = int.from_bytes(disk.file[16:18])
    frames = range(32, len(disk.log) - page_size - 24 + 1, page_size + 24)
    file = bytearray(disk.file)
    for start in frames[: chance.randrange(len(frames) + 1)]:
        number = int.from_bytes(disk.log[start : start + 4])
        page = disk.log[start + 24 : start + 24 + page_size]
        if chance.random() < 0.1:
            page = page[: page_size // 2]
        end = (number - 1) * page_size + len(page)
        file.extend(bytes(max(0, end - len(file))))
        file[end - len(page) : end] = page
    return Disk(bytes(file), disk.log)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("loss", [cut, zeroed, without_log, checkpointed_in_part])
def test_what_is_left_is_never_called_whole_and_the_next_run_mends_it(
    undisturbed: tuple[Result, list[Disk]],
    looker: EmbeddedLooker,
    tmp_path: Path,
    loss: Callable[[Disk, random.Random], Disk],
    seed: int,
) -> None:
    whole, taken = undisturbed
    chance = random.Random(seed)
    path = tmp_path / "cut.db"
    loss(chance.choice(taken), chance).put(path)
    assert verify(path).status != "ok"
    mended = run_into(looker, path)
    assert mended.end.status == "complete"
    assert mended.end.root == whole.end.root
    after = verify(path, deep=True)
    assert after.findings == []
