"""Writes again, from a vault, what a store has lost: nothing in the store is changed or removed.

docs/design/snapshot-format.md says where it is written, and how readers come to it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from lookervault.errors import DamagedError
from lookervault.snapshot import packs
from lookervault.snapshot.catalog import INDEX, PACKS, ROWS, Catalog, packed
from lookervault.snapshot.coverage import Key
from lookervault.snapshot.index import Index
from lookervault.snapshot.keys import Keys
from lookervault.snapshot.levels import level
from lookervault.snapshot.outline import Content, restored, write_rows
from lookervault.snapshot.packs import PackIndex
from lookervault.snapshot.pieces import REPAIRS
from lookervault.snapshot.verify import Report
from lookervault.storage.dump import DICTIONARIES, Blob, Outliner, encoded

_LEVEL = 9


def repair(catalog: Catalog, keys: Keys, report: Report, vault: Path) -> None:
    """Marks the findings of the report that are mended.

    Bodies come from the vault, and what it does not have from what is whole in damaged packs.
    """
    wanted = {key: None for finding in report.findings for key in finding.bodies}
    written = _write_bodies(catalog, keys, report.index, vault, wanted) if wanted else set()
    for finding in report.findings:
        if finding.kind == ROWS:
            finding.mended = _write_rows(catalog, report, vault, finding.object)
        elif finding.bodies:
            finding.mended = written.issuperset(finding.bodies)


# Bodies.


def _write_bodies(
    catalog: Catalog, keys: Keys, index: Index, vault: Path, wanted: dict[Key, None]
) -> set[Key]:
    """Returns those that are in the store now."""
    content = Content(catalog, index, keys) if keys.reads_content else None
    with Outliner(vault) as outliner:
        source = _Source(outliner, content, index)
        there = (blob for key in wanted if (blob := source.blob(key)) is not None)
        taken = set(index.packs)
        written = set[Key]()
        for batch in packs.batches((blob, blob.size) for blob in there):
            filled = list(source.filled(batch))
            if filled:
                pack = _write(catalog, filled, keys.recipient, taken)
                catalog.pieces.write(f"{REPAIRS}/{INDEX}", packed([pack]))
                written |= {(blob.table, blob.sha256) for blob, _ in filled}
        return written


class _Source:
    """`content` is None where no key reads it."""

    def __init__(self, outliner: Outliner, content: Content | None, index: Index) -> None:
        self._outliner = outliner
        self._content = content
        self._index = index
        self._ours = {(blob.table, blob.sha256): blob for blob in outliner.blobs()}
        self._dictionaries: dict[bytes, bytes] = {}

    def blob(self, key: Key) -> Blob | None:
        """None where nobody can have it."""
        if key in self._ours:
            return self._ours[key]
        place = self._index.find(*key)
        if place is None or self._content is None:
            return None
        table, digest = key
        return Blob(table, 0, digest, place[1].size, None)

    def filled(self, batch: Sequence[Blob]) -> Iterator[tuple[Blob, bytes]]:
        """With their data, compressed without a dictionary: a body then needs nothing else."""
        for blob in batch:
            body = self._body(blob)
            if body is not None:
                yield blob._replace(dictionary=None), encoded(body, _LEVEL)

    def _body(self, blob: Blob) -> bytes | None:
        """None where it is damaged, wherever it is."""
        with suppress(DamagedError):
            if (blob.table, blob.sha256) in self._ours:
                return self._from_vault(blob)
        with suppress(DamagedError):
            if self._content is not None:
                return self._content.whole(blob.table, blob.sha256)
        return None

    def _from_vault(self, blob: Blob) -> bytes:
        raw = None if blob.dictionary is None else self._dictionary(blob.dictionary)
        return restored(blob, self._outliner.data(blob), raw)

    def _dictionary(self, digest: bytes) -> bytes:
        if digest not in self._dictionaries:
            self._dictionaries[digest] = self._from_vault(self._ours[DICTIONARIES, digest])
        return self._dictionaries[digest]


def _write(
    catalog: Catalog, filled: Sequence[tuple[Blob, bytes]], recipient: str | None, taken: set[str]
) -> PackIndex:
    """Never under a name that a damaged or lost pack has, or had."""
    names = catalog.pieces.names(PACKS, packs.content([blob for blob, _ in filled]))
    next(names)
    for name in names:
        if name not in taken:
            pack = packs.write(name, filled, recipient)
            taken.add(name)
            if catalog.store.create(name, pack.data):
                return pack.contents
    raise AssertionError


# Rows.


def _write_rows(catalog: Catalog, report: Report, vault: Path, name: str) -> bool:
    """Only where the vault is still as it was when they were written: then its rows make the same
    bytes, which the name of the piece tells.
    """
    for manifest in report.manifests.values():
        for number, pieces in enumerate(manifest.rows):
            if name not in {piece.name for piece in pieces}:
                continue
            with tempfile.TemporaryDirectory(prefix="lookervault-") as folder:
                base = Path(folder) / "outline" if number else None
                try:
                    if base is not None:
                        write_rows(catalog, manifest.rows[:number], base)
                except DamagedError:
                    continue
                for draft in level(catalog, vault, base):
                    content = catalog.seal.open(draft.piece.name, draft.sealed)
                    if catalog.pieces.is_named(name, content):
                        catalog.pieces.write_again(name, content)
                        return True
    return False
