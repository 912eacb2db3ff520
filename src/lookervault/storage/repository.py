"""The vault: everything that was ever extracted from one Looker instance, in one SQLite file."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple, Self

import msgspec

from lookervault.content.model import Item, Missing
from lookervault.errors import VaultError
from lookervault.storage import (
    certificates,
    dictionaries,
    forgotten,
    listing,
    merkle,
    months,
    objects,
    roots,
    runs,
    schema,
    usage,
    versions,
)
from lookervault.storage.certificates import CertificateRow, Fault, Signer
from lookervault.storage.connections import Fetch, Readers
from lookervault.storage.contents import Contents
from lookervault.storage.counting import Counting
from lookervault.storage.dictionaries import Codec, Trainer
from lookervault.storage.failures import explaining
from lookervault.storage.file import check_header, disk_bytes, make
from lookervault.storage.forgotten import Forgotten
from lookervault.storage.listing import Changes, Held, ItemRow, Stamp
from lookervault.storage.lock import ProcessLock, is_held
from lookervault.storage.objects import Bodies, Packed
from lookervault.storage.proving import Proving
from lookervault.storage.runs import Proof, Role, RunEnd, RunRow, RunStart, TypeResult
from lookervault.storage.seen import Seen
from lookervault.storage.timeline import Timeline
from lookervault.storage.usage import Usage
from lookervault.storage.versions import Stored, Version
from lookervault.storage.writer import Job, Writer


class SizeReport(NamedTuple):
    """Bytes: the file with its log, all bodies as they came, and as they are stored."""

    disk: int
    raw: int
    stored: int


class Repository:
    """Thread-safe: any method may be called by any thread.

    Writes are serialized by one lock and visible to all threads when the call returns. An iterator
    must be read by the thread that asked for it, and shows the vault as it was when it began.
    """

    def __init__(
        self,
        path: Path,
        lock: ProcessLock | None,
        signer: Signer | None = None,
        fetch: Fetch | None = None,
    ) -> None:
        self._path = path
        self._lock = lock
        self._signer = signer
        self._writer = Writer(path) if lock else None
        self._seen = Seen(path.parent, fetch) if fetch and lock else None
        self._readers = (
            Readers(path, self._seen.fetch, self._seen.has) if self._seen else Readers(path, fetch)
        )
        self._bodies = Bodies()
        self._trainers: dict[str, Trainer] = {}
        self._trainers_lock = threading.Lock()
        self._type_ids: dict[str, int] = {}
        self._begun: set[int] = set()
        self._closed = False

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        write: bool,
        signer: Signer | None = None,
        fetch: Fetch | None = None,
        clock: Callable[[], float] = time.time,
    ) -> Self:
        """With `write` the vault is made where there is none, and no other process may write it.

        `signer` signs the certificates of the runs that end here; without, they are not signed.
        `fetch` gives the bodies that the vault says it has, and that are kept elsewhere.

        Raises `VaultError` where it is in use, missing, of another kind or too new.
        """
        if not write:
            check_header(path)
            return cls(path, None, fetch=fetch)
        lock = ProcessLock(path, now=clock())
        try:
            if not path.exists():
                make(path)
            check_header(path)
            with explaining(path):
                return cls(path, lock, signer, fetch)
        except BaseException:
            lock.release()
            raise

    def close(self) -> None:
        """Brings the log into the file and lets other processes write. Closing twice is once."""
        if self._closed:
            return
        self._closed = True
        try:
            self._readers.close()
            if self._seen is not None:
                self._seen.close()
            if self._writer is not None:
                self._writer.close()
        finally:
            if self._lock is not None:
                self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Who it belongs to

    @property
    def path(self) -> Path:
        return self._path

    def instance(self) -> str | None:
        with self._reading() as connection:
            return schema.get_meta(connection, "instance")

    def set_instance(self, identity: str) -> None:
        self._write(lambda connection: schema.set_meta(connection, "instance", identity))

    # A run

    def begin_run(self, start: RunStart) -> int:
        """To the disk at once: a log that is lost later leaves a run without a seal."""
        run = self._writing().write_durably(lambda connection: runs.begin(connection, start))
        self._begun.add(run)
        return run

    def resume_run(
        self, run: int, roles: list[Role] | None = None, *, done: Collection[str] = ()
    ) -> None:
        """Goes on with a run that was killed, interrupted or failed; `roles` are its new ones.

        What it found gone is there again: a listing of the whole decides anew, but for the types
        that are `done`.

        Raises `VaultError` where it ended otherwise, or there is none.
        """

        def job(connection: sqlite3.Connection) -> None:
            runs.resume(connection, run, roles)
            versions.unvanish(connection, run, but_of=done)

        self._writing().write_durably(job)
        self._begun.add(run)

    def pack(self, items: Sequence[Item]) -> Packed:
        """Hashes and compresses a page, outside the write lock. May learn a dictionary first."""
        if self._seen is not None:
            for item in items:
                self._seen.add(item.body)
        with explaining(self._path):
            return objects.pack(items, self._codec)

    def store(self, run: int, packed: Packed, page: int | None) -> Stored:
        """Writes a page and its checkpoint, both or none. `page` is its number in the plan."""
        pages = [(name, self._type_id(name), items) for name, items in packed.types.items()]

        def job(connection: sqlite3.Connection) -> Stored:
            total = Stored(0, 0, 0, 0)
            for name, type_id, items in pages:
                stored = versions.store(connection, run, name, type_id, items)
                versions.add_page(connection, run, name, type_id, items, number=page)
                total = Stored(*map(sum, zip(total, stored, strict=True)))
            return total

        return self._write(job)

    def vanish(self, run: int, type: str, ids: Iterable[str]) -> int:
        """Records that these no longer exist; returns how many of them did until now."""
        gone, type_id = list(ids), self._type_id(type)
        return self._write(lambda connection: versions.vanish(connection, run, type, type_id, gone))

    def touch(self, run: int, type: str, ids: Iterable[str]) -> None:
        """Confirms items that the vault has, without their bodies. Deleted ones come back.

        Raises `VaultError` where the vault never had one of them; then none is confirmed.
        """
        seen, type_id = list(ids), self._type_id(type)

        def job(connection: sqlite3.Connection) -> None:
            versions.touch(connection, run, type, type_id, seen)
            versions.add_page(connection, run, type, type_id, seen, number=None)

        self._write(job)

    def confirmed(self, run: int, type: str) -> set[str]:
        """Ids that this run stored or touched, and that are not gone since."""
        with self._reading() as connection:
            return roots.confirmed(connection, run, type)

    def end_run(self, run: int, end: RunEnd) -> None:
        """Writes how it ended, its seal and its certificate to the disk: all of it, or nothing."""

        def job(connection: sqlite3.Connection) -> None:
            roots.end_run(connection, run, end)
            certificates.issue(connection, run, self._signer)

        self._writing().write_durably(job)
        self._begun.discard(run)

    def close_run(self, run: int) -> None:
        """Makes one that was interrupted or failed a partial one, with a certificate that says so.

        Raises `VaultError` where there is no such run.
        """

        def job(connection: sqlite3.Connection) -> None:
            runs.close(connection, run)
            certificates.issue(connection, run, self._signer)

        self._writing().write_durably(job)

    def root(self, run: int, types: Sequence[str]) -> tuple[bytes, dict[str, bytes]]:
        """The Merkle root over what the run confirmed of these types, and that of each type."""
        with self._reading() as connection:
            by_type = {name: roots.of_type(connection, run, name) for name in types}
        return merkle.run_root(by_type), by_type

    # What happened

    def runs(self) -> list[RunRow]:
        with self._reading() as connection:
            found = runs.read_all(connection)
        return [self._with_status(row, newest=row is found[-1]) for row in found]

    def run(self, run: int) -> RunRow | None:
        return next((row for row in self.runs() if row.run == run), None)

    def forgotten(self) -> list[Forgotten]:
        """Runs that are no longer there, in order."""
        with self._reading() as connection:
            return list(forgotten.read_all(connection))

    def type_results(self, run: int) -> list[TypeResult]:
        with self._reading() as connection:
            return runs.read_types(connection, run)

    def proofs(self, run: int) -> list[Proof]:
        """What a run read of each type. Empty for one of the first format: it read everything."""
        with self._reading() as connection:
            return runs.read_proofs(connection, run)

    def missing(self, run: int) -> list[Missing]:
        with self._reading() as connection:
            return runs.read_missing(connection, run)

    def is_sealed(self, run: int) -> bool:
        """Whether the run ended and nothing of its rows was changed since."""
        with self._reading() as connection:
            return runs.is_sealed(connection, run)

    def certificates(self) -> list[CertificateRow]:
        """From the first on. A run that was gone on with has several: the last one counts."""
        with self._reading() as connection:
            return list(certificates.read_all(connection))

    def certificate_faults(self) -> list[Fault]:
        """What is wrong with the chain, or with what the runs' rows say beside it."""
        with self._one_state() as connection:
            return list(certificates.faults(connection))

    def contradictions(self, certificate: CertificateRow) -> list[str]:
        """Where the rows of its run now say something else than the newest certificate of it."""
        with self._one_state() as connection:
            return list(certificates.row_faults(connection, certificate))

    def _with_status(self, row: RunRow, *, newest: bool) -> RunRow:
        if row.status != "running" or row.run in self._begun:
            return row
        elsewhere = newest and self._lock is None and is_held(self._path)
        return row if elsewhere else msgspec.structs.replace(row, status="interrupted")

    # What there is

    def items(self, type: str, run: int | None = None) -> Iterator[ItemRow]:
        """In natural order of ids, now or as of a run."""
        with self._reading() as connection:
            type_id = schema.type_id(connection, type)
            if type_id is not None:
                yield from listing.items(connection, type, type_id, run)

    def body(self, type: str, id: str, run: int | None = None) -> bytes | None:
        """The stored bytes, proven by their hash. Raises `DamagedError` where they are others."""
        with self._reading() as connection:
            type_id = schema.type_id(connection, type)
            if type_id is None:
                return None
            row = listing.object_row(connection, type, type_id, id, run)
            return None if row is None else self._bodies.restore(connection, f"{type} {id}", row)

    def last_body(self, type: str, id: str) -> bytes | None:
        """As `body`, of the last version that there was, also where the item is deleted."""
        with self._reading() as connection:
            type_id = schema.type_id(connection, type)
            if type_id is None:
                return None
            row = listing.last_object_row(connection, type, type_id, id)
            return None if row is None else self._bodies.restore(connection, f"{type} {id}", row)

    def bodies(self, type: str) -> Iterator[tuple[str, bytes]]:
        """Every item that is not deleted, in natural order of ids, one at a time in memory."""
        with self._reading() as connection:
            type_id = schema.type_id(connection, type)
            if type_id is None:
                return
            with closing(listing.object_rows(connection, type, type_id)) as rows:
                for item_id, row in rows:
                    yield item_id, self._bodies.restore(connection, f"{type} {item_id}", row)

    def versions(self, type: str, run: int) -> Iterator[tuple[Version, bytes]]:
        """Every item as of a run with its body, in natural order, one at a time in memory."""
        with self._reading() as connection:
            type_id = schema.type_id(connection, type)
            if type_id is None:
                return
            for version, row in listing.versions(connection, type, type_id, run):
                body = self._bodies.restore(connection, f"{type} {version.id}", row)
                yield version, body

    def stamps(self, type: str) -> dict[str, Stamp]:
        """What can be told of items that are not deleted without reading them, by id."""
        with self._reading() as connection:
            type_id = schema.type_id(connection, type)
            return {} if type_id is None else listing.stamps(connection, type_id)

    def sizes(self, type: str) -> dict[str, int]:
        """Bytes of the bodies of items that are not deleted, by id."""
        with self._reading() as connection:
            type_id = schema.type_id(connection, type)
            return {} if type_id is None else listing.sizes(connection, type_id)

    def changes(self, run: int, type: str) -> Changes:
        """What this run found new, changed and gone; an item that came back is new."""
        with self._reading() as connection:
            type_id = schema.type_id(connection, type)
            return Changes() if type_id is None else listing.changes(connection, type_id, run)

    def timeline(self) -> Timeline:
        return Timeline(self._reading)

    def counting(self) -> Counting:
        return Counting(self._reading)

    def proving(self) -> Proving:
        return Proving(self._reading)

    def add_calls(self, month: str, calls: int) -> None:
        """Calls that runs sent in a month, such as `2026-11`; negative ones were not sent."""
        self._write(lambda connection: months.add(connection, month, calls))

    def months(self, *, outside: bool = False) -> dict[str, int]:
        """Calls that were sent by month, in order: all of them, or only those `outside` runs."""
        with self._reading() as connection:
            return months.read(connection, outside=outside)

    def set_usage(self, type: str, seen: Iterable[Usage]) -> None:
        """The newest values only: neither history nor proof."""
        rows, type_id = list(seen), self._type_id(type)
        self._write(lambda connection: usage.write(connection, type_id, rows))

    def usage(self, type: str) -> dict[str, Usage]:
        """By id. What was never seen in a listing is not there."""
        with self._reading() as connection:
            type_id = schema.type_id(connection, type)
            return {} if type_id is None else usage.read(connection, type_id)

    @contextmanager
    def contents(self) -> Iterator[Contents]:
        """For an index. Not to be nested."""
        with self._one_state() as connection:
            yield Contents(connection, self._bodies)

    def open_ids(self, type: str, run: int | None = None) -> set[str]:
        """Ids of items that are not deleted: now, or as of a run."""
        with self._reading() as connection:
            type_id = schema.type_id(connection, type)
            return set() if type_id is None else listing.open_ids(connection, type_id, run)

    def needed(
        self, target_type: str, among: Mapping[str, set[str]] | None = None, *, others: bool = True
    ) -> set[str]:
        """Ids of a type that items which are not deleted need by id, and that none of them has.

        `among` limits the items of a type to these ids; of types that it does not name, all count
        if `others` do.
        """
        with self._reading() as connection:
            return listing.needed(connection, target_type, among or {}, others=others)

    def types(self) -> list[str]:
        """Types of which the vault has or had something."""
        with self._reading() as connection:
            return schema.type_names(connection)

    def counts(self) -> dict[str, int]:
        """Items of each type that are not deleted."""
        with self._reading() as connection:
            return listing.counts(connection)

    def held(self, run: int) -> dict[str, Held]:
        """As `counts`, as of a run, with those in the trash told apart."""
        with self._reading() as connection:
            return listing.held(connection, run)

    def size_report(self) -> SizeReport:
        with self._reading() as connection:
            raw, stored = listing.object_bytes(connection)
        return SizeReport(disk_bytes(self._path), raw, stored)

    # Rooms behind

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with explaining(self._path):
            yield self._readers.get()

    @contextmanager
    def _one_state(self) -> Iterator[sqlite3.Connection]:
        """As of one moment, whatever is written meanwhile. Not to be nested."""
        with self._reading() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    def _writing(self) -> Writer:
        if self._writer is None:
            raise VaultError(f"The vault {self._path} was opened for reading only.")
        return self._writer

    def _write[T](self, job: Job[T]) -> T:
        return self._writing().write(job)

    def _type_id(self, name: str) -> int:
        if name not in self._type_ids:
            self._type_ids[name] = self._write(lambda connection: schema.add_type(connection, name))
        return self._type_ids[name]

    def _codec(self, type: str, bodies: Sequence[bytes]) -> Codec:
        with self._trainers_lock:
            if type not in self._trainers:
                self._trainers[type] = self._trainer(type)
        return self._trainers[type].codec(bodies)

    def _trainer(self, type: str) -> Trainer:
        type_id = self._type_id(type)

        def insert(data: bytes) -> int:
            return self._write(lambda connection: dictionaries.insert(connection, type_id, data))

        with self._reading() as connection:
            return Trainer(insert, dictionaries.newest_codec(connection, type_id))


def sqlite_version() -> str:
    """The library's version, and what is to be known of it."""
    version = sqlite3.sqlite_version
    if (3, 7, 0) <= sqlite3.sqlite_version_info <= (3, 51, 2):
        return f"{version} (its WAL-reset bug is kept away: one connection writes and checkpoints)"
    return version
