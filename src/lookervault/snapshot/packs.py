"""Packs: about 16 MiB of bodies, each encrypted by itself, so that one can be read alone.

The key of a pack is new with each pack, and is kept in its header, encrypted with age to the
store's content key. Who writes packs cannot read them again.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

import msgspec
import pyrage
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from lookervault.decoding import decodable
from lookervault.errors import DamagedError
from lookervault.snapshot.seal import KEY_BYTES, damaged
from lookervault.storage.dump import Blob

PACK_BYTES = 16 * 2**20
"""A pack is closed when the next body would make it larger."""
_MAGIC = b"LKVP\x01"
_LENGTH = struct.Struct(">I")
_START = len(_MAGIC) + _LENGTH.size
HEADER_BYTES = 4096
"""Enough to hold any header of ours: who reads one body reads so much of the pack's beginning."""


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """Where the data of a body or a dictionary is: `length` bytes of the pack from `offset` on.

    `number` is its place among those of the pack. `dictionary` is the SHA-256 of the one that it
    is compressed with.
    """

    table: str
    sha256: bytes
    size: int
    dictionary: bytes | None
    number: int
    offset: int
    length: int


@decodable
class PackIndex(msgspec.Struct, frozen=True, array_like=True):
    """A pack and what is in it."""

    name: str
    sha256: bytes
    size: int
    entries: list[Entry]


class Pack(NamedTuple):
    data: bytes
    contents: PackIndex


def batches(blobs: Iterable[tuple[Blob, int]]) -> Iterator[list[Blob]]:
    """What goes into a pack together, of blobs with the bytes of their data."""
    batch: list[Blob] = []
    room = PACK_BYTES
    for blob, size in blobs:
        if batch and size > room:
            yield batch
            batch, room = [], PACK_BYTES
        batch.append(blob)
        room -= size
    if batch:
        yield batch


def content(blobs: Sequence[Blob]) -> bytes:
    """What the name of a pack is made of: the same for the same bodies."""
    return b"".join(blob.sha256 for blob in blobs)


def write(name: str, blobs: Iterable[tuple[Blob, bytes]], recipient: str | None) -> Pack:
    """A pack of these, encrypted to the content key, an age recipient; to none, not at all."""
    key = None if recipient is None else os.urandom(KEY_BYTES)
    cipher = None if key is None else ChaCha20Poly1305(key)
    parts, entries, bound_to = [_header(key, recipient)], list[Entry](), name.encode()
    offset = len(parts[0])
    for number, (blob, data) in enumerate(blobs):
        frame = data if cipher is None else cipher.encrypt(_nonce(number), data, bound_to)
        entries.append(
            Entry(blob.table, blob.sha256, blob.size, blob.dictionary, number, offset, len(frame))
        )
        parts.append(frame)
        offset += len(frame)
    whole = b"".join(parts)
    return Pack(whole, PackIndex(name, sha256(whole).digest(), len(whole), entries))


def _header(key: bytes | None, recipient: str | None) -> bytes:
    if key is None or recipient is None:
        return _MAGIC + _LENGTH.pack(0)
    wrapped: bytes = pyrage.encrypt(key, [pyrage.x25519.Recipient.from_str(recipient)])
    return _MAGIC + _LENGTH.pack(len(wrapped)) + wrapped


def adopt(ours: PackIndex, data: bytes) -> PackIndex | None:
    """The index of a pack that is there in place of ours, of the same content; None where it cannot
    be that.
    """
    length = _header_length(data)
    if length is None:
        return None
    shift = _START + length - ours.entries[0].offset
    if len(data) != ours.size + shift:
        return None
    entries = [
        msgspec.structs.replace(entry, offset=entry.offset + shift) for entry in ours.entries
    ]
    return PackIndex(ours.name, sha256(data).digest(), len(data), entries)


def _header_length(beginning: bytes) -> int | None:
    if not beginning.startswith(_MAGIC) or len(beginning) < _START:
        return None
    (length,) = _LENGTH.unpack_from(beginning, len(_MAGIC))
    return int(length)


class Opener:
    """Reads packs, where content can be read. `identities` are the content keys' private parts, as
    age writes them: none where the store is not encrypted.
    """

    def __init__(self, identities: Iterable[str]) -> None:
        self._identities = [pyrage.x25519.Identity.from_str(one) for one in identities]

    def key(self, name: str, beginning: bytes) -> bytes | None:
        """Of a pack, by its first bytes; None where it is not encrypted. Raises `DamagedError`."""
        length = _header_length(beginning)
        if length is None:
            raise damaged(name, "it does not begin as a pack does")
        if length == 0:
            return None
        if not self._identities:
            raise damaged(name, "it asks for a key, in a store that has none")
        try:
            return bytes(pyrage.decrypt(beginning[_START : _START + length], self._identities))
        except pyrage.DecryptError:
            raise damaged(name, "its key is not encrypted to this content key") from None


def read(name: str, entry: Entry, frame: bytes, key: bytes | None) -> bytes:
    """The data of an entry: a zstd frame. Raises `DamagedError`."""
    if len(frame) != entry.length:
        raise damaged(name, "it is cut off")
    if key is None:
        return frame
    try:
        return ChaCha20Poly1305(key).decrypt(_nonce(entry.number), frame, name.encode())
    except InvalidTag:
        raise damaged(name, f"its part {entry.number} is not what was written") from None


def check(data: bytes, index: PackIndex) -> DamagedError | None:
    """Whether it is the very pack that was written."""
    if sha256(data).digest() != index.sha256:
        return damaged(index.name, "its bytes are not those that were written")
    return None


def _nonce(number: int) -> bytes:
    return number.to_bytes(12)
