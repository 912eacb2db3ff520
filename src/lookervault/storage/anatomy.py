"""The parts of an SQLite file, read without SQLite: its pages, cells and records.

The format is that of https://sqlite.org/fileformat2.html. Nothing here trusts a byte: what cannot
be is skipped, and SQLite's own integrity check is who tells that something is wrong.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

type Span = tuple[int, int]
"""Where bytes begin, and how many they are."""
type Value = int | float | str | bytes | None

HEADER_BYTES = 100
_INTERIOR_INDEX, _INTERIOR_TABLE, _LEAF_INDEX, _LEAF_TABLE = 2, 5, 10, 13
_KINDS = (_INTERIOR_INDEX, _INTERIOR_TABLE, _LEAF_INDEX, _LEAF_TABLE)
_FREE_BLOCK = 4
"""Bytes of a free block that say where the next one is and how long it is."""
_LOCK_BYTE = 2**30
"""SQLite locks bytes from here on, and leaves the page that holds them alone."""
_TELLING_NOTHING = ((40, 4), (96, 4))
"""Of the header: how often the schema changed, and which SQLite wrote last."""
_LONGEST = 10**9
_MORE = 0x80
"""The bit of a byte that says that the number goes on."""


class Unreadable(Exception):
    """Not a page or a record of the kind that was expected."""


class Pages:
    """The pages of a file as of its log. `newer`: pages that are in the log, with their bytes."""

    def __init__(
        self, file: int, size: int, count: int, newer: Mapping[int, Span], log: int | None = None
    ) -> None:
        self.size = size
        self.count = count
        self._file = file
        self._log = log
        self._newer = newer

    def read(self, number: int) -> bytes:
        """Raises `Unreadable` where there is no such page."""
        data = self.start_of(number, self.size)
        if len(data) < self.size:
            raise Unreadable
        return data

    def start_of(self, number: int, length: int) -> bytes:
        if not 1 <= number <= self.count:
            raise Unreadable
        if self._log is not None and number in self._newer:
            return os.pread(self._log, length, self._newer[number][0])
        return os.pread(self._file, length, self.place(number))

    def place(self, number: int) -> int:
        return (number - 1) * self.size

    @property
    def lock_page(self) -> int:
        return _LOCK_BYTE // self.size + 1


class Cell(NamedTuple):
    """Of a b-tree page. `payload` is the length of a record, `local` what is on the page of it."""

    start: int
    end: int
    child: int
    rowid: int | None
    payload: int
    at: int
    local: int
    overflow: int


class Tree(NamedTuple):
    """A b-tree page. `free`: its free blocks."""

    kind: int
    head: Span
    cells: list[Cell]
    right: int
    free: list[Span]

    @property
    def is_index(self) -> bool:
        """Also a table without row numbers is one: its rows are on inner pages, too."""
        return self.kind in (_INTERIOR_INDEX, _LEAF_INDEX)


def tree(data: bytes, number: int) -> Tree:
    """Raises `Unreadable` where the page is none of a b-tree."""
    at = HEADER_BYTES if number == 1 else 0
    kind = data[at]
    if kind not in _KINDS:
        raise Unreadable
    free, count = struct.unpack_from(">HH", data, at + 1)
    inner = kind in (_INTERIOR_INDEX, _INTERIOR_TABLE)
    right = int.from_bytes(data[at + 8 : at + 12]) if inner else 0
    pointers = at + (12 if inner else 8)
    if pointers + 2 * count > len(data):
        raise Unreadable
    offsets = struct.unpack_from(f">{count}H", data, pointers)
    cells = [_cell(data, offset, kind) for offset in offsets]
    return Tree(kind, (at, pointers + 2 * count - at), cells, right, _free_blocks(data, free))


def _free_blocks(data: bytes, at: int) -> list[Span]:
    found: list[Span] = []
    while at and at + _FREE_BLOCK <= len(data) and (not found or at > found[-1][0]):
        following, length = struct.unpack_from(">HH", data, at)
        found.append((at, length))
        at = following
    return found


def _cell(data: bytes, start: int, kind: int) -> Cell:
    try:
        return _parsed_cell(data, start, kind)
    except IndexError as error:
        raise Unreadable from error


def _parsed_cell(data: bytes, start: int, kind: int) -> Cell:
    at, child, rowid, payload = start, 0, None, 0
    if kind in (_INTERIOR_INDEX, _INTERIOR_TABLE):
        child = int.from_bytes(data[at : at + 4])
        at += 4
    if kind != _INTERIOR_TABLE:
        payload, at = varint(data, at)
    if kind in (_INTERIOR_TABLE, _LEAF_TABLE):
        rowid, at = varint(data, at)
    local = _local(payload, len(data), kind)
    end = at + local + (4 if local < payload else 0)
    if end > len(data) or payload > _LONGEST:
        raise Unreadable
    overflow = int.from_bytes(data[end - 4 : end]) if local < payload else 0
    return Cell(start, end, child, rowid, payload, at, local, overflow)


def _local(payload: int, size: int, kind: int) -> int:
    """Bytes of a record that are on its page; the others overflow."""
    most = size - 35 if kind == _LEAF_TABLE else (size - 12) * 64 // 255 - 23
    if payload <= most:
        return payload
    least = (size - 12) * 32 // 255 - 23
    fitting = least + (payload - least) % (size - 4)
    return fitting if fitting <= most else least


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The signed number, and where the next byte is. Raises `IndexError`."""
    value = 0
    for length in range(8):
        byte = data[at + length]
        value = value << 7 | byte & ~_MORE
        if not byte & _MORE:
            return value, at + length + 1
    value = value << 8 | data[at + 8]
    return value - (value >> 63 << 64), at + 9


# What nothing uses.


class Walk:
    """Through all pages of a file. `strange` names what SQLite's own check does not look at."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self.strange: list[str] = []

    def unused(self, roots: Iterable[int]) -> Iterator[Span]:
        """Spans of bytes whose value means nothing; each byte is in one of them at most.

        `roots`: the pages that the trees begin with.
        """
        pages = self._pages
        yield from _TELLING_NOTHING
        yield from _free_list(pages)
        if pages.lock_page <= pages.count:
            yield pages.place(pages.lock_page), pages.size
        seen: set[int] = set()
        waiting = list(roots)
        while waiting:
            number = waiting.pop()
            if number in seen:
                continue
            seen.add(number)
            try:
                data = pages.read(number)
                page = tree(data, number)
            except Unreadable:
                continue
            yield from self._unused_of(number, page)
            self._check_numbers(number, data, page)
            waiting += [cell.child for cell in page.cells if cell.child]
            waiting += [page.right] if page.right else []

    def _unused_of(self, number: int, page: Tree) -> Iterator[Span]:
        place = self._pages.place(number)
        for start, length in _gaps(page, self._pages.size):
            yield place + start, length
        for cell in page.cells:
            if cell.overflow:
                yield from _overflow_end(self._pages, cell)

    def _check_numbers(self, number: int, data: bytes, page: Tree) -> None:
        """A row's number is no part of its record, where NULL must be in its place.

        SQLite takes anything for it. (The schema, on the first page, has rows of another kind.)
        """
        if page.kind == _LEAF_TABLE and number != 1:
            for cell in page.cells:
                _, types = varint(data, cell.at)
                if data[types] != 0:
                    self.strange.append(f"page {number}, row {cell.rowid}: its number is twice")


def _gaps(page: Tree, size: int) -> Iterator[Span]:
    """What is between the parts of a page that mean something."""
    start, length = page.head
    parts = [(start, start + length)]
    parts += [(cell.start, cell.end) for cell in page.cells]
    parts += [(at, at + _FREE_BLOCK) for at, _ in page.free]
    parts.sort()
    reached = start
    for begin, end in parts:
        if begin > reached:
            yield reached, begin - reached
        reached = max(reached, end)
    if reached < size:
        yield reached, size - reached


def _overflow_end(pages: Pages, cell: Cell) -> Iterator[Span]:
    for number, length in overflow(pages, cell):
        if length < pages.size - 4:
            yield pages.place(number) + 4 + length, pages.size - 4 - length


def overflow(pages: Pages, cell: Cell) -> Iterator[Span]:
    """The pages on which a record goes on: their number, and how many bytes of it they hold."""
    number, left = cell.overflow, cell.payload - cell.local
    while left > 0:
        length = min(left, pages.size - 4)
        try:
            following = int.from_bytes(pages.start_of(number, 4))
        except Unreadable:
            return
        yield number, length
        left -= length
        number = following


def _free_list(pages: Pages) -> Iterator[Span]:
    for number, used in _free(pages):
        yield pages.place(number) + used, pages.size - used


def free_pages(pages: Pages) -> set[int]:
    try:
        return {number for number, _ in _free(pages)}
    except Unreadable:
        return set()


def _free(pages: Pages) -> Iterator[Span]:
    """Numbers of pages, and how many bytes of each list others."""
    trunk = int.from_bytes(pages.start_of(1, HEADER_BYTES)[32:36])
    seen: set[int] = set()
    while trunk and trunk not in seen:
        seen.add(trunk)
        try:
            data = pages.read(trunk)
        except Unreadable:
            return
        following, count = struct.unpack_from(">II", data)
        count = min(count, pages.size // 4 - 2)
        yield trunk, 8 + 4 * count
        for leaf in struct.unpack_from(f">{count}I", data, 8):
            if 1 <= leaf <= pages.count and leaf not in seen:
                seen.add(leaf)
                yield leaf, 0
        trunk = following


# Records.


def record(pages: Pages, data: bytes, cell: Cell) -> list[Value]:
    """A cell's columns. Raises `Unreadable`."""
    parts = [data[cell.at : cell.at + cell.local]]
    for number, length in overflow(pages, cell):
        parts.append(pages.start_of(number, 4 + length)[4:])
    whole = b"".join(parts)
    if len(whole) != cell.payload:
        raise Unreadable
    try:
        return _columns(whole)
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise Unreadable from error


def _columns(whole: bytes) -> list[Value]:
    header, at = varint(whole, 0)
    if not at <= header <= len(whole):
        raise Unreadable
    body = header
    values: list[Value] = []
    while at < header:
        serial, at = varint(whole, at)
        length = _length(serial)
        if body + length > len(whole):
            raise Unreadable
        values.append(_value(serial, whole[body : body + length]))
        body += length
    return values


_FIXED = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)
_REAL, _ZERO, _ONE, _FIRST_BLOB = 7, 8, 9, 12


def _length(serial: int) -> int:
    if serial >= _FIRST_BLOB:
        return (serial - _FIRST_BLOB) // 2
    if not 0 <= serial < len(_FIXED):
        raise Unreadable
    return _FIXED[serial]


def _value(serial: int, data: bytes) -> Value:
    if serial >= _FIRST_BLOB:
        return data if serial % 2 == 0 else data.decode()
    if serial == 0:
        return None
    if serial == _REAL:
        real: float = struct.unpack(">d", data)[0]
        return real
    if serial in (_ZERO, _ONE):
        return serial - _ZERO
    return int.from_bytes(data, signed=True)
