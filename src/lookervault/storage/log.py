"""SQLite's write-ahead log beside a vault, read without SQLite (https://sqlite.org/walformat.html).

SQLite takes a log up to its first frame that is not whole, and says nothing of what comes after:
a flipped bit in it undoes transactions silently.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import NamedTuple

from lookervault.storage.anatomy import Span

_MAGIC = 0x377F0682
"""Its last bit tells the order of bytes in what is summed: 0 is the least significant first."""
_VERSION = 3007000
_HEADER, _FRAME = 32, 24


class Log(NamedTuple):
    """`pages`: those that it holds the newest bytes of. `vault_pages`: how many the vault has."""

    pages: dict[int, Span]
    vault_pages: int | None
    damage: str = ""


EMPTY = Log({}, None)


def log_path(vault: Path) -> Path:
    return vault.with_name(vault.name + "-wal")


def read(vault: Path) -> Log:
    """What SQLite takes from the log, and whether a committed transaction in it is cut off."""
    try:
        file = os.open(log_path(vault), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return EMPTY
    try:
        return _read(file, os.fstat(file).st_size)
    finally:
        os.close(file)


def _read(file: int, size: int) -> Log:
    header = os.pread(file, _HEADER, 0)
    if size < _HEADER or not header.strip(b"\x00"):
        return EMPTY
    magic, version, page_size, _, salt1, salt2, *written = struct.unpack(">8I", header)
    order = ">" if magic & 1 else "<"
    sums = _summed(header[:24], (0, 0), order)
    if magic | 1 != _MAGIC | 1 or version != _VERSION or list(sums) != written:
        return Log({}, None, "its beginning is not what was written, so nothing of it is read")
    pages: dict[int, Span] = {}
    pending: dict[int, Span] = {}
    count = None
    for at in range(_HEADER, size - _FRAME - page_size + 1, _FRAME + page_size):
        frame = os.pread(file, _FRAME + page_size, at)
        if len(frame) < _FRAME + page_size:
            break  # somebody emptied it meanwhile
        number, commit, *salts, sum1, sum2 = struct.unpack_from(">6I", frame)
        if salts != [salt1, salt2]:
            return Log(pages, count)
        sums = _summed(frame[_FRAME:], _summed(frame[:8], sums, order), order)
        if sums != (sum1, sum2):
            lost = _commits(file, at, size, page_size, header[16:24])
            damage = f"{lost} transactions in it are cut off by a frame that is not whole"
            return Log(pages, count, damage if lost else "")
        pending[number] = (at + _FRAME, page_size)
        if commit:
            pages |= pending
            pending, count = {}, commit
    return Log(pages, count)


def _commits(file: int, start: int, size: int, page_size: int, salts: bytes) -> int:
    """Frames from here on that end a transaction."""
    step = _FRAME + page_size
    heads = (
        os.pread(file, 16, at).ljust(16, b"\x00") for at in range(start, size - step + 1, step)
    )
    return sum(head[8:] == salts and head[4:8] != bytes(4) for head in heads)


def _summed(data: bytes, sums: tuple[int, int], order: str) -> tuple[int, int]:
    one, two = sums
    words = iter(struct.unpack(f"{order}{len(data) // 4}I", data))
    for first, second in zip(words, words, strict=True):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return one, two
