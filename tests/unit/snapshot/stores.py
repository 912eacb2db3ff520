"""A store in memory, and what breaks in it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyrage

from lookervault.config.stores import StoreSettings
from lookervault.errors import NoSuchObjectError, StoreError
from lookervault.snapshot.keys import Keys, made, open_keys
from lookervault.snapshot.pull import pull
from lookervault.snapshot.push import Pushed, push
from lookervault.snapshot.store import Store, Stored

NOW = 1_800_000_000.0


@dataclass
class MemoryStore:
    """`breaks_after` so many objects were created: the next one is lost, with its connection.

    `clock` is the store's; without one, each object is a second younger than the one before.
    """

    url: str = "memory:"
    objects: dict[str, bytes] = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)
    clock: float | None = None
    breaks_after: int | None = None
    created: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def create(self, name: str, data: bytes) -> bool:
        with self.lock:
            if self.breaks_after is not None and len(self.created) >= self.breaks_after:
                raise StoreError(f"{name} was not sent: the connection was lost.")
            self.created.append(name)
            if name in self.objects:
                return False
            self.objects[name] = bytes(data)
            self.times[name] = len(self.times) if self.clock is None else self.clock
            return True

    def get(self, name: str) -> bytes:
        if name not in self.objects:
            raise NoSuchObjectError(f"{name} is not there.")
        return self.objects[name]

    def get_part(self, name: str, start: int, length: int) -> bytes:
        return self.get(name)[start : start + length]

    def list(self, prefix: str) -> Iterator[Stored]:
        with self.lock:
            found = [name for name in self.objects if name.startswith(prefix)]
        return (Stored(name, len(self.objects[name]), self.times.get(name, 0.0)) for name in found)

    def delete(self, names: Sequence[str]) -> None:
        for name in names:
            self.objects.pop(name, None)


class Watched:
    """A store; `watch` is called before each thing it is asked for, with how many came before.

    `asked` tells all: create snapshots/2026…
    """

    def __init__(self, store: Store, watch: Callable[[int], None]) -> None:
        self._store = store
        self._watch = watch
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return self._store.url

    def _tell(self, what: str) -> None:
        self.asked.append(what)
        self._watch(len(self.asked) - 1)

    def create(self, name: str, data: bytes) -> bool:
        self._tell(f"create {name}")
        return self._store.create(name, data)

    def get(self, name: str) -> bytes:
        self._tell(f"get {name}")
        return self._store.get(name)

    def get_part(self, name: str, start: int, length: int) -> bytes:
        self._tell(f"get {name}")
        return self._store.get_part(name, start, length)

    def list(self, prefix: str) -> Iterator[Stored]:
        self._tell(f"list {prefix}")
        return self._store.list(prefix)

    def delete(self, names: Sequence[str]) -> None:
        self._tell("delete")
        self._store.delete(names)


def breaking(store: Store, after: int) -> Watched:
    """The connection is lost after so many things."""

    def lose(count: int) -> None:
        if count >= after:
            raise StoreError("The connection was lost.")

    return Watched(store, lose)


def making(store: Store, settings: StoreSettings) -> Keys:
    """The keys of a store, which is made where it is not there."""
    return made(store, open_keys(store, settings, make=True))


@dataclass(frozen=True)
class People:
    """Files of those who have keys."""

    folder: Path

    @property
    def index_key(self) -> Path:
        return self.folder / "index.key"

    def identity(self, name: str = "admin") -> Path:
        path = self.folder / f"{name}.txt"
        if not path.exists():
            path.write_text(f"# of {name}\n{pyrage.x25519.Identity.generate()}\n")
            path.chmod(0o600)
        return path

    def recipient(self, name: str = "admin") -> str:
        text = self.identity(name).read_text().splitlines()[-1]
        return str(pyrage.x25519.Identity.from_str(text).to_public())

    def nightly(self, store: Store) -> Keys:
        """Of the machine that has only the index key."""
        settings = StoreSettings(
            url=store.url, recipients=(self.recipient(),), index_key=self.index_key
        )
        return making(store, settings)

    def reader(self, store: Store, name: str = "admin") -> Keys:
        return open_keys(store, StoreSettings(url=store.url, identity=self.identity(name)))


def pushed(vault: Path, store: Store, keys: Keys, *, now: float = NOW) -> Pushed:
    return push(vault, store, keys, now=now, program_version="0")


def pulled(done: Pushed, vault: Path, store: Store, keys: Keys) -> Path:
    pull(done.id, done.manifest, vault, store, keys)
    return vault
