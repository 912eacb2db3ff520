"""A restore for practice: a snapshot is pulled, each byte looked at, and items are read."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec

from lookervault.errors import DamagedError
from lookervault.snapshot.fit import fit
from lookervault.snapshot.keys import Keys
from lookervault.snapshot.pull import pull
from lookervault.snapshot.records import Manifest
from lookervault.snapshot.store import Store
from lookervault.storage.findings import Watch, unwatched
from lookervault.storage.repository import Repository
from lookervault.storage.verify import verify


class Read(msgspec.Struct, frozen=True):
    type: str
    id: str
    name: str | None
    bytes: int


class Finding(msgspec.Struct, frozen=True):
    """`kind`: `pull` where the snapshot does not come back at all, `snapshot` where it is not what
    the manifest says, `item` where one cannot be read; others are those of `lookervault verify`.
    """

    kind: str
    detail: str
    type: str | None = None
    id: str | None = None
    run: int | None = None


class Rehearsed(msgspec.Struct, kw_only=True):
    """`bodies` is how many were pulled, `read` what was chosen by chance and read."""

    bodies: int = 0
    read: list[Read] = []
    findings: list[Finding] = []


def rehearse(
    id: str,
    manifest: Manifest,
    vault: Path,
    store: Store,
    keys: Keys,
    *,
    items: int,
    rng: random.Random,
    watch: Watch = unwatched,
) -> Rehearsed:
    """`vault` must not be there; it stays, for more to be tried with it, where it could be pulled.

    Raises `StoreError` and `AccessError`.
    """
    done = Rehearsed()
    try:
        pulled = pull(id, manifest, vault, store, keys)
        done.bodies = pulled.bodies
        faults = fit(vault, manifest, pulled.forgotten).faults
        done.findings += [Finding("snapshot", fault) for fault in faults]
    except DamagedError as error:
        done.findings.append(Finding("pull", error.message))
        return done
    for one in verify(vault, deep=True, watch=watch).findings:
        done.findings.append(Finding(one.kind, one.detail, one.type, one.id, one.run))
    with Repository.open(vault, write=False) as repository:
        _read(repository, manifest.run, items, rng, done)
    return done


def _read(
    repository: Repository, run: int, items: int, rng: random.Random, done: Rehearsed
) -> None:
    rows = [(t, row.id, row.name) for t in repository.types() for row in repository.items(t, run)]
    for type, id, name in rng.sample(rows, min(items, len(rows))):
        try:
            body = repository.body(type, id, run)
        except DamagedError as error:
            done.findings.append(Finding("item", error.message, type, id, run))
        else:
            done.read.append(Read(type, id, name, len(body or b"")))
