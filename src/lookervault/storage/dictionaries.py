"""zstd dictionaries, one or two for each type: trained from its first pages, kept twice."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256

import zstandard

from lookervault.errors import AccessError, DamagedError, NoKeyError, StoreError
from lookervault.storage.failures import raise_remembered

LEVEL = 3
SAMPLE_BYTES = 2 * 2**20
"""What a dictionary learns from at most; takes 0.05 s."""
DICTIONARY_BYTES = 64 * 2**10
_DICTIONARY_LEVEL = 9  # 19 takes 25 times as long for 3 % less, which is 0.1 % of a vault
_SEGMENT_BYTES = 1024
"""Zstandard itself tries five lengths, at four times the cost: vaults are as large to 1 %."""
ENOUGH = 16
"""Samples for a first dictionary."""
BETTER_BYTES = SAMPLE_BYTES // 2
"""A dictionary that learnt from less than this gets one successor."""

type Insert = Callable[[bytes], int]
"""Stores a dictionary and returns its id."""


class Pool[T]:
    """Things that serve one thread at a time and are dear to make or to keep. Thread-safe.

    A compressor holds up to a megabyte: fifty threads that mostly wait for the network must not
    have one each for every type.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._idle: deque[T] = deque(maxlen=2)

    @contextmanager
    def borrow(self) -> Iterator[T]:
        try:
            one = self._idle.pop()
        except IndexError:
            one = self._make()
        yield one
        self._idle.append(one)


class Codec:
    """Compresses with the dictionary of this id, or with none. Thread-safe."""

    def __init__(self, dictionary: bytes | None = None, id: int | None = None) -> None:
        self.id = id
        self._data = None
        if dictionary is not None:
            self._data = zstandard.ZstdCompressionDict(dictionary)
            self._data.precompute_compress(level=LEVEL)
        self.compressors = Pool(self._compressor)

    def _compressor(self) -> zstandard.ZstdCompressor:
        return zstandard.ZstdCompressor(level=LEVEL, dict_data=self._data, write_dict_id=False)


PLAIN = Codec()


class Trainer:
    """The codec of one type, which gets better as samples come. Thread-safe.

    While one thread trains, the others of the type wait: without the dictionary they would store
    objects several times as large, for good.
    """

    def __init__(self, insert: Insert, codec: Codec | None) -> None:
        self._insert = insert
        self._codec = codec or PLAIN
        self._samples: list[bytes | bytearray | memoryview[int]] = []
        self._bytes = 0
        self._learnt_from = SAMPLE_BYTES if codec else 0
        self._lock = threading.Lock()

    def codec(self, bodies: Sequence[bytes]) -> Codec:
        """The best codec there is now for these bodies, of which it may learn first."""
        if self._learnt_from < BETTER_BYTES:
            with self._lock:
                self._learn(bodies)
        return self._codec

    def _learn(self, bodies: Sequence[bytes]) -> None:
        if self._learnt_from >= BETTER_BYTES:
            return  # another thread was quicker
        self._collect(bodies)
        if self._is_time():
            self._train()

    def _collect(self, bodies: Sequence[bytes]) -> None:
        for body in bodies:
            if self._bytes + len(body) <= SAMPLE_BYTES:
                self._samples.append(body)
                self._bytes += len(body)

    def _is_time(self) -> bool:
        if self._learnt_from:
            return self._bytes >= BETTER_BYTES
        return len(self._samples) >= ENOUGH

    def _train(self) -> None:
        size = min(self._bytes // 10, DICTIONARY_BYTES)
        try:
            segment = min(_SEGMENT_BYTES, size)
            data = zstandard.train_dictionary(
                size, self._samples, k=segment, d=8, level=LEVEL
            ).as_bytes()
        except zstandard.ZstdError:  # too little or too uniform to learn from: wait for more
            return
        self._codec = Codec(data, self._insert(data))
        self._learnt_from = self._bytes
        if self._learnt_from >= BETTER_BYTES:
            self._samples.clear()


def insert(connection: sqlite3.Connection, type_id: int, data: bytes) -> int:
    frame = zstandard.ZstdCompressor(level=_DICTIONARY_LEVEL).compress(data)
    row = (type_id, sha256(data).digest(), frame)
    cursor = connection.execute(
        "INSERT INTO dictionaries (type, sha256, data) VALUES (?, ?, ?)", row
    )
    connection.execute(
        "INSERT INTO dictionary_copies (id, type, sha256, data) VALUES (?, ?, ?, ?)",
        (cursor.lastrowid, *row),
    )
    assert cursor.lastrowid is not None  # noqa: S101  it was just inserted
    return cursor.lastrowid


def read(connection: sqlite3.Connection, id: int) -> bytes:
    """The dictionary from whichever of its two places holds it whole; else `DamagedError`."""
    return _whole(connection, id)[1]


def read_frame(connection: sqlite3.Connection, id: int) -> bytes:
    """As `read`, as it is compressed."""
    return _whole(connection, id)[0]


def _whole(connection: sqlite3.Connection, id: int) -> tuple[bytes, bytes]:
    """Its frame, and what that holds."""
    for table in ("dictionaries", "dictionary_copies"):
        found = _intact(connection, table, id)
        if found is not None:
            return found
    raise DamagedError(
        f"The compression dictionary {id} is damaged, and so is its copy.",
        hint="Objects compressed with it cannot be read; restore the vault from a copy.",
    )


def _intact(connection: sqlite3.Connection, table: str, id: int) -> tuple[bytes, bytes] | None:
    query = f"SELECT sha256, data FROM {table} WHERE id = ?"  # noqa: S608  one of two constants
    try:
        row = connection.execute(query, (id,)).fetchone()
    except sqlite3.DatabaseError:
        raise_remembered()  # it is elsewhere, and cannot be had from there now
        return None  # its pages are damaged; the copy lies in others
    data = None if row is None else unpacked(*row)
    return None if data is None else (row[1], data)


def unpacked(digest: object, frame: object) -> bytes | None:
    """The dictionary in a row's frame; None where it is not the one of that hash."""
    if not isinstance(frame, bytes):
        return None
    try:
        data = zstandard.ZstdDecompressor().decompress(frame, max_output_size=DICTIONARY_BYTES)
    except zstandard.ZstdError:
        return None
    return data if sha256(data).digest() == digest else None


def newest_codec(connection: sqlite3.Connection, type_id: int) -> Codec | None:
    """None where the type has none, or its newest cannot be read: then a new one is due."""
    query = "SELECT max(id) FROM dictionaries WHERE type = ?"
    (newest,) = connection.execute(query, (type_id,)).fetchone()
    if newest is None:
        return None
    try:
        return Codec(read(connection, newest), newest)
    except (AccessError, DamagedError, NoKeyError, StoreError):
        return None
