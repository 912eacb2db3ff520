"""From a vault into a store: packs of what is not there, rows that changed, a manifest last.

What was sent stays: a push that was broken off leaves nothing that anybody would take for a
snapshot, and the next one finds the packs that are there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import batched, chain, count
from pathlib import Path

import msgspec

from lookervault.errors import DamagedError, NoSuchObjectError, UsageError
from lookervault.snapshot import packs
from lookervault.snapshot.catalog import (
    INDEX,
    PACKS,
    ROWS,
    Catalog,
    Draft,
    Index,
    Manifest,
    Piece,
    packed,
)
from lookervault.snapshot.keys import Keys
from lookervault.snapshot.outline import write_outline
from lookervault.snapshot.packs import PackIndex
from lookervault.snapshot.store import Store
from lookervault.storage.dump import Blob, Change, Outliner, merged
from lookervault.storage.repository import Repository
from lookervault.storage.runs import RunRow

_AT_ONCE = 2
"""Packs that are made and sent at once: each takes twice its size in memory."""
_ROWS_BYTES = 8 * 2**20
"""Of rows in one piece, before they are compressed."""
_ROWS_AT_ONCE = 1_000
_FRESH = 0.5
"""Once the changes since it are this much of the base, all rows are written anew."""


class Pushed(msgspec.Struct, frozen=True, kw_only=True):
    """`new` is false where the store had the very state already. `passed_over` tells of damage in
    earlier snapshots that was no hindrance.
    """

    id: str
    manifest: Manifest
    new: bool
    packs: int
    passed_over: list[str] = []


def push(
    vault: Path,
    store: Store,
    keys: Keys,
    *,
    now: float,
    program_version: str,
    run: int | None = None,
    base: Base | None = None,
) -> Pushed:
    """The vault as it is now, as a snapshot of a run: the newest one that has ended, or `run`.

    `base` is what the vault came from; without, the newest snapshot of the vault is looked for.

    Where what is there is damaged, it is passed over, and written anew where it is needed.

    Raises `UsageError` where there is no such run, `StoreError` and `DamagedError`.
    """
    passed_over = list[str]()
    catalog = Catalog(store, keys.seal)
    with Repository.open(vault, write=False) as repository:
        about = _About(repository, run)
    with tempfile.TemporaryDirectory(prefix="lookervault-") as folder:
        if base is None:
            base = _newest_of(catalog, about.vault, Path(folder) / "outline", passed_over)
        parent = base.manifest if base else None
        outline = base.outline if base else None
        with Outliner(vault, outline) as outliner:
            index = base.index if base else Index()
            passed_over += [error.message for error in index.unreadable.values()]
            pieces = [p for p in parent.indexes if p.name in index.by_piece] if parent else []
            pieces += _listed_anew(catalog, index)
            pieces += catalog.add_unlisted(index, base.came if base else 0)
            sent = _send(catalog, index, outliner, keys.recipient)
            rows = _rows(catalog, outliner, parent.rows if parent and outline else [], vault)
            if base and not sent and rows == base.manifest.rows and about.is_of(base.manifest):
                return _same(base, passed_over)
            stored = sum(map(_size, rows)) + _stored(index, outliner.blobs())
            manifest = about.manifest(
                # later than what it came from, whatever the clock says: the newest one counts
                created=max(now, parent.created + 0.001) if parent else now,
                parent=base.id if base else None,
                stored_bytes=stored,
                bytes=outliner.bytes_as_of(about.row.run),
                rows=rows,
                indexes=_folded(catalog, [*pieces, *sent], index),
                program_version=program_version,
            )
    id = catalog.add(manifest)
    return Pushed(id=id, manifest=manifest, new=True, packs=len(sent), passed_over=passed_over)


def _same(base: Base, passed_over: list[str]) -> Pushed:
    return Pushed(id=base.id, manifest=base.manifest, new=False, packs=0, passed_over=passed_over)


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A snapshot, when it came by the store's clock, its outline, and where its content is.

    `outline` is None where its rows cannot be read.
    """

    id: str
    manifest: Manifest
    came: float
    outline: Path | None
    index: Index


def base_of(catalog: Catalog, id: str, manifest: Manifest, came: float, outline: Path) -> Base:
    """Writes the outline; it must not be there. Raises `DamagedError`."""
    write_outline(catalog, manifest.rows, outline)
    index = catalog.index(manifest.indexes)
    return Base(id=id, manifest=manifest, came=came, outline=outline, index=index)


class _About:
    """What the manifest tells of the vault."""

    def __init__(self, repository: Repository, run: int | None) -> None:
        rows = [row for row in repository.runs() if row.finished is not None]
        certificates = repository.certificates()
        if not rows or not certificates:
            raise UsageError(
                f"The vault {repository.path} has no run that ended, so there is nothing to push.",
                hint="`lookervault extract` makes one.",
            )
        found = [row for row in rows if run is None or row.run == run]
        if not found:
            raise UsageError(
                f"The vault has no run {run} that ended.", hint="`lookervault runs` lists all."
            )
        self.row: RunRow = found[-1]
        self._runs = [row.run for row in repository.runs()]
        self._certificates = len(certificates)
        self._newest = certificates[-1].certificate.hash
        self.vault = certificates[0].certificate.hash

    def is_of(self, manifest: Manifest) -> bool:
        return manifest.run == self.row.run

    def manifest(
        self,
        *,
        created: float,
        parent: str | None,
        stored_bytes: int,
        bytes: int,
        rows: list[list[Piece]],
        indexes: list[Piece],
        program_version: str,
    ) -> Manifest:
        return Manifest(
            created=created,
            vault=self.vault,
            parent=parent,
            instance=self.row.instance,
            base_url=self.row.base_url,
            run=self.row.run,
            runs=self._runs,
            status=self.row.status,
            items=self.row.items or 0,
            bytes=bytes,
            stored_bytes=stored_bytes,
            root=None if self.row.root is None else self.row.root.hex(),
            certificates=self._certificates,
            certificate=self._newest,
            program_version=program_version,
            rows=rows,
            indexes=indexes,
        )


def _newest_of(catalog: Catalog, vault: str, outline: Path, passed_over: list[str]) -> Base | None:
    for id, came in catalog.ids().items():
        try:
            manifest = catalog.manifest(id)
        except DamagedError as error:
            passed_over.append(error.message)
            continue
        if manifest.vault == vault:
            try:
                return base_of(catalog, id, manifest, came, outline)
            except DamagedError as error:
                passed_over.append(error.message)
                index = catalog.index(manifest.indexes)
                return Base(id=id, manifest=manifest, came=came, outline=None, index=index)
    return None


# Content.


def _send(catalog: Catalog, index: Index, outliner: Outliner, recipient: str | None) -> list[Piece]:
    """Packs of what the index does not have; each is listed as soon as it is there."""
    sent: list[Piece] = []
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        under_way: list[Future[tuple[PackIndex, Piece]]] = []
        for batch in packs.batches(_lacking(index, outliner)):
            if len(under_way) == _AT_ONCE:
                _settle(under_way.pop(0), index, sent)
            filled = list(zip(batch, outliner.data_of(batch), strict=True))
            under_way.append(pool.submit(_send_one, catalog, filled, recipient))
        for one in under_way:
            _settle(one, index, sent)
    return sent


def _lacking(index: Index, outliner: Outliner) -> list[tuple[Blob, int]]:
    """With the bytes of their data."""
    sizes = outliner.sizes()
    return [
        (blob, sizes[blob.table, blob.id])
        for blob in outliner.blobs()
        if index.find(blob.table, blob.sha256) is None
    ]


def _settle(done: Future[tuple[PackIndex, Piece]], index: Index, sent: list[Piece]) -> None:
    pack, piece = done.result()
    index.add(piece.name, pack)
    sent.append(piece)


def _send_one(
    catalog: Catalog, filled: Sequence[tuple[Blob, bytes]], recipient: str | None
) -> tuple[PackIndex, Piece]:
    plain = catalog.seal.name(PACKS, packs.content([blob for blob, _ in filled]))
    for number in count():
        name = f"{plain}-{number}" if number else plain
        try:
            catalog.store.get_part(name, 0, 1)
        except NoSuchObjectError:
            pack = packs.write(name, filled, recipient)
            if catalog.store.create(name, pack.data):
                return pack.contents, catalog.write(INDEX, packed([pack.contents]))
        # it was sent, and the push broken off before it was listed
        found = packs.adopt(name, filled, catalog.store.get(name))
        if found is not None:
            return found, catalog.write(INDEX, packed([found]))
    raise AssertionError


def _listed_anew(catalog: Catalog, index: Index) -> Iterator[Piece]:
    """What repairs tell of, as pieces like any other: a new snapshot depends on no repair."""
    for repair in index.repairs:
        contents = index.by_piece[repair.name]
        piece = catalog.write(INDEX, packed(contents))
        for pack in contents:
            index.add(piece.name, pack)
        yield piece


def _stored(index: Index, blobs: Iterator[Blob]) -> int:
    found = (index.find(blob.table, blob.sha256) for blob in blobs)
    return sum(place[1].length for place in found if place is not None)


def _folded(catalog: Catalog, pieces: Sequence[Piece], index: Index) -> list[Piece]:
    """The small ones become one, until each is twice as large as all smaller ones together."""
    kept = sorted(pieces, key=lambda piece: -piece.size)
    small: list[Piece] = []
    while kept and (not small or kept[-1].size < 2 * sum(piece.size for piece in small)):
        small.append(kept.pop())
    if len(small) == 1:
        return list(pieces)
    told = {pack.name: pack for piece in small for pack in index.by_piece[piece.name]}
    return [*kept, catalog.write(INDEX, packed([told[name] for name in sorted(told)]))]


# Rows.


def level(catalog: Catalog, vault: Path, base: Path | None) -> Iterator[Draft]:
    """What makes the vault's rows of those of another, an outline; without one, all rows."""
    with Outliner(vault, base) as outliner:
        yield from _drafts(catalog, outliner.changes())


def _rows(
    catalog: Catalog, outliner: Outliner, before: Sequence[Sequence[Piece]], vault: Path
) -> list[list[Piece]]:
    """The levels before, and one of what changed since; small ones become one, as of the index."""
    kept = [list(level) for level in before]
    if not kept:
        return [[catalog.send(one) for one in _drafts(catalog, outliner.changes())]]
    changes = merged(outliner.changes())
    if not changes:
        return kept
    drafts = [*_drafts(catalog, changes)]
    while len(kept) > 1 and _size(kept[-1]) < 2 * sum(one.piece.size for one in drafts):
        earlier = catalog.changes(kept.pop())
        changes = merged(chain(earlier, changes))
        drafts = [*_drafts(catalog, changes)]
    if sum(one.piece.size for one in drafts) > _FRESH * _size(kept[0]):
        return [[catalog.send(one) for one in level(catalog, vault, None)]]
    return [*kept, [catalog.send(one) for one in drafts]]


def _size(level: Sequence[Piece]) -> int:
    return sum(piece.size for piece in level)


def _drafts(catalog: Catalog, changes: Iterable[Change]) -> Iterator[Draft]:
    waiting, size = list[Change](), 0
    for change in changes:
        for part in _parts(change):
            waiting.append(part)
            size += len(packed(part))
            if size >= _ROWS_BYTES:
                yield catalog.draft(ROWS, packed(waiting))
                waiting, size = [], 0
    if waiting:
        yield catalog.draft(ROWS, packed(waiting))


def _parts(change: Change) -> Iterator[Change]:
    for rows in batched(change.rows, _ROWS_AT_ONCE, strict=False):
        yield Change(change.table, list(rows), [])
    if change.gone:
        yield Change(change.table, [], change.gone)
