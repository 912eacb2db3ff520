"""Looks at every byte of a vault.

Whatever is in the file, the answer is a report or a `VaultError`: each step finds what it can and
leaves what it cannot read to be named by the report. The vault is not changed.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

from lookervault.errors import DamagedError
from lookervault.storage import certificates, log, verify_file
from lookervault.storage.anatomy import HEADER_BYTES
from lookervault.storage.connections import open_reader
from lookervault.storage.failures import explaining
from lookervault.storage.file import check_header
from lookervault.storage.findings import Findings, Report, Watch, unwatched
from lookervault.storage.lock import is_held
from lookervault.storage.log import Log
from lookervault.storage.verify_items import Items, Marks
from lookervault.storage.verify_rows import (
    Runs,
    check_dictionaries,
    check_forgotten,
    check_months,
    check_notes,
    check_pages,
    check_types,
)

_MOST_THREADS = 2
"""Beside the one that reads. More of them only wait for the interpreter's lock: 4 took longer."""


def verify(
    path: Path,
    *,
    deep: bool = False,
    quick: bool = False,
    threads: int | None = None,
    watch: Watch = unwatched,
    clock: Callable[[], float] = time.monotonic,
) -> Report:
    """`deep` computes each content hash anew; `quick` looks at no item and no body.

    Raises `VaultError` where there is no vault, or one that this program does not know.
    """
    began = clock()
    findings = Findings()
    unused = 0
    try:
        check_header(path)
        with explaining(path):
            check = _Check(path, findings, watch)
            unused = check.run(deep=deep, quick=quick, threads=threads or _threads())
    except DamagedError as error:
        findings.add("file", error.message)
    return Report(
        checked=findings.checked,
        findings=findings.all,
        unused_bytes=unused,
        seconds=round(clock() - began, 3),
    )


def _threads() -> int:
    return min(_MOST_THREADS, os.cpu_count() or 1)


class _Check:
    def __init__(self, path: Path, findings: Findings, watch: Watch) -> None:
        self._path = path
        self._findings = findings
        self._watch = watch

    def run(self, *, deep: bool, quick: bool, threads: int) -> int:
        """Returns the bytes that are unused. What is under the tables is looked at beside them."""
        recent = self._check_file()
        with closing(open_reader(self._path)) as connection, ThreadPoolExecutor(1) as beside:
            connection.execute("BEGIN")  # one state of the vault for all that follows
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            under = Findings()
            tables: list[int] = []
            with self._findings.reading("where the tables begin"):
                tables = verify_file.tables(connection)
            with _finished_before(beside.submit(self._check_pages, tables, recent, under)) as pages:
                verify_file.check_schema(connection, self._findings)
                unused = self._check_rows(connection, deep=deep, quick=quick, threads=threads)
            self._findings.all += under.all
            return unused + pages.result()

    def _check_pages(self, tables: list[int], recent: Log, findings: Findings) -> int:
        """Returns the bytes of them that hold nothing."""
        findings.all += verify_file.structure_faults(self._path)
        unused, strange = verify_file.anatomy(self._path, tables, recent)
        for detail in strange:
            findings.add("structure", detail)
        return sum(length for _, length in unused)

    def _check_file(self) -> Log:
        with self._path.open("rb") as file:
            header = file.read(HEADER_BYTES)
            size = file.seek(0, os.SEEK_END)
        recent = log.read(self._path)
        if is_held(self._path):
            return recent  # a frame that is just being written is not whole
        self._findings.all += verify_file.header_faults(header, size, recent)
        if recent.damage:
            self._findings.add("log", f"{log.log_path(self._path).name}: {recent.damage}")
        return recent

    def _check_rows(
        self, connection: sqlite3.Connection, *, deep: bool, quick: bool, threads: int
    ) -> int:
        findings = self._findings
        check_notes(connection, findings)
        check_months(connection, findings)
        names = check_types(connection, findings)
        runs = Runs(connection, findings)
        runs.check_seals()
        forgotten = check_forgotten(connection, findings)
        self._check_certificates(connection)
        if quick:
            return 0
        check_dictionaries(connection, findings)
        check_pages(connection, names, findings)
        items = Items(
            connection,
            findings,
            names=names,
            runs=runs.numbers,
            forgotten=forgotten,
            deep=deep,
            threads=threads,
            watch=self._watch,
        )
        items.check()
        for done in runs.check_roots({n: sorted(found) for n, found in items.boundaries.items()}):
            self._watch("runs", done, runs.sealed)
        return self._unreferred(connection, items.referred)

    def _check_certificates(self, connection: sqlite3.Connection) -> None:
        with self._findings.reading("the certificates", "certificate"):
            for run, detail in certificates.faults(connection):
                self._findings.add("certificate", detail, run=run)

    def _unreferred(self, connection: sqlite3.Connection, referred: Marks) -> int:
        """Counts objects that no version refers to; returns what their bodies take."""
        size = 0
        with self._findings.reading("the list of objects"):
            query = "SELECT id, length(data) FROM objects NOT INDEXED ORDER BY id"
            for number, length in connection.execute(query):
                self._findings.checked["objects"] += 1
                if number not in referred:
                    self._findings.checked["unreferenced_objects"] += 1
                    size += length or 0  # NULL in a damaged row
        return size


@contextmanager
def _finished_before(future: Future[int]) -> Iterator[Future[int]]:
    """A connection that is opened second must be closed first: the first one tidies up."""
    try:
        yield future
    finally:
        future.exception()
