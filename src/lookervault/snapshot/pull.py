"""From a store into a vault: the rows of a snapshot, and the bodies that they name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

import msgspec

from lookervault.errors import DamagedError, StoreError, UsageError
from lookervault.snapshot.catalog import Catalog
from lookervault.snapshot.index import Index
from lookervault.snapshot.keys import Keys
from lookervault.snapshot.outline import Content, filled
from lookervault.snapshot.records import Manifest
from lookervault.snapshot.store import Store
from lookervault.storage.dump import Blob, ForgottenRun

_AT_ONCE = 2


class Pulled(msgspec.Struct, frozen=True, kw_only=True):
    """`forgotten` are runs that were pruned, perhaps also from other snapshots."""

    id: str
    manifest: Manifest
    bodies: int
    forgotten: list[ForgottenRun]


def pull(id: str, manifest: Manifest, vault: Path, store: Store, keys: Keys) -> Pulled:
    """Makes the vault, whole, or not at all.

    Raises `UsageError` where it is there, `StoreError`, `AccessError` and `DamagedError`.
    """
    if vault.exists():
        raise UsageError(
            f"{vault} is there already.",
            hint="Name another file with --vault; a snapshot never writes over a vault.",
        )
    catalog = Catalog(store, keys.seal, keys.area)
    gone = catalog.pruned.runs_of(manifest.vault)
    try:
        index = catalog.index(manifest.indexes)
        with filled(catalog, manifest.rows, vault, gone) as builder:
            lacking = builder.lacking()
            for blob, data in _data(catalog, index, keys, lacking):
                builder.fill(blob, data)
            builder.finish()
    except DamagedError as error:
        if catalog.is_current():
            raise
        raise StoreError(
            f"The store was pruned meanwhile. {error.message}", hint="Run the command again."
        ) from None
    return Pulled(id=id, manifest=manifest, bodies=len(lacking), forgotten=gone)


def _data(
    catalog: Catalog, index: Index, keys: Keys, lacking: Sequence[Blob]
) -> Iterator[tuple[Blob, bytes]]:
    """Pack by pack; some are fetched ahead."""
    places = [(blob, index.find(blob.table, blob.sha256)) for blob in lacking]
    if any(place is None for _, place in places):
        catalog.add_repairs(index)
        places = [(blob, index.find(blob.table, blob.sha256)) for blob in lacking]
    if lost := [blob for blob, place in places if place is None]:
        raise next(iter(index.unreadable.values()), None) or DamagedError(
            f"The store lacks {len(lost):,} bodies that the snapshot needs.",
            hint="`lookervault snapshot verify` names them, and what else they hit.",
        )
    found = sorted(
        ((place[0].name, place[1].offset, blob) for blob, place in places if place is not None),
        key=lambda one: one[:2],
    )
    by_pack = [[blob for *_, blob in group] for _, group in groupby(found, key=lambda one: one[0])]
    content = Content(catalog, index, keys)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        waiting = list(by_pack)
        under_way: list[Future[list[tuple[Blob, bytes]]]] = []
        while waiting or under_way:
            while waiting and len(under_way) < _AT_ONCE:
                under_way.append(pool.submit(_of_pack, content, waiting.pop(0)))
            yield from under_way.pop(0).result()


def _of_pack(content: Content, blobs: Sequence[Blob]) -> list[tuple[Blob, bytes]]:
    return [(blob, content.as_written(blob.table, blob.sha256, blob.dictionary)) for blob in blobs]
