"""Group commit: whoever gets the write lock writes what all the others are waiting to write."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lookervault.storage import connections, schema
from lookervault.storage.connections import open_writer
from lookervault.storage.failures import explaining
from lookervault.storage.place import Place

type Job[T] = Callable[[sqlite3.Connection], T]

_GROUP = 64
"""Jobs in one transaction at most."""
CHECKPOINT_BYTES = 32 * 2**20
"""Size of the write-ahead log at which it is brought into the file."""


class _Ticket:
    __slots__ = ("done", "error", "job", "result")

    def __init__(self, job: Job[Any]) -> None:
        self.job = job
        self.done = False
        self.result: Any = None
        self.error: Exception | None = None


class Writer:
    """Owns the only connection that writes. `write` may be called by any thread.

    A job is called with the connection, inside a transaction. It may be called twice, so it must
    have no effect beside what it writes and returns.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._waiting: deque[_Ticket] = deque()
        self._checkpoint_at = CHECKPOINT_BYTES
        self._connection = open_writer(path)
        self._place = Place(path)
        try:
            if schema.version(self._connection) < schema.FORMAT_VERSION:
                self.write_durably(schema.migrate)
        except BaseException:
            self._connection.close()
            raise

    def write[T](self, job: Job[T]) -> T:
        """The job's result once it is committed. Its error comes back to its own caller only."""
        ticket = _Ticket(job)
        self._waiting.append(ticket)
        with self._lock:
            while not ticket.done:
                self._write_next_group(ticket)
        if ticket.error is not None:
            raise ticket.error
        result: T = ticket.result
        return result

    def write_durably[T](self, job: Job[T]) -> T:
        """As `write`, and on the disk before it returns; then the log is emptied.

        Raises `VaultError` where the vault's path shows another file by now, or none.
        """
        with self._lock, explaining(self._path):
            self._place.check()
            self._connection.execute("PRAGMA synchronous = FULL")
            try:
                result = self._transaction(job)
            finally:
                self._connection.execute("PRAGMA synchronous = NORMAL")
            self._checkpoint()
        return result

    def compact(self) -> None:
        """Writes the file anew without what is unused, and makes it so much smaller.

        Needs the space of the new file twice while it works: beside the vault, and in its log.
        Killed at any moment, or where there is no space, the vault is as it was.
        """
        with self._lock, explaining(self._path):
            self._place.check()
            self._connection.execute("PRAGMA synchronous = FULL")
            try:
                with connections.temporary_files_in(self._connection, self._path.parent):
                    self._connection.execute("VACUUM")
            finally:
                self._connection.execute("PRAGMA synchronous = NORMAL")
                self._checkpoint()

    def close(self) -> None:
        with self._lock, explaining(self._path):
            try:
                self._checkpoint()
            finally:
                self._connection.close()

    def _write_next_group(self, mine: _Ticket) -> None:
        group = [self._waiting.popleft() for _ in range(min(_GROUP, len(self._waiting)))]
        try:
            self._write_group(group)
        finally:  # an interrupt must not take the others' work with it
            undone = [ticket for ticket in group if not ticket.done and ticket is not mine]
            self._waiting.extendleft(reversed(undone))
        if self._place.log_bytes() > self._checkpoint_at:
            with explaining(self._path):
                self._checkpoint()

    def _write_group(self, group: list[_Ticket]) -> None:
        try:
            results = self._transaction(lambda connection: [t.job(connection) for t in group])
        except Exception:  # noqa: BLE001  one of them failed: each alone finds out which
            for ticket in group:
                self._write_alone(ticket)
            return
        for ticket, result in zip(group, results, strict=True):
            ticket.result, ticket.done = result, True

    def _write_alone(self, ticket: _Ticket) -> None:
        try:
            with explaining(self._path):
                ticket.result = self._transaction(ticket.job)
        except Exception as error:  # noqa: BLE001  its own caller raises it again
            ticket.error = error
        ticket.done = True

    def _transaction[T](self, job: Job[T]) -> T:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            result = job(self._connection)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # SQLite itself rolls back when a disk is full
                self._connection.execute("ROLLBACK")
            raise
        return result

    def _checkpoint(self) -> None:
        """A reader in the middle of its work keeps a part of the log; that is no failure.

        A log whose vault was moved stays as it is: it goes with it.
        """
        self._place.check()
        self._connection.execute("PRAGMA busy_timeout = 100")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self._connection.execute("PRAGMA busy_timeout = 5000")
        self._checkpoint_at = self._place.log_bytes() + CHECKPOINT_BYTES
