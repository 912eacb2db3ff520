"""kill -9 at moments of chance, and what must be there after each."""

from __future__ import annotations

import random
import shutil
import signal
import time
from pathlib import Path

from lookervault.demo.server import EmbeddedLooker
from lookervault.demo.store import Store
from lookervault.storage.repository import Repository
from lookervault.storage.verify import verify
from tests.cli.running import program, started, wait_until
from tests.faults.conftest import FLAGS, TYPES, new_looker

CALLS = 45
"""Of an undisturbed run, about."""
LONGEST_PAUSE_S = 0.03
CHANGES = 0.5
"""Share of the kills after which something changes in Looker."""

type Stored = dict[tuple[str, str], bytes]


def killed(looker: EmbeddedLooker, vault: Path, answers: int, pause: float) -> bool:
    """After so many answers and a pause; False where the run was over before."""
    before = len(looker.log)
    with started("extract", *TYPES, *FLAGS, "--vault", vault, env=looker.env()) as process:
        wait_until(lambda: len(looker.log) >= before + answers or process.poll() is not None)
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    return process.returncode == -signal.SIGKILL


def stored(vault: Path) -> Stored:
    """Read from a copy: the killed one keeps its log as it is."""
    copy = vault.with_name("copy.db")
    for suffix in ("", "-wal"):
        if vault.with_name(vault.name + suffix).exists():
            shutil.copy(vault.with_name(vault.name + suffix), copy.with_name(copy.name + suffix))
    try:
        with Repository.open(copy, write=False) as reader:
            return {
                (name, identity): body for name in TYPES for identity, body in reader.bodies(name)
            }
    finally:
        for left in copy.parent.glob(f"{copy.name}*"):
            left.unlink()


class Model:
    """What must be there: whatever was, unless it was changed in Looker since."""

    def __init__(self, store: Store, chance: random.Random) -> None:
        self._store = store
        self._chance = chance
        self._must: Stored = {}
        self._outdated: Stored = {}

    def change(self) -> None:
        """Something that is edited, made or deleted while no run is going on.

        Dashboards, as nothing else shows what they hold: an edited look moves no `updated_at` of
        the dashboards that it is on.
        """
        what = self._chance.choice(["edit", "create", "delete"])
        if what == "create":
            self._store.create("dashboards", title="Made between two runs")
            return
        one = self._chance.choice(self._store.ids("dashboards"))
        if body := self._must.pop(("dashboards", one), None):
            self._outdated["dashboards", one] = body
        if what == "edit":
            self._store.edit("dashboards", one, title=f"Edited {self._chance.random()}")
        else:
            self._store.delete("dashboards", one)

    def check(self, found: Stored) -> None:
        """What was not fetched again since it changed may be replaced by the next run."""
        other = {key: found.get(key) for key, body in self._must.items() if found.get(key) != body}
        assert other == {}, f"not there, or not as it was: {sorted(other)}"
        old = self._outdated
        self._must = {key: body for key, body in found.items() if body != old.get(key)}


def kill_often(vault: Path, kills: int, seed: int) -> None:
    """Raises AssertionError where anything is lost, damaged or other than in Looker at the end."""
    chance = random.Random(seed)
    left = kills
    with new_looker() as looker:
        model = Model(looker.store, chance)
        while left:
            at = chance.randint(1, CALLS), chance.random() * LONGEST_PAUSE_S
            left -= killed(looker, vault, *at)
            if not vault.exists():
                continue
            findings = verify(vault).findings
            assert {one.kind for one in findings} <= {"unsealed"}, findings
            model.check(stored(vault))
            if chance.random() < CHANGES:
                model.change()
        quick = program("verify", "--quick", "--vault", vault)
        assert quick.code in (0, 3), quick
        done, fresh = (
            program("extract", *TYPES, *FLAGS, "--vault", path, env=looker.env())
            for path in (vault, vault.with_name("fresh.db"))
        )
    for one in (done, fresh):
        assert one.code == 0, one
        assert one.json["status"] == "complete", one
    roots = [one.json["root_hash"] for one in (done, fresh)]
    assert roots[0] == roots[1], roots
    deep = program("verify", "--deep", "--vault", vault)
    assert deep.code == 0, deep
