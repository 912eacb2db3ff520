"""The vault against Looker: items are fetched again and compared, field by field."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import msgspec

from lookervault.content.canonical import Canon
from lookervault.content.registry import TYPES
from lookervault.errors import CallError, DamagedError, NotFoundError
from lookervault.proof.refetch import Refetch
from lookervault.storage.repository import Repository

_AHEAD = 4
"""Items that wait for each thread."""


class Difference(msgspec.Struct, frozen=True):
    """One field. `None` on one side also stands for: it is not there."""

    path: str
    vault: Any
    looker: Any


class Compared(msgspec.Struct, frozen=True):
    """`status`: same, differs, gone (Looker does not show it any more), damaged (in the vault) or
    failed (Looker did not answer).
    """

    type: str
    id: str
    status: str
    fields: list[Difference] = []
    detail: str = ""


class Target(NamedTuple):
    type: str
    id: str
    trashed: bool
    hash: bytes


def targets(vault: Repository) -> Iterator[Target]:
    """Items that are not deleted, of all types that can be asked for."""
    for name in vault.types():
        if name in TYPES:
            for row in vault.items(name):
                yield Target(name, row.id, row.trashed, row.hash)


def sample(every: Iterable[Target], size: int, draw: random.Random) -> list[Target]:
    """`size` of them, each with the same chance, in their order; all where there are fewer."""
    kept: list[tuple[int, Target]] = []
    for number, target in enumerate(every):
        if len(kept) < size:
            kept.append((number, target))
        elif (place := draw.randrange(number + 1)) < size:
            kept[place] = (number, target)
    return [target for _, target in sorted(kept)]


def compare(
    vault: Repository, refetch: Refetch, chosen: Iterable[Target], *, threads: int
) -> Iterator[Compared]:
    """In the order of `chosen`. Raises `LookerVaultError` where no other item could do better."""
    comparer = _Comparer(vault, refetch)
    with ThreadPoolExecutor(threads, "compare") as pool:
        waiting: deque[Future[Compared]] = deque()
        try:
            for target in chosen:
                waiting.append(pool.submit(comparer.compare, target))
                if len(waiting) > threads * _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


class _Comparer:
    def __init__(self, vault: Repository, refetch: Refetch) -> None:
        self._vault = vault
        self._refetch = refetch
        self._canons = {
            name: Canon(one.noise, unordered=one.unordered) for name, one in TYPES.items()
        }

    def compare(self, target: Target) -> Compared:
        try:
            item = self._refetch.item(target.type, target.id, trashed=target.trashed)
        except NotFoundError as error:
            return Compared(target.type, target.id, "gone", detail=error.message)
        except CallError as error:
            return Compared(target.type, target.id, "failed", detail=error.message)
        if item.hash == target.hash:
            return Compared(target.type, target.id, "same")
        try:
            stored = self._vault.body(target.type, target.id)
        except DamagedError as error:
            return Compared(target.type, target.id, "damaged", detail=error.message)
        fields = list(self._differences(target.type, stored or b"", item.body))
        return Compared(target.type, target.id, "differs", fields)

    def _differences(self, name: str, stored: bytes, fetched: bytes) -> Iterator[Difference]:
        canon = self._canons[name]
        ours, theirs = canon.without_noise(stored), canon.without_noise(fetched)
        if ours is None or theirs is None:  # compared by their bytes, which no field can tell
            yield Difference("", len(stored), len(fetched))
        else:
            yield from differences(ours, theirs)


def differences(ours: Any, theirs: Any, path: str = "") -> Iterator[Difference]:
    """The smallest parts that differ, depth first in order of keys."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            inside = f"{path}.{key}" if path else key
            if (key in ours) != (key in theirs):
                yield Difference(inside, ours.get(key), theirs.get(key))
            else:
                yield from differences(ours[key], theirs[key], inside)
    elif isinstance(ours, list) and isinstance(theirs, list):
        both = min(len(ours), len(theirs))
        for place in range(both):
            yield from differences(ours[place], theirs[place], f"{path}[{place}]")
        for place, one in enumerate(ours[both:], start=both):
            yield Difference(f"{path}[{place}]", one, None)
        for place, one in enumerate(theirs[both:], start=both):
            yield Difference(f"{path}[{place}]", None, one)
    elif type(ours) is not type(theirs) or ours != theirs:
        yield Difference(path, ours, theirs)
