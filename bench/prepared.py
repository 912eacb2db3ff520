"""Answers that were rendered beforehand: one file of bytes, and an index of spans into it.

Objects of a table lie next to each other with a comma between, so that a run of neighbours is
one slice.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

type Span = tuple[int, int]


class Table(msgspec.Struct):
    """Objects of one search in the order of their ids: `ids[i]` is the bytes `spans[i]`.

    `rows` are the census' short rows of the same objects.
    """

    ids: list[str] = []
    spans: list[Span] = []
    rows: list[Span] = []


class Index(msgspec.Struct):
    """Paths are below `/api/4.0`; `exact` has them with their query string."""

    exact: dict[str, Span] = {}
    tables: dict[str, Table] = {}
    windows: dict[str, str] = {}
    """Other paths that list a table's objects."""


def load(folder: Path) -> Index:
    return msgspec.msgpack.decode((folder / "index").read_bytes(), type=Index)


def is_made(folder: Path) -> bool:
    """The index is written last."""
    return (folder / "index").exists()


class Draft:
    """Writes prepared answers into a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._file = (folder / "bytes").open("wb")
        self._at = 0
        self.index = Index()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        if error is None:
            draft = self._folder / "index.new"
            draft.write_bytes(msgspec.msgpack.encode(self.index))
            draft.rename(self._folder / "index")

    def answer(self, target: str, body: bytes) -> None:
        self.index.exact[target] = self._write(body)

    def table(self, path: str) -> Table:
        return self.index.tables.setdefault(path, Table())

    def objects(self, table: Table, one: str, objects: list[tuple[str, bytes]]) -> None:
        """Appends objects; `one` is the path of the call for a single one, less the id."""
        for identity, body in objects:
            span = self._write(body)
            self._write(b",")
            table.ids.append(identity)
            table.spans.append(span)
            if one:
                self.index.exact[f"{one}/{identity}"] = span

    def rows(self, table: Table, rows: list[bytes]) -> None:
        for row in rows:
            table.rows.append(self._write(row))
            self._write(b",")

    def _write(self, data: bytes) -> Span:
        start = self._at
        self._file.write(data)
        self._at += len(data)
        return start, self._at
