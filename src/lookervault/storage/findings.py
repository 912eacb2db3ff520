"""What a look at every byte of a vault found."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

type Watch = Callable[[str, int, int], None]
"""Told what is being checked, how many of it are done, and how many there are."""

UNSEALED = "unsealed"
"""A run that has not ended, or whose end was lost: no damage, but nothing that could be proven."""


class Finding(msgspec.Struct, frozen=True):
    """`kind` says what is wrong:

        file, header, schema, structure, log  the file as SQLite sees it
        note, type, dictionary, checkpoint    rows that serve others
        run, root, unsealed                   what a run says of itself
        item, object, identity, hash          an item's row, its body, whose that is, its hash
        reference, interval                   rows that do not fit together
        certificate, signature, key           a run's certificate, or the chain of them

    `run` is the first run of the version concerned, or the run itself.
    """

    kind: str
    detail: str
    type: str | None = None
    id: str | None = None
    run: int | None = None


class Report(msgspec.Struct, kw_only=True):
    """`checked` counts what was looked at: `bytes` are those of bodies, uncompressed."""

    checked: Counter[str]
    findings: list[Finding]
    unused_bytes: int = 0
    """Bytes of the file that hold nothing: whatever they are, every reading is the same."""
    seconds: float = 0.0

    @property
    def status(self) -> str:
        """`ok`, `damaged`, or `incomplete` where all that is wrong is a run without its seal."""
        kinds = {finding.kind for finding in self.findings}
        if kinds - {UNSEALED}:
            return "damaged"
        return "incomplete" if kinds else "ok"


def unwatched(what: str, done: int, total: int) -> None:
    pass


class Findings:
    """What was found so far. Used by one thread at a time."""

    def __init__(self) -> None:
        self.all: list[Finding] = []
        self.checked: Counter[str] = Counter()

    def add(
        self,
        kind: str,
        detail: str,
        *,
        type: str | None = None,
        id: str | None = None,
        run: int | None = None,
    ) -> None:
        self.all.append(Finding(kind, detail, type, id, run))

    @contextmanager
    def reading(self, what: str, kind: str = "structure", **where: Any) -> Iterator[None]:
        """What cannot be read is a finding, and the check goes on with the next thing."""
        try:
            yield
        except sqlite3.ProgrammingError:
            raise  # a mistake of this program
        except (sqlite3.Error, *NO_SUCH_VALUE) as error:
            self.add(kind, f"{what} cannot be read: {error}", **where)


NO_SUCH_VALUE = (UnicodeError, json.JSONDecodeError, msgspec.MsgspecError, OverflowError)
"""Raised for a value of another form than was written."""
