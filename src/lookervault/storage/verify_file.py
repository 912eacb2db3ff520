"""The file under the tables: its header, its schema, its structure, and what of it is unused."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

from lookervault.storage import log, schema
from lookervault.storage.anatomy import HEADER_BYTES, Pages, Span, Walk
from lookervault.storage.connections import open_reader
from lookervault.storage.findings import Finding, Findings
from lookervault.storage.log import Log

_MOST_FAULTS = 1000
_CACHE_KIB = 16 * 1024
"""For looking up each row's entries in the indexes."""
_CONSTANT: tuple[tuple[int, bytes, str], ...] = (
    (18, b"\x02\x02", "versions of the file's format"),
    (20, b"\x00\x40\x20\x20", "shares of a page"),
    (44, bytes((0, 0, 0, 4)), "format of the schema"),
    (48, bytes(8), "size of the cache, and tables' last root"),
    (56, bytes((0, 0, 0, 1)), "encoding of text"),
    (64, bytes(4), "mode of vacuum"),
    (72, bytes(20), "bytes that are kept for later"),
)
"""Bytes of the header that are the same in every vault: where, what, and their meaning."""


def header_faults(header: bytes, size: int, recent: Log) -> Iterator[Finding]:
    for at, expected, meaning in _CONSTANT:
        if header[at : at + len(expected)] != expected:
            yield Finding("header", f"the header's {meaning} are not those of a vault")
    if header[24:28] != header[92:96]:
        yield Finding("header", "the header's two counts of changes differ")
    page_size = page_size_of(header)
    told = int.from_bytes(header[28:32]) * page_size
    if recent.vault_pages is None and size != told:
        yield Finding("file", f"the file has {size} bytes where its header says {told}")


def page_size_of(header: bytes) -> int:
    size = int.from_bytes(header[16:18])
    return 65536 if size == 1 else size


def structure_faults(path: Path) -> list[Finding]:
    """What SQLite's own check says. Opens a connection of its own."""
    found: list[Finding] = []
    try:
        with closing(open_reader(path)) as connection:
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            for (line,) in connection.execute(f"PRAGMA integrity_check({_MOST_FAULTS})"):
                if line != "ok":
                    found += [Finding("structure", part) for part in str(line).splitlines()]
    except (sqlite3.Error, UnicodeError) as error:
        found.append(Finding("structure", f"SQLite's own check stopped: {error}"))
    return found


def check_schema(connection: sqlite3.Connection, findings: Findings) -> None:
    """Each table and index is spelled as in every vault of this format."""
    with findings.reading("the schema", "schema"):
        there = set(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema"))
        for kind, name, *_ in there ^ _expected_schema(schema.version(connection)):
            findings.add("schema", f"the {kind} {name} is not that of a vault")
        numbers = [row for (row,) in connection.execute("SELECT rowid FROM sqlite_schema")]
        if numbers != [*range(1, len(numbers) + 1)]:
            findings.add("schema", "its rows are not numbered as they were written")


@cache
def _expected_schema(version: int) -> frozenset[tuple[str, str, str, str | None]]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(schema.tables(version))
        return frozenset(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema"))


class Anatomy(NamedTuple):
    """`unused`: bytes of the file that hold nothing."""

    unused: list[Span]
    strange: list[str]


def tables(connection: sqlite3.Connection) -> list[int]:
    """The page at which each table and each index begins."""
    return [row[0] for row in connection.execute("SELECT rootpage FROM sqlite_schema") if row[0]]


def anatomy(path: Path, tables: list[int], recent: Log) -> Anatomy:
    """Of the file itself. A page that the log holds a newer one of is unused as a whole."""
    with opened_pages(path, recent) as (pages, in_file):
        walk = Walk(pages)
        spans = [
            (start, length)
            for start, length in walk.unused([1, *tables])
            if start // pages.size + 1 not in recent.pages and start < in_file * pages.size
        ]
        spans += [(pages.place(n), pages.size) for n in recent.pages if n <= in_file]
        return Anatomy(spans, walk.strange)


@contextmanager
def opened_pages(path: Path, recent: Log) -> Iterator[tuple[Pages, int]]:
    """The pages of the vault, and how many of them the file itself has."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    newer = os.open(log.log_path(path), os.O_RDONLY | os.O_CLOEXEC) if recent.pages else None
    try:
        size = page_size_of(os.pread(file, HEADER_BYTES, 0))
        in_file = os.fstat(file).st_size // size
        count = recent.vault_pages or in_file
        yield Pages(file, size, count, recent.pages, newer), in_file
    finally:
        os.close(file)
        if newer is not None:
            os.close(newer)
