"""From a vault into a store: packs of what is not there, rows that changed, a manifest last.

What was sent stays: a push that was broken off leaves nothing that anybody would take for a
snapshot, and the next one finds the packs that are there.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec

from lookervault.errors import DamagedError, UsageError
from lookervault.snapshot.catalog import INDEX, Catalog, packed
from lookervault.snapshot.index import Index, usable
from lookervault.snapshot.keys import Keys
from lookervault.snapshot.levels import bytes_of, written
from lookervault.snapshot.line import Line
from lookervault.snapshot.outline import without, write_rows
from lookervault.snapshot.packing import Packs, folded
from lookervault.snapshot.records import Manifest, Piece
from lookervault.snapshot.store import Store
from lookervault.storage.dump import ForgottenRun, Outliner
from lookervault.storage.repository import Repository
from lookervault.storage.runs import RunRow


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
    gaps: Sequence[str] = (),
) -> Pushed:
    """The vault as it is now, as a snapshot of a run: the newest one that has ended, or `run`.

    `base` is what the vault came from; without, the newest snapshot of the vault is looked for.
    `gaps` are those that it should have come from, had they not been damaged.

    Where what is there is damaged, it is passed over, and written anew where it is needed.

    Raises `UsageError` where there is no such run, `StoreError` and `DamagedError`.
    """
    catalog = base.catalog if base else Catalog(store, keys.seal, keys.area)
    while True:
        catalog.check_in_use()
        try:
            with tempfile.TemporaryDirectory(prefix="lookervault-") as folder:
                done = _prepared(
                    catalog,
                    keys,
                    vault,
                    Path(folder),
                    run=run,
                    base=base,
                    gaps=gaps,
                    now=now,
                    program_version=program_version,
                )
            if catalog.is_current():
                return done if done.id else _added(catalog, done)
        except DamagedError:
            if catalog.is_current():
                raise
        # a prune came meanwhile, and may delete what this was to rely on
        catalog = Catalog(store, keys.seal, keys.area)
        base = base.again(catalog) if base and base.id in catalog.ids() else None


def check_run(vault: Path, run: int | None) -> None:
    """Raises `UsageError` where the vault has no such run, or none."""
    _About(vault).row(run, ())


def _added(catalog: Catalog, done: Pushed) -> Pushed:
    return msgspec.structs.replace(done, id=catalog.add(done.manifest))


def _prepared(
    catalog: Catalog,
    keys: Keys,
    vault: Path,
    folder: Path,
    *,
    run: int | None,
    base: Base | None,
    gaps: Sequence[str],
    now: float,
    program_version: str,
) -> Pushed:
    """All that the manifest names is there then. It has no id yet, where it is new."""
    passed_over = [error.message for error in catalog.pruned.damaged]
    with ExitStack() as stack:
        whole = stack.enter_context(Outliner(vault))
        about = _About(vault)
        gone = catalog.pruned.runs_of(about.vault)
        source = folder / "source"
        if without(whole, gone, source):
            about = _About(source)
        else:
            source = vault
        row = about.row(run, gone)
        base = base or _newest_of(catalog, about.vault, folder / "outline", passed_over)
        before = base.index if base else catalog.index([], catalog.packs())
        passed_over += [error.message for error in before.unreadable.values()]
        outline, levels = _levels(catalog, base)
        outliner = stack.enter_context(Outliner(source, outline))
        known = [*(base.manifest.indexes if base else []), *_listed_anew(catalog, before)]
        index, pieces = catalog.lasting(before, known, base.came if base else 0)
        data = outliner if source == vault else whole
        content = Packs(catalog, index, data, keys.recipient, before)
        with Line() as line:
            content.send(outliner, line)
            rows = written(catalog, outliner, levels, source, line)
            items, size = outliner.content_as_of(row.run)  # while the last of it is sent
            line.wait()
        sent = content.sent
        passed_over += content.again
        if base and not sent and rows == base.manifest.rows and base.manifest.run == row.run:
            return _same(base, passed_over)
        manifest = about.manifest(
            row,
            # later than what it came from, whatever the clock says: the newest one counts
            created=max(now, base.manifest.created + 0.001) if base else now,
            parent=base.id if base else None,
            stored_bytes=sum(map(bytes_of, rows)) + content.stored_bytes,
            items=items,
            bytes=size,
            rows=rows,
            indexes=folded(catalog, pieces, content, index),
            gaps=about.gaps(base, gaps),
            program_version=program_version,
        )
    return Pushed(id="", manifest=manifest, new=True, packs=len(sent), passed_over=passed_over)


def _same(base: Base, passed_over: list[str]) -> Pushed:
    return Pushed(id=base.id, manifest=base.manifest, new=False, packs=0, passed_over=passed_over)


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A snapshot, when it came by the store's clock, a vault of its rows, and where its content is.

    `outline` is None where its rows cannot be read. `catalog` found it, and has small pieces of it.
    """

    id: str
    manifest: Manifest
    came: float
    outline: Path | None
    index: Index
    catalog: Catalog

    def again(self, catalog: Catalog) -> Base:
        """With its content where it is now."""
        index = catalog.index(self.manifest.indexes, catalog.packs())
        return dataclasses.replace(self, index=index, catalog=catalog)


def base_of(catalog: Catalog, id: str, manifest: Manifest, came: float, outline: Path) -> Base:
    """Writes the outline; it must not be there. Raises `DamagedError`."""
    write_rows(catalog, manifest.rows, outline)
    return _base(catalog, id, manifest, came, outline)


def _base(catalog: Catalog, id: str, manifest: Manifest, came: float, outline: Path | None) -> Base:
    return Base(
        id=id,
        manifest=manifest,
        came=came,
        outline=outline,
        index=catalog.index(manifest.indexes, catalog.packs()),
        catalog=catalog,
    )


def check_content(base: Base, vault: Path) -> None:
    """Raises `DamagedError` where a part of the index cannot be read or packs are not there, and
    no other has bodies that a vault needs which came from it.
    """
    index = base.index
    if not index.unreadable and not index.lost:
        return
    readable = usable([pack for pack in index.packs.values() if pack.name not in index.lost])
    with Outliner(vault) as outliner:
        for blob in outliner.blobs():
            places = index.places(blob.table, blob.sha256)
            if not any(pack.name in readable for pack, _ in places):
                raise index.why_not(blob.table, blob.sha256) or next(iter(index.lost.values()))


def _levels(catalog: Catalog, base: Base | None) -> tuple[Path | None, list[list[Piece]]]:
    """Of the rows, and what they make; none where some of them may be gone."""
    if base is None or base.outline is None:
        return None, []
    if any(one.name in catalog.pruned.marks for one in base.manifest.row_pieces):
        return None, []
    return base.outline, base.manifest.rows


class _About:
    """What the manifest tells of the vault."""

    def __init__(self, vault: Path) -> None:
        with Repository.open(vault, write=False) as repository:
            rows, certificates = repository.runs(), repository.certificates()
        self._ended = [row for row in rows if row.finished is not None]
        if not self._ended or not certificates:
            raise UsageError(
                f"The vault {vault} has no run that ended, so there is nothing to push.",
                hint="`lookervault extract` makes one.",
            )
        self._runs = [row.run for row in rows]
        self._certificates = [one.certificate.hash for one in certificates]
        self.vault = self._certificates[0]

    def gaps(self, base: Base | None, new: Sequence[str]) -> list[str]:
        """With those of the base, where its history goes on from that."""
        follows = base is not None and base.manifest.certificate in self._certificates
        return list(dict.fromkeys([*(base.manifest.gaps if base and follows else ()), *new]))

    def row(self, run: int | None, gone: Sequence[ForgottenRun]) -> RunRow:
        """The run, or the newest one; `gone` are those that were pruned."""
        found = [row for row in self._ended if run is None or row.run == run]
        if found:
            return found[-1]
        if run in {one.run for one in gone}:
            raise UsageError(
                f"Run {run} was pruned from the store.",
                hint="The vault still has it: `lookervault runs` lists what there is.",
            )
        raise UsageError(
            f"The vault has no run {run} that ended.", hint="`lookervault runs` lists all."
        )

    def manifest(
        self,
        row: RunRow,
        *,
        created: float,
        parent: str | None,
        stored_bytes: int,
        items: int,
        bytes: int,
        rows: list[list[Piece]],
        indexes: list[Piece],
        gaps: list[str],
        program_version: str,
    ) -> Manifest:
        return Manifest(
            created=created,
            vault=self.vault,
            parent=parent,
            instance=row.instance,
            base_url=row.base_url,
            run=row.run,
            runs=self._runs,
            status=row.status,
            items=items,
            bytes=bytes,
            stored_bytes=stored_bytes,
            root=None if row.root is None else row.root.hex(),
            certificates=len(self._certificates),
            certificate=self._certificates[-1],
            program_version=program_version,
            rows=rows,
            indexes=indexes,
            gaps=gaps,
        )


def _newest_of(catalog: Catalog, vault: str, outline: Path, passed_over: list[str]) -> Base | None:
    ids = catalog.ids()
    for id, found in catalog.in_turn(ids):
        if isinstance(found, DamagedError):
            passed_over.append(found.message)
        elif found.vault == vault:
            try:
                return base_of(catalog, id, found, ids[id], outline)
            except DamagedError as error:
                passed_over.append(error.message)
                return _base(catalog, id, found, ids[id], None)
    return None


# Content.


def _listed_anew(catalog: Catalog, index: Index) -> Iterator[Piece]:
    """What repairs tell of, as pieces like any other: a new snapshot depends on no repair."""
    for repair in index.repairs:
        contents = index.by_piece[repair.name]
        piece = catalog.pieces.write(INDEX, packed(contents))
        for pack in contents:
            index.add(piece.name, pack)
        yield piece
