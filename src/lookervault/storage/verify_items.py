"""Every item and its body: read by one thread, decompressed and hashed by several."""

from __future__ import annotations

import sqlite3
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import batched
from typing import Any, NamedTuple

import msgspec

from lookervault.content.canonical import Canon
from lookervault.content.items import identity_of
from lookervault.content.model import ContentType
from lookervault.content.registry import TYPES
from lookervault.decoding import decodable
from lookervault.errors import DamagedError
from lookervault.storage.findings import NO_SUCH_VALUE, Finding, Findings, Watch
from lookervault.storage.objects import Bodies, object_sum
from lookervault.storage.versions import VERSION_COLUMNS, Version, overlap

_BATCH_BYTES = 1024 * 1024
"""Compressed bodies that one thread is given at a time."""
_BATCH_ITEMS = 256
_AHEAD = 3
"""Batches that are read ahead for each thread."""

_COUNT = "SELECT count(*) FROM versions"
_ROWS = f"SELECT {VERSION_COLUMNS}, v.sum FROM versions v"  # noqa: S608  names of columns
_FORTH = f"{_ROWS} ORDER BY v.type, v.id, v.first_run"
_BACK = f"{_ROWS} ORDER BY v.type DESC, v.id DESC, v.first_run DESC"
_CHUNK = 16
"""Objects that one query asks for."""
_OBJECTS = f"""
SELECT id, sha256, size, dictionary, data, sum FROM objects
WHERE id IN ({", ".join("?" * _CHUNK)})
"""  # noqa: S608  marks

type _Row = tuple[Any, ...]


@decodable
class ObjectRow(msgspec.Struct, array_like=True, frozen=True):
    """A row of the table, except its number."""

    sha256: bytes
    size: int
    dictionary: int | None
    data: bytes
    sum: int


class _Job(NamedTuple):
    """An item to be checked. `found` is its object, or why there is none."""

    type_name: str
    version: Version
    sum: int
    found: ObjectRow | str


class Marks:
    """Numbers that were seen: a bit for each that is small, which almost all are."""

    _SMALL = 2**28

    def __init__(self) -> None:
        self._bits = bytearray()
        self._others: set[int] = set()

    def add(self, number: int) -> None:
        if not 0 <= number < self._SMALL:
            self._others.add(number)
            return
        if number >= 8 * len(self._bits):
            self._bits.extend(bytes(number // 8 + 1 - len(self._bits)))
        self._bits[number // 8] |= 1 << number % 8

    def __contains__(self, number: int) -> bool:
        if not 0 <= number < self._SMALL:
            return number in self._others
        return number < 8 * len(self._bits) and bool(self._bits[number // 8] >> number % 8 & 1)


class Items:
    """Checks the versions of a vault, and the objects that they refer to."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        findings: Findings,
        *,
        names: dict[int, str],
        runs: set[int],
        forgotten: set[int],
        deep: bool,
        threads: int,
        watch: Watch,
    ) -> None:
        self._connection = connection
        self._findings = findings
        self._names = names
        self._runs = runs
        self._ever = runs | forgotten
        self._threads = threads
        self._watch = watch
        self._bodies = Bodies()
        self._judges = {name: _Judge(t, self._bodies, deep=deep) for name, t in TYPES.items()}
        self._stranger = _Judge(None, self._bodies, deep=deep)
        self.referred = Marks()
        self.boundaries: dict[str, set[int]] = defaultdict(set)
        self._last: Version | None = None

    def check(self) -> None:
        total = 0
        with self._findings.reading("the number of items"):
            (total,) = self._connection.execute(_COUNT).fetchone()
        with ThreadPoolExecutor(self._threads, "verify") as pool:
            under_way: deque[Future[tuple[int, list[Finding]]]] = deque()
            for batch in self._batches():
                under_way.append(pool.submit(self._judged, batch))
                self._findings.checked["items"] += len(batch)
                if len(under_way) > self._threads * _AHEAD:
                    self._settle(under_way.popleft())
                    self._watch("items", self._findings.checked["items"], total)
            while under_way:
                self._settle(under_way.popleft())
        self._watch("items", self._findings.checked["items"], total)

    def _settle(self, future: Future[tuple[int, list[Finding]]]) -> None:
        size, found = future.result()
        self._findings.checked["bytes"] += size
        self._findings.all += found

    def _judged(self, batch: list[_Job]) -> tuple[int, list[Finding]]:
        """In a thread of the pool. Nothing here touches SQLite: dictionaries were read before."""
        size, found = 0, []
        for job in batch:
            judge = self._judges.get(job.type_name, self._stranger)
            found += [
                Finding(kind, detail, job.type_name, job.version.id, job.version.first_run)
                for kind, detail in judge.faults(job)
            ]
            if not isinstance(job.found, str):
                size += job.found.size
        return size, found

    # Reading.

    def _batches(self) -> Iterator[list[_Job]]:
        batch: list[_Job] = []
        size = 0
        for job in self._jobs():
            batch.append(job)
            size += 0 if isinstance(job.found, str) else len(job.found.data)
            if size >= _BATCH_BYTES or len(batch) >= _BATCH_ITEMS:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def _jobs(self) -> Iterator[_Job]:
        for chunk in batched(self._versions(), _CHUNK, strict=False):
            objects = self._objects([version.object for _, version, _ in chunk])
            for name, version, written in chunk:
                yield _Job(name, version, written, objects[version.object])

    def _versions(self) -> Iterator[tuple[str, Version, int]]:
        """Name of the type, what its row says, and the row's sum."""
        for *columns, written in self._rows():
            try:
                version = msgspec.convert(columns, Version)
            except msgspec.ValidationError as error:
                name, id = self._names.get(columns[0]), str(columns[1])
                self._findings.add("item", f"its row has no such form: {error}", type=name, id=id)
                continue
            name = self._names.get(version.type, f"type {version.type}")
            self._check_place(name, version)
            yield name, version, written

    def _rows(self) -> Iterator[_Row]:
        """All rows; where the table is broken, those before the break, then those behind it."""
        last: _Row | None = None
        try:
            for row in self._connection.execute(_FORTH):
                last = row[:3]
                yield row
        except (sqlite3.DatabaseError, *NO_SUCH_VALUE) as error:
            self._findings.add("structure", f"the items after {self._told(last)}: {error}")
        else:
            return
        with self._findings.reading("the items before the last"):
            self._last = None
            for row in self._connection.execute(_BACK):
                if last is not None and row[:3] <= last:
                    return
                self._last = None
                yield row

    def _told(self, key: _Row | None) -> str:
        return "the beginning" if key is None else f"{self._names.get(key[0])} {key[1]}"

    def _objects(self, numbers: list[int]) -> dict[int, ObjectRow | str]:
        """Several with one query; one by one where a query of several meets a damage."""
        try:
            found = self._stored(numbers)
        except (sqlite3.DatabaseError, *NO_SUCH_VALUE):
            return {number: self._object(number) for number in numbers}
        return {number: self._read(number, found.get(number)) for number in numbers}

    def _object(self, number: int) -> ObjectRow | str:
        try:
            found = self._stored([number])
        except (sqlite3.DatabaseError, *NO_SUCH_VALUE) as error:
            return f"the object that holds it cannot be read: {error}"
        return self._read(number, found.get(number))

    def _stored(self, numbers: list[int]) -> dict[int, _Row]:
        asked = numbers + numbers[-1:] * (_CHUNK - len(numbers))  # one statement for every length
        return {number: row for number, *row in self._connection.execute(_OBJECTS, asked)}

    def _read(self, number: int, found: _Row | None) -> ObjectRow | str:
        if found is None:
            return "the object that holds it is gone"
        try:
            row = msgspec.convert(found, ObjectRow)
            self.referred.add(number)
            self._bodies.make_ready(self._connection, row.dictionary)
        except DamagedError as error:
            return error.message
        except (sqlite3.DatabaseError, *NO_SUCH_VALUE) as error:
            return f"the object that holds it cannot be read: {error}"
        return row

    # Whether rows fit to one another.

    def _check_place(self, name: str, version: Version) -> None:
        before, self._last = self._last, version
        runs = {run for run in (version.first_run, version.end_run) if run is not None}
        known = self._runs if version.end_run is None else self._ever  # of what is gone, both
        self.boundaries[name] |= runs
        faults: list[tuple[str, str]] = []
        if version.type not in self._names:
            faults.append(("reference", "its type has no name"))
        faults += [("reference", f"it names run {run}, which is not there") for run in runs - known]
        if version.end_run is not None and version.end_run < version.first_run:
            faults.append(("interval", f"it ends with run {version.end_run}"))
        if before is not None and overlap(before, version):
            faults.append(("interval", "it begins before the version before it has ended"))
        for kind, detail in faults:
            self._findings.add(kind, detail, type=name, id=version.id, run=version.first_run)


class _Judge:
    """Tells what is wrong with items of one type; of one that is unknown, None. Thread-safe."""

    def __init__(self, content_type: ContentType | None, bodies: Bodies, *, deep: bool) -> None:
        self._bodies = bodies
        self._canon: Canon | None = None
        self._identity: Callable[[bytes], str | None] | None = None
        if content_type is not None:
            if deep:
                self._canon = Canon(content_type.noise, unordered=content_type.unordered)
            if content_type.key is not None:
                self._identity = identity_of(content_type.key)

    def faults(self, job: _Job) -> Iterator[tuple[str, str]]:
        """Kind and detail of each."""
        if isinstance(job.found, str):
            yield "object", job.found
            return
        try:
            yield from self._faults(job, job.found)
        except NO_SUCH_VALUE as error:
            yield "object", f"its object's row has no such form: {error}"

    def _faults(self, job: _Job, found: ObjectRow) -> Iterator[tuple[str, str]]:
        version = job.version
        if not _has_sum(version, job.type_name, found.sha256, job.sum):
            yield "item", "its row is not the one that was written"
        row = (found.sha256, found.size, found.dictionary, found.data)
        try:
            body = self._bodies.restore_ready(f"{job.type_name} {version.id}", row)
        except DamagedError as error:
            yield "object", error.message
            return
        if object_sum(*row) != found.sum:
            yield "object", "the row of its object is not the one that was written"
        if self._identity is not None and (own := self._identity(body)) != version.id:
            yield "identity", f"the body is of {own or 'nothing that has an id'}"
        if self._canon is not None:
            reading = self._canon.read(body)
            if (reading.hash, reading.raw_hashed) != (version.hash, bool(version.raw_hashed)):
                yield "hash", "its content hash is not that of its body"


def _has_sum(version: Version, type_name: str, digest: bytes, written: int) -> bool:
    try:
        return version.sum(type_name, digest) == written
    except NO_SUCH_VALUE:
        return False
