"""Looks at a store, names what is not as it was written, and what that hits.

All sealed objects are opened, the rows of each snapshot are held against its manifest, and packs
are looked at by their size, or read. What is damaged and has been mended (`repair`) is no finding.
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import batched
from pathlib import Path
from typing import NamedTuple

import msgspec

from lookervault.errors import DamagedError, LookerVaultError
from lookervault.snapshot import inspection
from lookervault.snapshot.catalog import (
    INDEX,
    PACKS,
    ROWS,
    Catalog,
    add_packs,
    unpacked,
)
from lookervault.snapshot.coverage import Coverage, Hits, Key, among, either
from lookervault.snapshot.fit import Fit, fit
from lookervault.snapshot.index import Index
from lookervault.snapshot.inspection import Bad
from lookervault.snapshot.keys import Keys
from lookervault.snapshot.names import SNAPSHOTS
from lookervault.snapshot.pieces import REPAIRS, THREADS
from lookervault.snapshot.records import Manifest, Piece
from lookervault.storage.dump import Builder, Change, Outliner
from lookervault.storage.findings import Watch, unwatched


class Item(msgspec.Struct, frozen=True):
    type: str
    id: str
    name: str | None


class Finding(msgspec.Struct, kw_only=True):
    """`kind`: `manifest`, `rows`, `index`, `pack` or, of prunes, `record` for an object of that
    kind; `snapshot` where
    whole objects do not make what the manifest says; `rollback` for a snapshot that was there.

    `bodies` are all that would have to be somewhere else for the object to be no loss; those that
    cannot be read are bodies of `items`. `mended` is set by a repair.
    """

    kind: str
    object: str
    detail: str
    snapshots: list[str]
    items: list[Item] = []
    mended: bool = False
    bodies: list[Key] = []


class Known(NamedTuple):
    """A certificate that was in the store, and who says so: a snapshot, a file."""

    certificate: str
    source: str


class Report(msgspec.Struct, kw_only=True):
    """`manifests` are those that could be read, `index` all places that could."""

    checked: Counter[str]
    findings: list[Finding]
    manifests: dict[str, Manifest]
    index: Index

    @property
    def status(self) -> str:
        if not self.findings:
            return "ok"
        return "repaired" if all(one.mended for one in self.findings) else "damaged"


def verify(
    catalog: Catalog,
    keys: Keys,
    ids: Collection[str] | None = None,
    *,
    share: float = 0.0,
    rng: random.Random,
    known: Sequence[Known] = (),
    watch: Watch = unwatched,
) -> Report:
    """Of all snapshots or of some. `share` is how many of the packs are read, chosen by chance.

    Raises `StoreError` where the store cannot be read at all.
    """
    with tempfile.TemporaryDirectory(prefix="lookervault-") as folder:
        check = _Check(catalog, keys, Path(folder), watch)
        return check.run(ids, share=share, rng=rng, known=known)


class _Check:
    def __init__(self, catalog: Catalog, keys: Keys, folder: Path, watch: Watch) -> None:
        self._catalog = catalog
        self._pruned = catalog.pruned
        self._keys = keys
        self._folder = folder
        self._watch = watch
        self._there: dict[str, int] = {}
        self._manifests: dict[str, Manifest] = {}
        self._contents: dict[Piece, Path] = {}
        self._bad_pieces: dict[Piece, DamagedError] = {}
        self._index = Index()
        self._bad: dict[str, Bad] = {}
        self._coverage = Coverage()
        self._checked: Counter[str] = Counter()
        self._findings: list[Finding] = []
        self._certificates: set[str] = set()

    def run(
        self,
        ids: Collection[str] | None,
        *,
        share: float,
        rng: random.Random,
        known: Sequence[Known],
    ) -> Report:
        for kind in (SNAPSHOTS, INDEX, ROWS, PACKS, REPAIRS):
            self._there |= {one.name: one.size for one in self._catalog.listing(kind)}
        self._tell_of_records()
        self._read_manifests(list(self._catalog.ids()) if ids is None else ids)
        self._read_pieces()
        self._read_index()
        self._look_at_packs(share, rng)
        for number, id in enumerate(self._manifests):
            self._watch("snapshots", number, len(self._manifests))
            self._check_rows(number, id)
        self._tell_of_rows()
        self._tell_of_bodies()
        self._check_known(known)
        if ids is None:
            self._count_orphans()
        return Report(
            checked=self._checked,
            findings=self._findings,
            manifests=self._manifests,
            index=self._index,
        )

    # Sealed objects.

    def _tell_of_records(self) -> None:
        for name, error in self._catalog.damaged_records():
            self._find("record", name, f"{_why(error)}; the next prune writes it again", 0)

    def _read_manifests(self, ids: Collection[str]) -> None:
        for id, found in self._catalog.all_looked_at(ids):
            self._checked["manifests"] += 1
            if isinstance(found, Manifest):
                self._manifests[id] = found
            else:
                why = "it is not there" if found is None else _why(found)
                self._find("manifest", self._catalog.snapshot_name(id), why, 0, [id])

    def _read_pieces(self) -> None:
        """Their content is kept in files: that of a piece is needed for many snapshots."""
        wanted = {p: None for m in self._manifests.values() for p in self._pieces_of(m)}
        done = 0
        with ThreadPoolExecutor(THREADS) as pool:
            for some in batched(wanted, 2 * THREADS, strict=False):
                for piece, found in zip(some, pool.map(self._read_piece, some), strict=True):
                    self._watch("pieces", done := done + 1, len(wanted))
                    self._checked[f"{self._catalog.pieces.kind_of(piece.name)}_pieces"] += 1
                    if isinstance(found, DamagedError):
                        self._bad_pieces[piece] = found
                    else:
                        self._contents[piece] = path = self._folder / str(len(self._contents))
                        path.write_bytes(found)

    def _indexes_of(self, manifest: Manifest) -> Iterator[Piece]:
        """With those of prunes; without those that may be gone as what they told is in these."""
        for piece in {one.name: one for one in (*self._pruned.indexes, *manifest.indexes)}.values():
            if piece.name in self._there or piece.name not in self._pruned.marks:
                yield piece

    def _pieces_of(self, manifest: Manifest) -> list[Piece]:
        return [*self._indexes_of(manifest), *manifest.row_pieces]

    def _read_piece(self, piece: Piece) -> bytes | DamagedError:
        try:
            return self._catalog.pieces.as_written(piece)
        except DamagedError as error:
            try:
                found = self._catalog.pieces.read(piece)
            except DamagedError:
                return error
            self._checked["mended"] += 1
            return found

    def _read_index(self) -> None:
        pieces: dict[Piece, int] = {}
        for number, manifest in enumerate(self._manifests.values()):
            for piece in self._indexes_of(manifest):
                pieces[piece] = pieces.get(piece, 0) | 1 << number
        for piece, snapshots in pieces.items():
            try:
                if piece not in self._bad_pieces:
                    add_packs(self._index, piece.name, self._contents[piece].read_bytes())
            except DamagedError as error:
                self._bad_pieces[piece] = error
            for pack in self._index.by_piece.get(piece.name, ()):
                self._coverage.list(pack.name, snapshots)
        self._catalog.add_repairs(self._index)
        everywhere = (1 << len(self._manifests)) - 1
        for name, packs in self._index.by_piece.items():
            if self._catalog.pieces.is_repair(name):
                for pack in packs:
                    self._coverage.list(pack.name, everywhere)

    def _look_at_packs(self, share: float, rng: random.Random) -> None:
        self._checked["packs"] = len(self._index.packs)
        gone = self._pruned.marks.keys() - self._there.keys()
        of_size = inspection.by_size(self._index, self._there)
        self._bad = {name: one for name, one in of_size.items() if name not in gone}
        if not share:
            return
        # one that is cut off is read, too: some of it may be whole
        names = sorted(name for name in self._index.packs if name in self._there)
        chosen = inspection.sample(names, share, rng)
        reader = inspection.Reader(self._catalog, self._index, self._keys)
        for done, (name, bad) in enumerate(reader.read(chosen), start=1):
            self._watch("packs", done, len(chosen))
            self._checked["packs_read"] += 1
            if bad is not None:
                self._bad[name] = bad

    # Snapshots.

    @contextmanager
    def _outline(self, manifest: Manifest) -> Iterator[Path]:
        """Raises `DamagedError` where the rows are no rows of a vault."""
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            path = Path(folder) / "outline"
            with Builder(path) as builder:
                for piece in manifest.row_pieces:
                    content = self._contents[piece].read_bytes()
                    for change in unpacked(piece.name, content, list[Change]):
                        builder.apply(change)
                builder.forget(self._pruned.runs_of(manifest.vault))
                builder.finish()
            yield path

    def _check_rows(self, number: int, id: str) -> None:
        manifest = self._manifests[id]
        if any(piece in self._bad_pieces for piece in manifest.row_pieces):
            return
        self._checked["snapshots"] += 1
        try:
            with self._outline(manifest) as outline:
                found = fit(outline, manifest, self._pruned.runs_of(manifest.vault))
                with Outliner(outline) as told:
                    self._coverage.need(number, ((b.table, b.sha256) for b in told.blobs()))
        except LookerVaultError as error:
            found = Fit([_why(error)])
        self._certificates |= found.certificates
        for fault in found.faults:
            self._find("snapshot", self._catalog.snapshot_name(id), fault, 1 << number)

    # What is damaged, and what that hits.

    def _tell_of_rows(self) -> None:
        for piece, error in self._bad_pieces.items():
            if self._catalog.pieces.kind_of(piece.name) == ROWS:
                self._find(ROWS, piece.name, _why(error), self._with(piece))

    def _with(self, piece: Piece) -> int:
        """The snapshots that name it."""
        of = enumerate(self._manifests.values())
        return sum(1 << n for n, one in of if piece in self._pieces_of(one))

    def _tell_of_bodies(self) -> None:
        lost = self._coverage.lost(self._index, self._bad)
        for name, bodies in lost.by_pack.items():
            if bodies:
                self._tell_of_pack(name, bodies)
            elif self._coverage.needs(self._index, name):
                self._checked["mended"] += 1
            elif hit := self._coverage.listed(name) & ~self._outlined():
                self._find("pack", name, self._bad[name].detail, hit)
        self._tell_of_places(lost.nowhere)

    def _tell_of_pack(self, name: str, bodies: Hits) -> None:
        bad = self._bad[name]
        entries = {(one.table, one.sha256): one for one in self._index.packs[name].entries}
        lost = {key: hit for key, hit in bodies.items() if bad.has_lost(entries[key])}
        hit = either(lost.values()) or either(bodies.values())
        self._find("pack", name, bad.detail, hit, bodies=bodies, lost=lost)

    def _tell_of_places(self, nowhere: Hits) -> None:
        """Bodies that are in no pack that a snapshot knows of: a piece is lost that said where."""
        told = 0
        for piece, error in self._bad_pieces.items():
            if self._catalog.pieces.kind_of(piece.name) == INDEX:
                told |= (hit := self._with(piece))
                bodies = among(nowhere, hit)
                if bodies or hit & ~self._outlined():
                    self._find(INDEX, piece.name, _why(error), hit, bodies=bodies)
                else:
                    self._checked["mended"] += 1
        for number, id in enumerate(self._manifests):
            if bodies := among(nowhere, 1 << number & ~told):
                why = f"no piece of its index says where {len(bodies):,} of its bodies are"
                self._find(
                    "snapshot", self._catalog.snapshot_name(id), why, 1 << number, bodies=bodies
                )

    def _outlined(self) -> int:
        """Snapshots whose rows could be read: of others nobody knows what they need."""
        of = enumerate(self._manifests.values())
        return sum(
            1 << n for n, one in of if not any(p in self._bad_pieces for p in one.row_pieces)
        )

    def _items(self, bodies: Hits) -> list[Item]:
        """Each as the newest snapshot tells of it that is hit."""
        by_snapshot: dict[int, set[Key]] = {}
        for key, mask in bodies.items():
            by_snapshot.setdefault((mask & -mask).bit_length() - 1, set()).add(key)
        found: dict[tuple[str, str], Item] = {}
        ids = list(self._manifests)
        for number, keys in sorted(by_snapshot.items()):
            with self._outline(self._manifests[ids[number]]) as path, Outliner(path) as outline:
                for type, id, name in outline.items_of({digest for _, digest in keys}):
                    found.setdefault((type, id), Item(type, id, name))
        return [found[key] for key in sorted(found)]

    def _find(
        self,
        kind: str,
        object: str,
        detail: str,
        hit: int,
        snapshots: list[str] | None = None,
        *,
        bodies: Hits | None = None,
        lost: Hits | None = None,
    ) -> None:
        """`lost` are those of the bodies that cannot be read: all, if nothing else is said."""
        if snapshots is None:
            snapshots = [id for n, id in enumerate(self._manifests) if hit >> n & 1]
        bodies = bodies or {}
        items = self._items(bodies if lost is None else lost)
        self._findings.append(
            Finding(
                kind=kind,
                object=object,
                detail=detail,
                snapshots=snapshots,
                items=items,
                bodies=list(bodies),
            )
        )

    def _check_known(self, known: Sequence[Known]) -> None:
        there = self._certificates | {one.certificate for one in self._manifests.values()}
        for one in known:
            if one.certificate not in there:
                self._find(
                    "rollback",
                    one.source,
                    f"no snapshot holds certificate {one.certificate[:16]}…, which was in the"
                    " store: newer snapshots were taken away, or older ones put in their place",
                    0,
                )

    def _count_orphans(self) -> None:
        named = {p.name for m in self._manifests.values() for p in self._pieces_of(m)}
        named |= {self._catalog.pieces.repair_of(name) for name in named}
        named |= {*self._index.packs, *self._index.by_piece}
        named |= {self._catalog.snapshot_name(id) for id in self._catalog.ids()}
        orphans = self._there.keys() - named
        self._checked["orphans"] = len(orphans)
        self._checked["orphan_bytes"] = sum(self._there[name] for name in orphans)


def _why(error: LookerVaultError) -> str:
    """What is wrong, without the name of the object, which a finding has beside it."""
    return error.message.partition("is damaged: ")[2].rstrip(".") or error.message
