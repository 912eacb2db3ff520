"""Packs and index pieces on their way into a store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from lookervault.errors import DamagedError, NoSuchObjectError
from lookervault.snapshot import packs
from lookervault.snapshot.catalog import INDEX, PACKS, Catalog, packed
from lookervault.snapshot.index import Index
from lookervault.snapshot.line import Line
from lookervault.snapshot.merging import to_merge
from lookervault.snapshot.packs import Entry, Opener, Pack, PackIndex
from lookervault.snapshot.pieces import Draft
from lookervault.snapshot.records import Piece
from lookervault.snapshot.seal import damaged
from lookervault.storage.dump import Blob, Outliner

_ENTRIES = 200_000
"""In one index piece that is made of several: about 20 MB."""
_CHEAP = 2**22
"""Bytes of a pack that is rather sent twice, at times, than asked for and listed by itself."""


class Packs:
    """Sends bodies that the index does not have; for the thread of the outliner.

    `sent` has a piece for each pack; those of small packs are `unsent`, for `folded` to send.
    `stored_bytes` are those of all data in packs. `again` says which packs were lost that had some
    of it before. All of it counts once the line is empty.
    """

    def __init__(
        self,
        catalog: Catalog,
        index: Index,
        whole: Outliner,
        recipient: str | None,
        before: Index,
    ) -> None:
        """`whole` has the data; `before` may know packs that are lost."""
        self._catalog = catalog
        self._index = index
        self._whole = whole
        self._recipient = recipient
        self._before = before
        self.sent: list[Piece] = []
        self.unsent: dict[str, Draft] = {}
        self.stored_bytes = 0
        self.again: list[str] = []

    def send(self, outliner: Outliner, line: Line) -> None:
        """What that outliner names."""
        for batch in packs.batches(self._lacking(outliner)):
            names = self._catalog.pieces.names(PACKS, packs.content(batch))
            pack = self._pack(next(names), batch)
            put = partial(_put_and_list, self._catalog, pack)
            line.put(put, partial(self._settle, batch, names))

    def _lacking(self, outliner: Outliner) -> list[tuple[Blob, int]]:
        """With the bytes of their data."""
        sizes, lacking = self._whole.sizes(), list[tuple[Blob, int]]()
        lost: dict[str, None] = {}
        for blob in outliner.blobs():
            place = self._index.find(blob.table, blob.sha256)
            if place is None:
                lacking.append((blob, sizes[blob.table, blob.id]))
                if self._before.lost and (error := self._before.why_not(blob.table, blob.sha256)):
                    lost[error.message] = None
            else:
                self.stored_bytes += place[1].length
        self.again = [*lost]
        return lacking

    def _pack(self, name: str, batch: Sequence[Blob]) -> Pack:
        filled = zip(batch, self._whole.data_of(batch), strict=True)
        return packs.write(name, filled, self._recipient)

    def _settle(self, batch: Sequence[Blob], names: Iterator[str], listed: _Listed | None) -> None:
        while listed is None:
            listed = _put_and_list(self._catalog, self._pack(next(names), batch))
        contents, told = listed
        if isinstance(told, Draft):
            self.unsent[told.piece.name] = told
            told = told.piece
        self._index.add(told.name, contents)
        self.sent.append(told)
        self.stored_bytes += sum(entry.length for entry in contents.entries)


type _Listed = tuple[PackIndex, Piece | Draft]


def _put_and_list(catalog: Catalog, pack: Pack) -> _Listed | None:
    contents = _put(catalog, pack)
    if contents is None:
        return None
    draft = catalog.pieces.draft(INDEX, packed([contents]))
    return contents, draft if contents.size <= _CHEAP else catalog.pieces.send(draft)


def _put(catalog: Catalog, pack: Pack) -> PackIndex | None:
    """One that is there of the very same is taken: it was sent, and never listed. None where
    something else is there under that name.
    """
    name = pack.contents.name
    is_there = len(pack.data) > _CHEAP and _is_there(catalog, name)
    if not is_there and catalog.store.create(name, pack.data):
        return pack.contents
    return packs.adopt(pack.contents, catalog.store.get(name))


def _is_there(catalog: Catalog, name: str) -> bool:
    try:
        catalog.store.get_part(name, 0, 1)
    except NoSuchObjectError:
        return False
    return True


def _send_pack(
    catalog: Catalog, filled: Sequence[tuple[Blob, bytes]], recipient: str | None
) -> PackIndex:
    for name in catalog.pieces.names(PACKS, packs.content([blob for blob, _ in filled])):
        found = _put(catalog, packs.write(name, filled, recipient))
        if found is not None:
            return found
    raise AssertionError


def folded(catalog: Catalog, pieces: Sequence[Piece], content: Packs, index: Index) -> list[Piece]:
    """The pieces before, and one of what was sent; some become one with it."""
    if not content.sent:
        return [*pieces]
    kept = sorted(pieces, key=lambda piece: -piece.size)
    new = sum(piece.size for piece in content.sent)
    left = len(kept) - to_merge([piece.size for piece in kept], new)
    together = [*kept[left:], *content.sent]
    if len(together) == 1:
        (alone,) = together
        draft = content.unsent.get(alone.name)
        return [*kept, alone if draft is None else catalog.pieces.send(draft)]
    told = {pack.name: pack for piece in together for pack in index.by_piece.get(piece.name, ())}
    return [
        *kept[:left],
        catalog.pieces.write(INDEX, packed([told[name] for name in sorted(told)])),
    ]


def write_indexes(catalog: Catalog, contents: Iterable[PackIndex]) -> list[Piece]:
    """Pieces that tell of these packs."""
    written, waiting, entries = list[Piece](), list[PackIndex](), 0
    for pack in contents:
        if waiting and entries + len(pack.entries) > _ENTRIES:
            written.append(catalog.pieces.write(INDEX, packed(waiting)))
            waiting, entries = [], 0
        waiting.append(pack)
        entries += len(pack.entries)
    if waiting:
        written.append(catalog.pieces.write(INDEX, packed(waiting)))
    return written


type Wanted = Sequence[tuple[PackIndex, Sequence[Entry]]]
"""Packs, and what is wanted of each."""


class Copied(NamedTuple):
    """`damaged` are packs of which nothing was taken, as they are not what was written."""

    packs: list[PackIndex]
    damaged: dict[str, DamagedError]


def copy(
    source: Catalog, wanted: Wanted, opener: Opener, target: Catalog, recipient: str | None
) -> Copied:
    """Packs of what is wanted, frame by frame as it is, encrypted anew."""
    found = Copied([], {})
    batch: list[tuple[Blob, bytes]] = []
    room = packs.PACK_BYTES
    for pack, entries in wanted:
        try:
            frames = _frames(source, pack, entries, opener)
        except DamagedError as error:
            found.damaged[pack.name] = error
            continue
        for blob, data in frames:
            if batch and len(data) > room:
                found.packs.append(_send_pack(target, batch, recipient))
                batch, room = [], packs.PACK_BYTES
            batch.append((blob, data))
            room -= len(data)
    if batch:
        found.packs.append(_send_pack(target, batch, recipient))
    return found


def _frames(
    source: Catalog, pack: PackIndex, entries: Sequence[Entry], opener: Opener
) -> list[tuple[Blob, bytes]]:
    try:
        data = source.store.get(pack.name)
    except NoSuchObjectError:
        raise damaged(pack.name, "it is not there") from None
    if (error := packs.check(data, pack)) is not None:
        raise error
    key = opener.key(pack.name, data)
    found = []
    for entry in entries:
        frame = data[entry.offset : entry.offset + entry.length]
        blob = Blob(entry.table, 0, entry.sha256, entry.size, entry.dictionary)
        found.append((blob, packs.read(pack.name, entry, frame, key)))
    return found
