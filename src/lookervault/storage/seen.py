"""Bodies that a run has read into a vault that does not have them itself: they are kept elsewhere.

What is found in other items is found in what the run has just read, whether or not it may read
what is kept elsewhere.
"""

from __future__ import annotations

import tempfile
import threading
from hashlib import sha256
from pathlib import Path

import zstandard

from lookervault.storage.connections import Fetch


class Seen:
    """In a file without a name, for as long as this is there. Thread-safe."""

    def __init__(self, folder: Path, elsewhere: Fetch) -> None:
        self._elsewhere = elsewhere
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  closed by `close`
        self._places: dict[bytes, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def add(self, body: bytes) -> None:
        digest = sha256(body).digest()
        data = zstandard.ZstdCompressor(level=1).compress(body)
        with self._lock:
            if digest not in self._places:
                self._places[digest] = self._file.seek(0, 2), len(data)
                self._file.write(data)

    def has(self, digest: bytes) -> bool:
        with self._lock:
            return digest in self._places

    def fetch(self, table: str, digest: bytes, dictionary: bytes | None) -> bytes:
        """`storage.connections.Fetch`. What was read here is compressed without a dictionary."""
        with self._lock:
            place = self._places.get(digest) if table == "objects" else None
            if place is not None:
                self._file.seek(place[0])
                return self._file.read(place[1])
        return self._elsewhere(table, digest, dictionary)

    def close(self) -> None:
        self._file.close()
