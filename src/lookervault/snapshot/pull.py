"""From a store into a vault: the rows of a snapshot, and the bodies that they name."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

import msgspec

from lookervault.errors import DamagedError, StoreError, UsageError
from lookervault.snapshot.catalog import Catalog
from lookervault.snapshot.index import Index
from lookervault.snapshot.keys import Keys
from lookervault.snapshot.outline import Content, filled
from lookervault.snapshot.packs import PackIndex
from lookervault.snapshot.partial import Missing
from lookervault.snapshot.records import Manifest
from lookervault.snapshot.store import Store
from lookervault.snapshot.verify import Finding
from lookervault.storage.dump import Blob, ForgottenRun

_FEW = 3
"""Bodies of a pack that are read one by one."""
_ROOM = 3
"""Times the bytes of a snapshot: what is fetched, and the vault."""


class Pulled(msgspec.Struct, frozen=True, kw_only=True):
    """`forgotten` are runs that were pruned, perhaps also from other snapshots; `findings` tell
    what a partial one lacks.
    """

    id: str
    manifest: Manifest
    bodies: int
    forgotten: list[ForgottenRun]
    findings: list[Finding]


def pull(
    id: str,
    manifest: Manifest,
    vault: Path,
    store: Store,
    keys: Keys,
    *,
    kept: Path | None = None,
    partial: bool = False,
) -> Pulled:
    """Makes the vault, whole, or not at all; a partial one has all rows, and the bodies that can be
    read. Until then, what was fetched is in the folder `kept`, where the disk has room for both:
    another pull with the same folder goes on from it.

    Raises `UsageError` where it is there, `NoKeyError`, `StoreError`, `AccessError` and
    `DamagedError`.
    """
    if vault.exists():
        raise UsageError(
            f"{vault} is there already.",
            hint="Name another file with --vault; a snapshot never writes over a vault.",
        )
    if kept is not None:
        kept = _made(kept, manifest)
    catalog = Catalog(store, keys.seal, keys.area, kept=kept)
    gone = catalog.pruned.runs_of(manifest.vault)
    missing = Missing(partial=partial)
    try:
        index = catalog.index(manifest.indexes)
        with filled(catalog, manifest.rows, vault, gone) as builder:
            lacking = builder.lacking()
            content = Content(catalog, index, keys)
            for blob, data in _data(catalog, index, content, lacking, missing):
                builder.fill(blob, data)
            if (error := missing.first) is not None and not catalog.is_current():
                raise error
            builder.finish()
    except DamagedError as error:
        if catalog.is_current():
            raise
        raise StoreError(
            f"The store was pruned meanwhile. {error.message}", hint="Run the command again."
        ) from None
    if kept is not None:
        shutil.rmtree(kept)
    findings = missing.findings(id, catalog, vault)
    return Pulled(id=id, manifest=manifest, bodies=len(lacking), forgotten=gone, findings=findings)


def kept_beside(vault: Path) -> Path:
    return vault.with_name(f"{vault.name}.pulling")


def _made(kept: Path, manifest: Manifest) -> Path | None:
    """The folder; None, and nothing is left of it, where the vault needs that room."""
    try:
        kept.mkdir(mode=0o700, exist_ok=True)
        kept.chmod(0o700)
        held = sum(one.stat().st_size for one in kept.iterdir())
        if shutil.disk_usage(kept).free + held > _ROOM * manifest.stored_bytes:
            return kept
        shutil.rmtree(kept)
    except OSError as error:
        raise UsageError(
            f"What is fetched cannot be kept in {kept}: {error.strerror}.",
            hint="Name a vault in another folder with --vault.",
        ) from error
    return None


def _data(
    catalog: Catalog, index: Index, content: Content, lacking: Sequence[Blob], missing: Missing
) -> Iterator[tuple[Blob, bytes]]:
    """Pack by pack; the next one is fetched ahead."""
    wanted = _by_pack(catalog, index, lacking, missing)
    lost = missing.dictionaries(content, lacking)
    with ThreadPoolExecutor(1) as pool:
        ahead = deque(pool.submit(_load, content, *first) for first in wanted[:1])
        for number, (pack, blobs) in enumerate(wanted, start=1):
            ahead.popleft().result()
            ahead.extend(pool.submit(_load, content, *one) for one in wanted[number : number + 1])
            for blob in blobs:
                dictionary = None if blob.dictionary in lost else blob.dictionary
                with missing.of(blob):
                    data = content.as_written(blob.table, blob.sha256, dictionary)
                    yield blob._replace(dictionary=dictionary), data
            content.unload(pack)


def _load(content: Content, pack: PackIndex, blobs: Sequence[Blob]) -> None:
    if len(blobs) > _FEW:
        content.load(pack)


def _by_pack(
    catalog: Catalog, index: Index, lacking: Sequence[Blob], missing: Missing
) -> list[tuple[PackIndex, list[Blob]]]:
    """In the order in which they are there, without those that are in no pack."""
    places = [(blob, index.find(blob.table, blob.sha256)) for blob in lacking]
    if any(place is None for _, place in places):
        catalog.add_repairs(index)
        places = [(blob, index.find(blob.table, blob.sha256)) for blob in lacking]
    lost = [blob for blob, place in places if place is None]
    for blob in lost:
        with missing.of(blob):
            raise next(iter(index.unreadable.values()), None) or DamagedError(
                f"The store lacks {len(lost):,} bodies that the snapshot needs."
            )
    found = sorted(
        ((place[0].name, place[1].offset, blob) for blob, place in places if place is not None),
        key=lambda one: one[:2],
    )
    return [
        (index.packs[name], [blob for *_, blob in group])
        for name, group in groupby(found, key=lambda one: one[0])
    ]
