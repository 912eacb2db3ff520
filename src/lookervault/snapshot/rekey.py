"""New keys for a store: for other people, or also for what was written with the old ones.

The keys are encrypted anew and nothing else, unless `reencrypt` is asked for: it writes all that is
needed again, in an area of its own, which counts from the moment that the new key object is there.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pyrage

from lookervault.errors import AccessError, DamagedError, StoreError
from lookervault.snapshot.catalog import PACKS, ROWS, Catalog
from lookervault.snapshot.keyfiles import write_index_key
from lookervault.snapshot.keyobjects import Private, add_key_object, key_objects
from lookervault.snapshot.keys import AREAS, Keys
from lookervault.snapshot.needs import Needs
from lookervault.snapshot.outline import needed
from lookervault.snapshot.packing import Copied, copy, write_indexes
from lookervault.snapshot.packs import Opener
from lookervault.snapshot.records import Manifest, Piece, PruneRecord
from lookervault.snapshot.seal import KEY_BYTES, Seal
from lookervault.snapshot.store import Store


class Rekeyed(msgspec.Struct, frozen=True, kw_only=True):
    """`made` is the file of the new index key, where it was made now. `snapshots` and `packs` were
    written again. `missed` are snapshots that were pushed with the old keys in the last moment.
    `error` says why the old key objects are still there.
    """

    key_object: str
    made: Path | None = None
    snapshots: int = 0
    packs: int = 0
    missed: list[str] = []
    error: AccessError | StoreError | None = None


def rekey(store: Store, keys: Keys, private: Private, recipients: Sequence[str]) -> Rekeyed:
    """From now on, only these recipients have the keys. `private` are those of the store."""
    assert keys.recipient is not None  # noqa: S101  an unencrypted store has no private parts
    name = add_key_object(
        store, keys.generation + 1, keys.recipient, private, recipients, area=keys.area
    )
    return _without_the_old(store, Rekeyed(key_object=name))


def reencrypt(
    store: Store,
    keys: Keys,
    private: Private,
    recipients: Sequence[str],
    *,
    new_index_key: Path | None,
    now: float,
) -> Rekeyed:
    """A new content key, and with `new_index_key` another index key, which is written to that file
    once all else is done. Broken off, everything is as it was.

    Raises `UsageError` where that file is there, `StoreError` where somebody writes to the store
    meanwhile, and `DamagedError`.
    """
    index_key = bytes.fromhex(private.index_key)
    if new_index_key is not None:
        index_key = os.urandom(KEY_BYTES)
    content = pyrage.x25519.Identity.generate()
    area = f"{AREAS}/{os.urandom(4).hex()}/"
    with tempfile.TemporaryDirectory(prefix="lookervault-") as folder:
        old = Catalog(store, keys.seal, keys.area, kept=Path(folder))
        old.check_in_use()
        new = Catalog(store, Seal(index_key), area)
        snapshots = dict(old.manifests())
        recipient = str(content.to_public())
        try:
            packs = _write_again(
                old, new, keys, recipient, snapshots=snapshots, folder=Path(folder)
            )
        except DamagedError:
            if old.is_current():
                raise
            raise _disturbed(store) from None
    if old.pruned.forgotten:
        new.add_record(_forgetting(old, now))
    if not old.is_current() or old.ids().keys() != snapshots.keys():
        raise _disturbed(store)
    if new_index_key is not None:
        write_index_key(new_index_key, index_key)
    name = add_key_object(
        store,
        keys.generation + 1,
        recipient,
        Private(index_key.hex(), [str(content)]),
        recipients,
        area=area,
    )
    # whoever still pushes there is told by it
    old.add_record(msgspec.structs.replace(_forgetting(old, now), is_left=True))
    done = Rekeyed(
        key_object=name,
        made=new_index_key,
        snapshots=len(snapshots),
        packs=packs,
        missed=sorted(old.ids().keys() - snapshots.keys()),
    )
    return _without_the_old(store, done)


def _disturbed(store: Store) -> StoreError:
    return StoreError(
        f"Somebody pushed to {store.url} or pruned it meanwhile; the store is as it was.",
        hint="Run the command again while nobody else writes. What it wrote goes with a prune.",
    )


def _write_again(
    old: Catalog,
    new: Catalog,
    keys: Keys,
    recipient: str,
    *,
    snapshots: dict[str, Manifest],
    folder: Path,
) -> int:
    needs = Needs(old, snapshots.values(), {one.name for one in old.listing(PACKS)})
    for id, manifest in snapshots.items():
        gone = old.pruned.runs_of(manifest.vault)
        needs.add(id, manifest, needed(old, manifest, gone, folder / "needs"))
    wanted = needs.wanted(sorted(needs.used))
    copied = copy(old, wanted, Opener(keys.identities), new, recipient)
    _check_whole(needs, copied)
    indexes = write_indexes(new, copied.packs)
    rows = {piece.name: piece for one in snapshots.values() for piece in one.row_pieces}
    again = {name: new.pieces.write(ROWS, old.pieces.read(piece)) for name, piece in rows.items()}
    for id, manifest in snapshots.items():
        levels = _renamed(manifest.rows, again)
        new.add_as(id, msgspec.structs.replace(manifest, rows=levels, indexes=indexes))
    return len(copied.packs)


def _renamed(levels: list[list[Piece]], again: dict[str, Piece]) -> list[list[Piece]]:
    return [[again[piece.name] for piece in level] for level in levels]


def _check_whole(needs: Needs, copied: Copied) -> None:
    """What was in a damaged pack may be in that of a repair, too."""
    there = {(one.table, one.sha256) for pack in copied.packs for one in pack.entries}
    for name, error in copied.damaged.items():
        if any((one.table, one.sha256) not in there for one in needs.used[name].values()):
            raise DamagedError(
                f"{error.message} Nothing was changed.",
                hint="`lookervault snapshot verify --repair` writes again what it can; then rekey.",
            )


def _forgetting(old: Catalog, now: float) -> PruneRecord:
    return PruneRecord(created=now, forgotten=old.pruned.forgotten, marks={}, indexes=[])


def _without_the_old(store: Store, done: Rekeyed) -> Rekeyed:
    """An old identity opens an old key object."""
    try:
        store.delete([name for name in key_objects(store) if name < done.key_object])
    except (AccessError, StoreError) as error:
        return msgspec.structs.replace(done, error=error)
    return done
