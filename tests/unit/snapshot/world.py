"""A vault of several nights, and a store that has each of them."""

from __future__ import annotations

import random
import shutil
from collections.abc import Collection
from itertools import count
from pathlib import Path

from lookervault.snapshot.catalog import Catalog
from lookervault.snapshot.keys import Keys
from lookervault.snapshot.prune import Pruning, prune
from lookervault.snapshot.pull import pull
from lookervault.snapshot.store import Store
from lookervault.snapshot.verify import verify as verify_store
from lookervault.storage.repository import Repository
from lookervault.storage.retention import Policy, Span
from lookervault.storage.verify import verify
from tests.unit.snapshot.stores import NOW, MemoryStore, People, pushed
from tests.unit.storage.damaging import extract, real
from tests.unit.storage.samples import item

A_DAY = 86_400.0
ITEMS = 12
AT_ONCE = Span(hours=0)
NIGHTS = 6


def night(vault: Path, number: int, state: int | None = None, *, status: str = "complete") -> None:
    """Items are changed, to what they never were, or to a state; one less each night, down to a
    half: of each night's pack, something is needed for good.
    """
    with Repository.open(vault, write=True) as repo:
        if number == 0:
            repo.set_instance("looker.example.com")
        new = number if state is None else state
        states = [n if n < min(number, ITEMS // 2) else new for n in range(ITEMS)]
        items = [real(item(str(n), state=state)) for n, state in enumerate(states)]
        extract(repo, items, "users", status=status, started=NOW + number * A_DAY)


class World:
    """A vault, and a store that has each of its nights."""

    def __init__(self, folder: Path, people: People, nights: int = NIGHTS) -> None:
        self.folder = folder
        self.people = people
        self.store = MemoryStore(clock=NOW)
        self.keys = people.nightly(self.store)
        self.vault = folder / "vault.db"
        self._numbers = count()
        self.nights = 0
        for _ in range(nights):
            self.night()

    def night(self, state: int | None = None, *, status: str = "complete") -> None:
        night(self.vault, self.nights, state, status=status)
        self.store.clock = NOW + self.nights * A_DAY
        pushed(self.vault, self.store, self.keys, now=self.store.clock)
        self.nights += 1

    def copy(self) -> World:
        other = object.__new__(World)
        other.__dict__.update(self.__dict__)
        other.store = MemoryStore(
            objects=dict(self.store.objects), times=dict(self.store.times), clock=self.store.clock
        )
        other.vault = Path(shutil.copy(self.vault, self.folder / f"v{next(self._numbers)}.db"))
        return other

    def prune(
        self,
        last: int = 2,
        *,
        grace: Span = AT_ONCE,
        store: Store | None = None,
        keys: Keys | None = None,
        policy: Policy | None = None,
        dry_run: bool = False,
        lost: Collection[str] = (),
    ) -> Pruning:
        return prune(
            store or self.store,
            keys or self.people.reader(self.store),
            policy or Policy(last=last),
            now=self.store.clock or NOW,
            grace=grace,
            dry_run=dry_run,
            lost=lost,
        )

    def later(self, seconds: float) -> None:
        self.store.clock = (self.store.clock or NOW) + seconds

    @property
    def catalog(self) -> Catalog:
        return Catalog(self.store, self.keys.seal, self.keys.area)

    def runs(self) -> list[int]:
        return [manifest.run for _, manifest in self.catalog.manifests()]

    def pulled(self, id: str | None = None) -> Path:
        id = id or next(iter(self.catalog.ids()))
        path = self.folder / f"back{next(self._numbers)}.db"
        manifest = self.catalog.manifest(id)
        pull(id, manifest, path, self.store, self.people.reader(self.store))
        return path

    def check(self, *, quickly: bool = False) -> None:
        """Each snapshot has each run that it has as the vault has it."""
        for id in self.catalog.ids():
            back = self.pulled(id)
            check_same(back, self.vault, deep=not quickly)
            back.unlink()
        share = 0.0 if quickly else 1.0
        report = verify_store(self.catalog, self.keys, share=share, rng=random.Random(1))
        assert report.status == "ok", report.findings
        is_repaired = any(name.startswith("repairs/") for name in self.store.objects)
        assert is_repaired or report.checked["mended"] == 0

    def size(self) -> int:
        return sum(map(len, self.store.objects.values()))


def check_same(back: Path, vault: Path, *, deep: bool = True) -> None:
    assert not deep or verify(back, deep=True).status == "ok"
    with Repository.open(back, write=False) as repo, Repository.open(vault, write=False) as own:
        for row in repo.runs():
            assert bodies(repo, row.run) == bodies(own, row.run)
            assert repo.root(row.run, ["users"]) == own.root(row.run, ["users"])


def bodies(repo: Repository, run: int) -> dict[str, bytes | None]:
    return {one.id: repo.body("users", one.id, run) for one in repo.items("users", run)}
