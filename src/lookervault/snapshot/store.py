"""What a place for snapshots has to do: few operations, which every target has.

Names are relative, of letters, digits, `-`, `.` and `/`. An object is written once, in one request,
and never overwritten.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import msgspec


class Stored(NamedTuple):
    """`size` in bytes, `modified` in seconds since 1970 by the store's clock."""

    name: str
    size: int
    modified: float


class Store(Protocol):
    """Thread-safe. Every method raises `StoreError`, or `AccessError` where it is not allowed."""

    @property
    def url(self) -> str:
        """As a person would name it; no credentials are in it."""
        ...

    def create(self, name: str, data: bytes) -> bool:
        """False where there is an object of that name, which is left as it is."""
        ...

    def get(self, name: str) -> bytes:
        """Raises `NoSuchObjectError` where it is not there."""
        ...

    def get_part(self, name: str, start: int, length: int) -> bytes:
        """As `get`. Less comes where the object is shorter."""
        ...

    def list(self, prefix: str) -> Iterator[Stored]:
        """Those whose name begins so: a folder, which ends in `/`. In no order."""
        ...

    def delete(self, names: Sequence[str]) -> None:
        """What is not there is no error."""
        ...


class Traffic(msgspec.Struct):
    """What went over the line; `seconds` are filled in by who knows."""

    requests: int = 0
    uploaded_bytes: int = 0
    downloaded_bytes: int = 0


class Counted:
    """A store whose traffic is counted: bytes of objects, and one request for each operation,
    also where it fails.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self.traffic = Traffic()

    @property
    def url(self) -> str:
        return self._store.url

    def create(self, name: str, data: bytes) -> bool:
        self._count(requests=1, up=len(data))
        return self._store.create(name, data)

    def get(self, name: str) -> bytes:
        self._count(requests=1)
        data = self._store.get(name)
        self._count(down=len(data))
        return data

    def get_part(self, name: str, start: int, length: int) -> bytes:
        self._count(requests=1)
        data = self._store.get_part(name, start, length)
        self._count(down=len(data))
        return data

    def list(self, prefix: str) -> Iterator[Stored]:
        self._count(requests=1)
        return self._store.list(prefix)

    def delete(self, names: Sequence[str]) -> None:
        self._count(requests=1)
        self._store.delete(names)

    def _count(self, *, requests: int = 0, up: int = 0, down: int = 0) -> None:
        with self._lock:
            self.traffic.requests += requests
            self.traffic.uploaded_bytes += up
            self.traffic.downloaded_bytes += down
