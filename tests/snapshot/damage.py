"""A store in a folder with three snapshots, and what can happen to its objects."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lookervault.config.stores import StoreSettings
from lookervault.snapshot.catalog import Catalog
from lookervault.snapshot.folder import FolderStore
from lookervault.snapshot.keys import Keys
from lookervault.snapshot.pull import pull
from lookervault.snapshot.push import Pushed, push
from lookervault.snapshot.verify import Known, Report, verify
from lookervault.storage.repository import Repository
from tests.cli.running import Completed, program
from tests.unit.snapshot.stores import NOW, People, making
from tests.unit.storage.damaging import extract, real
from tests.unit.storage.samples import item

NIGHTS = 3
ITEMS = 60


@dataclass(frozen=True)
class Place:
    """`folder` has the store, the vault that was pushed, and the keys."""

    folder: Path
    encrypted: bool

    @property
    def path(self) -> Path:
        return self.folder / "store"

    @property
    def vault(self) -> Path:
        return self.folder / "vault.db"

    @property
    def store(self) -> FolderStore:
        return FolderStore(self.path)

    @property
    def people(self) -> People:
        return People(self.folder)

    def reader(self) -> Keys:
        if self.encrypted:
            return self.people.reader(self.store)
        return making(self.store, StoreSettings(url="", no_encryption=True))

    def nightly(self) -> Keys:
        return self.people.nightly(self.store) if self.encrypted else self.reader()

    def catalog(self) -> Catalog:
        return Catalog(self.store, self.nightly().seal)

    def copy(self, to: Path) -> Place:
        return Place(Path(shutil.copytree(self.folder, to)), self.encrypted)

    def push(self, now: float = NOW) -> Pushed:
        return push(self.vault, self.store, self.nightly(), now=now, program_version="0")

    def verify(
        self,
        *,
        share: float = 0.0,
        known: Sequence[Known] = (),
        keys: Callable[[Place], Keys] = lambda place: place.reader(),
        seed: int = 1,
    ) -> Report:
        found = keys(self)
        catalog = Catalog(self.store, found.seal)
        return verify(catalog, found, share=share, rng=random.Random(seed), known=known)

    def pulled(self, id: str, vault: Path) -> Path:
        manifest = self.catalog().manifest(id)
        pull(id, manifest, vault, self.store, self.reader())
        return vault

    # What is in it.

    def names(self, kind: str) -> list[str]:
        return sorted(one.name for one in self.store.list(f"{kind}/"))

    def named(self) -> list[str]:
        """All that snapshots need, and what the store is opened with."""
        catalog = self.catalog()
        found = {"config", *self.names("keys"), *self.names("snapshots")}
        for _, manifest in catalog.manifests():
            found |= {piece.name for piece in (*manifest.indexes, *manifest.row_pieces)}
            found |= set(catalog.index(manifest.indexes).packs)
        return sorted(found)

    def file(self, name: str) -> Path:
        return self.path / name

    # What can happen to it.

    def flip(self, name: str, offset: int | None = None, by: int = 1) -> None:
        data = bytearray(self.file(name).read_bytes())
        data[len(data) // 2 if offset is None else offset] ^= by
        self.file(name).write_bytes(data)

    def cut(self, name: str) -> None:
        os.truncate(self.file(name), self.file(name).stat().st_size - 1)

    def lose(self, name: str) -> None:
        self.file(name).unlink()


def env_of(place: Place) -> dict[str, str]:
    """Of one who reads it."""
    return {
        "LOOKERVAULT_STORE": place.path.as_uri(),
        "LOOKERVAULT_IDENTITY": str(place.people.identity()),
    }


def snapshot(place: Place, *arguments: object) -> Completed:
    return program("snapshot", *arguments, env=env_of(place))


def made(folder: Path, *, encrypted: bool) -> Place:
    """The first night has all items, each later one three that changed."""
    folder.mkdir()
    place = Place(folder, encrypted)
    for night in range(NIGHTS):
        extracted(place.vault, night)
        place.push(NOW + night)
    return place


def extracted(vault: Path, night: int) -> None:
    items = [real(item(str(number), state=_state(number, night))) for number in range(ITEMS)]
    with Repository.open(vault, write=True) as repository:
        repository.set_instance("looker.example.com")
        extract(repository, items, "users")


def _state(number: int, night: int) -> int:
    """The night in which it changed last."""
    return number // 3 if 3 <= number < 3 * (night + 1) else 0
