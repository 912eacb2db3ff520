"""Bodies as content-addressed, compressed objects."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from itertools import batched

import msgspec
import zstandard

from lookervault.content.model import Item
from lookervault.errors import DamagedError
from lookervault.storage import dictionaries
from lookervault.storage.dictionaries import Codec, Pool
from lookervault.storage.schema import row_sum

LARGEST = 10**9
"""Bytes of a body; SQLite's own limit for a value."""
_CHUNK = 64


class PackedItem(msgspec.Struct, frozen=True):
    """An item without its body, and the object that the body became."""

    item: Item
    sha256: bytes
    size: int
    dictionary: int | None
    data: bytes

    def row(self, id: int) -> tuple[int, bytes, int, int | None, bytes, int]:
        """Every column of the object."""
        covered = object_sum(self.sha256, self.size, self.dictionary, self.data)
        return id, self.sha256, self.size, self.dictionary, self.data, covered


def object_sum(digest: bytes, size: int, dictionary: int | None, data: bytes) -> int:
    """The row's sum. `data` may hold bits that the decompressor does not look at."""
    return row_sum((digest.hex(), size, dictionary, sha256(data).hexdigest()))


class Packed(msgspec.Struct, frozen=True):
    """A page, ready to be stored: per type in the order of the page; a repeated id counts once."""

    types: dict[str, dict[str, PackedItem]]


def join(pieces: Iterable[Packed], leave_out: set[str]) -> Packed:
    """The pieces of a page as one, without the items of these ids."""
    types: dict[str, dict[str, PackedItem]] = {}
    for piece in pieces:
        for name, items in piece.types.items():
            kept = {i: one for i, one in items.items() if i not in leave_out}
            types.setdefault(name, {}).update(kept)
    return Packed({name: items for name, items in types.items() if items})


def pack(items: Sequence[Item], codec_of: Callable[[str, Sequence[bytes]], Codec]) -> Packed:
    """`codec_of` gets the name of a type and the page's bodies of it."""
    pages: dict[str, list[Item]] = {}
    for item in items:
        pages.setdefault(item.type, []).append(item)
    return Packed(
        {
            name: _pack_page(page, codec_of(name, [item.body for item in page]))
            for name, page in pages.items()
        }
    )


def _pack_page(page: Sequence[Item], codec: Codec) -> dict[str, PackedItem]:
    with codec.compressors.borrow() as compressor:
        return {
            item.id: PackedItem(
                item=msgspec.structs.replace(item, body=b""),
                sha256=sha256(item.body).digest(),
                size=len(item.body),
                dictionary=codec.id,
                data=compressor.compress(item.body),
            )
            for item in page
        }


def insert(
    connection: sqlite3.Connection, packed: Iterable[PackedItem]
) -> tuple[dict[bytes, int], int]:
    """Stores what is not there yet: the object's id for each SHA-256, and the bytes added."""
    wanted = {one.sha256: one for one in packed}
    ids = _present(connection, list(wanted))
    first = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM objects").fetchone()[0]
    fresh = [one for one in wanted.values() if one.sha256 not in ids]
    rows = [one.row(new) for new, one in enumerate(fresh, start=first)]
    connection.executemany(
        "INSERT INTO objects (id, sha256, size, dictionary, data, sum) VALUES (?, ?, ?, ?, ?, ?)",
        rows,
    )
    ids.update((row[1], row[0]) for row in rows)
    return ids, sum(len(row[4]) for row in rows)


def _present(connection: sqlite3.Connection, hashes: Sequence[bytes]) -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    marks = ", ".join("?" * _CHUNK)
    for chunk in batched(hashes, _CHUNK, strict=False):
        padded = chunk + (chunk[-1],) * (_CHUNK - len(chunk))  # one statement for every length
        found.update(
            connection.execute(
                f"SELECT sha256, id FROM objects WHERE sha256 IN ({marks})",  # noqa: S608  marks
                padded,
            )
        )
    return found


type Row = tuple[bytes, int, int | None, bytes]
"""Of an object: sha256, size, dictionary, data."""


class Bodies:
    """Gives bodies back from objects. Thread-safe; each dictionary is read once."""

    def __init__(self) -> None:
        self._pools: dict[int | None, Pool[zstandard.ZstdDecompressor]] = {}

    def make_ready(self, connection: sqlite3.Connection, dictionary: int | None) -> None:
        """Reads a dictionary, if it is not there yet. Raises `DamagedError`."""
        if dictionary not in self._pools:
            data = None
            if dictionary is not None:
                data = zstandard.ZstdCompressionDict(dictionaries.read(connection, dictionary))
            self._pools[dictionary] = Pool(lambda: zstandard.ZstdDecompressor(dict_data=data))

    def restore(self, connection: sqlite3.Connection, name: str, row: Row) -> bytes:
        """The body of a row, proven by its hash. Raises `DamagedError` that says `name`."""
        self.make_ready(connection, row[2])
        return self.restore_ready(name, row)

    def restore_ready(self, name: str, row: Row) -> bytes:
        """The same, once its dictionary was made ready."""
        digest, size, dictionary, data = row
        if not data:
            raise damaged(name, "its body is not in the vault")
        if _claimed_size(data) != size:
            raise damaged(name, "its size is not that which was stored")
        body = self.unpack(name, dictionary, data)
        if sha256(body).digest() != digest:
            raise damaged(name, "its bytes are not those that were stored")
        return body

    def unpack(self, name: str, dictionary: int | None, data: bytes) -> bytes:
        """What a frame holds, whether or not it is what was stored; its dictionary is ready.

        Raises `DamagedError`.
        """
        # Asked before memory is reserved: a flipped bit may claim any size.
        if not 0 <= _claimed_size(data) <= LARGEST:
            raise damaged(name, "its compressed form is none")
        try:
            with self._pools[dictionary].borrow() as decompressor:
                return decompressor.decompress(data)
        except zstandard.ZstdError as error:
            raise damaged(name, str(error)) from error


def _claimed_size(data: bytes) -> int:
    try:
        return zstandard.frame_content_size(data)
    except zstandard.ZstdError:
        return -1


def damaged(name: str, why: str) -> DamagedError:
    return DamagedError(
        f"{name} is damaged: {why}.",
        hint="Extract it again, or restore the vault from a copy.",
    )
