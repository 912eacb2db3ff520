"""Nights of a company: a vault into which each night a few items come changed.

The first run is the program's own; the others hand the same to the vault as an extraction does
(what changed, what was listed as unchanged, what was proven), without the calls to Looker.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from itertools import batched
from pathlib import Path
from typing import Any, NamedTuple, Self

import msgspec

from bench.clients.extract import extracted
from lookervault.config.settings import load
from lookervault.content.items import ItemReader
from lookervault.content.model import Answer, Item
from lookervault.content.registry import TYPES, select
from lookervault.demo.server import EmbeddedLooker
from lookervault.storage.repository import Repository
from lookervault.storage.runs import Proof, RunEnd, RunRow, RunStart, TypeResult

DAY = 24 * 3600.0
SEED = 20_261_001
_SLICES = 14
PAGE = 100
_MOST_TOUCHED = 500
"""Items of one checkpoint."""

type Key = tuple[str, str]
"""Type and id."""


class Night(NamedTuple):
    """`items`: changed, with their new bodies."""

    run: int
    changed: dict[Key, bytes]


class Nights:
    """A vault and the content that it was made of. To be closed."""

    def __init__(self, path: Path, items: int, *, share: float = 0.01) -> None:
        """Extracts a company of about so many items; each night a `share` of them changes."""
        self.path = path
        _first_run(path, items)
        self.open()
        self._runs = Runs(self.vault)
        self.bodies: dict[Key, bytes] = {
            (name, id): body for name in self._runs.types for id, body in self.vault.bodies(name)
        }
        self._share = share
        self._chance = random.Random(SEED)
        self._editable = sorted(key for key, body in self.bodies.items() if edited(key, body, 0))
        self._night = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Goes on after `close`."""
        self.vault = Repository.open(self.path, write=True)

    def close(self) -> None:
        self.vault.close()

    def next(self) -> Night:
        """One more night, as a complete run."""
        self._night += 1
        count = round(self._share * len(self.bodies))
        chosen = self._chance.sample(self._editable, min(count, len(self._editable)))
        changed = {key: edited(key, self.bodies[key], self._night) or b"" for key in chosen}
        self.bodies |= changed
        return Night(self._runs.add(self.vault, self._night, changed), changed)


class Runs:
    """Writes runs into a vault of which a run was made, perhaps elsewhere."""

    def __init__(self, vault: Repository) -> None:
        self._first = vault.runs()[0]
        self.types = self._first.types
        self._ids = {name: list(vault.open_ids(name)) for name in self.types}
        self._readers = {name: ItemReader(TYPES[name]) for name in self.types}

    def items(self, changed: Mapping[Key, bytes]) -> dict[str, list[Item]]:
        """By the type, also of those that have none."""
        by_type: dict[str, list[Item]] = {name: [] for name in self.types}
        for (name, id), body in changed.items():
            item = self._readers[name].read(Answer(body, id), body)
            assert item is not None  # it was read once
            by_type[name].append(item)
        return by_type

    def add(self, vault: Repository, night: int, changed: Mapping[Key, bytes]) -> int:
        """A complete run, in which all but these is as it was; its number."""
        first, by_type = self._first, self.items(changed)
        run = vault.begin_run(_start(first, night))
        for name, items in by_type.items():
            for number, page in enumerate(batched(items, PAGE, strict=False)):
                vault.store(run, vault.pack(page), number)
            seen = {item.id for item in items}
            rest = [id for id in self._ids[name] if id not in seen]
            for ids in batched(rest, _MOST_TOUCHED, strict=False):
                vault.touch(run, name, ids)
        root, by_root = vault.root(run, first.types)
        results = [
            TypeResult(
                type=name,
                items=len(self._ids[name]),
                changed=len(items),
                unchanged=len(self._ids[name]) - len(items),
                census=len(self._ids[name]),
                calls=1,
                root=by_root[name],
            )
            for name, items in by_type.items()
        ]
        vault.end_run(run, _end(night, first, results, root))
        return run


def _first_run(path: Path, items: int) -> None:
    with EmbeddedLooker(items, SEED) as looker:
        looker.behaviour.gzip = False
        extracted(load({}, looker.env()), path, select([], []), {"workers": 4})


def edited(key: Key, body: bytes, number: int) -> bytes | None:
    """As a person does it: another title. None where there is nothing that has one."""
    try:
        obj = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        return None
    names = [name for name in ("title", "name", "description") if name != TYPES[key[0]].key]
    name = next((name for name in names if _is_text(obj, name)), None)
    if name is None:
        return None
    obj[name] = f"{obj[name].partition(' · ')[0]} · {number}"
    if _is_text(obj, "updated_at"):
        obj["updated_at"] = f"2027-01-01T00:00:00.{number:03}+00:00"
    return msgspec.json.encode(obj)


def _is_text(obj: object, key: str) -> bool:
    return isinstance(obj, dict) and isinstance(obj.get(key), str)


def _start(first: RunRow, night: int) -> RunStart:
    names = RunStart.__struct_fields__
    told: dict[str, Any] = {name: getattr(first, name) for name in names}
    return RunStart(**(told | {"started": first.started + night * DAY}))


def _end(night: int, first: RunRow, results: list[TypeResult], root: bytes) -> RunEnd:
    width = 10_000 // _SLICES
    proofs = [
        Proof(type=one.type, start=night * width % 10_000, width=width, read=one.changed + 1)
        for one in results
    ]
    return RunEnd(
        finished=first.started + night * DAY + 60,
        status="complete",
        calls=100,
        items=sum(one.items for one in results),
        root=root,
        types=results,
        proofs=proofs,
    )
