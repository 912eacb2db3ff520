"""A vault that one command works on as a whole, while no other process writes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from lookervault.storage.failures import explaining
from lookervault.storage.file import check_header
from lookervault.storage.lock import ProcessLock
from lookervault.storage.writer import Writer


@contextmanager
def upkeep(path: Path, now: float) -> Iterator[Writer]:
    """Raises `VaultError` where there is no vault, or another process writes it."""
    check_header(path)
    lock = ProcessLock(path, now=now)
    try:
        check_header(path)
        with explaining(path):
            writer = Writer(path)
        with closing(writer):
            yield writer
    finally:
        lock.release()
