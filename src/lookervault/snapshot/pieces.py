"""Sealed objects of a store whose names follow from their content: rows, index, repairs."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from itertools import chain, count
from pathlib import Path
from typing import NamedTuple

from lookervault.errors import DamagedError, NoSuchObjectError
from lookervault.snapshot.files import write_whole
from lookervault.snapshot.records import Piece
from lookervault.snapshot.seal import Seal, damaged
from lookervault.snapshot.store import Store

REPAIRS = "repairs"
"""What takes the place of damaged objects: `repairs/rows/…` and `repairs/index/…`."""
THREADS = 8
_SMALL = 2**21
"""Bytes. There are never many pieces: see `merging`."""


class Draft(NamedTuple):
    piece: Piece
    sealed: bytes


class Pieces:
    """Reads and writes them. Thread-safe. `area` and `kept` as of `Catalog`.

    `marked` has the names of objects that nobody may begin to use.
    """

    def __init__(
        self,
        store: Store,
        seal: Seal,
        area: str,
        *,
        marked: Callable[[], Container[str]],
        kept: Path | None,
    ) -> None:
        self.store = store
        self.seal = seal
        self.area = area
        self._marked = marked
        self._kept = kept
        self._small: dict[str, bytes] = {}
        """Those that are likely to be read again, by name: to be merged with others."""

    def names(self, kind: str, content: bytes) -> Iterator[str]:
        """What an object of that content may be called, the plain name first.

        One that is marked is taken for gone: it may be, at any moment.
        """
        plain = self.area + self.seal.name(kind, content)
        others = (f"{plain}-{number}" for number in count(1))
        return (name for name in chain([plain], others) if name not in self._marked())

    def draft(self, kind: str, content: bytes) -> Draft:
        """Ready to be sent. Its name follows from its content."""
        name = next(self.names(kind, content))
        sealed = self.seal.close(name, content)
        return Draft(Piece(name, sha256(sealed).hexdigest(), len(sealed)), sealed)

    def send(self, draft: Draft) -> Piece:
        """What is there already is not sent again, unless it is damaged."""
        piece = draft.piece
        if self.store.create(piece.name, draft.sealed):
            return piece
        there = self.store.get(piece.name)  # the same content, but sealed anew
        content = self.seal.open(piece.name, draft.sealed)
        try:
            is_whole = self.seal.open(piece.name, there) == content
        except DamagedError:
            is_whole = False
        if is_whole:
            return Piece(piece.name, sha256(there).hexdigest(), len(there))
        self.write_again(piece.name, content)
        return piece

    def write(self, kind: str, content: bytes) -> Piece:
        return self.send(self.draft(kind, content))

    def read(self, piece: Piece) -> bytes:
        """Where it is damaged, what was put in its place. Raises `DamagedError`."""
        try:
            return self.as_written(piece)
        except DamagedError:
            content = self._again(piece.name)
            if content is None:
                raise
            return content

    def as_written(self, piece: Piece) -> bytes:
        """As `read`, but of the object itself."""
        sealed = self._sealed(piece)
        if sha256(sealed).hexdigest() != piece.sha256:
            raise damaged(piece.name, "its bytes are not those that were written")
        return self.seal.open(piece.name, sealed)

    def _sealed(self, piece: Piece) -> bytes:
        if (known := self._small.get(piece.name)) is not None:
            return known
        try:
            sealed = self.fetched(piece.name, piece.sha256)
        except NoSuchObjectError:
            raise damaged(piece.name, "it is not there") from None
        if len(sealed) <= _SMALL:
            self._small[piece.name] = sealed
        return sealed

    def fetched(self, name: str, digest: str) -> bytes:
        """An object, or what is kept of it, as its SHA-256 tells. Raises `NoSuchObjectError`."""
        if self._kept is None:
            return self.store.get(name)
        copy = self._kept / digest
        if copy.exists() and sha256(data := copy.read_bytes()).hexdigest() == digest:
            return data
        data = self.store.get(name)
        with suppress(OSError):  # a disk that is full keeps nothing
            write_whole(copy, data)
        return data

    def kind_of(self, name: str) -> str:
        """`rows`, `index` or the like."""
        return name.removeprefix(self.area).partition("/")[0]

    def is_named(self, name: str, content: bytes) -> bool:
        """Whether a piece of that name has that content."""
        plain = self.area + self.seal.name(self.kind_of(name), content)
        return name == plain or name.startswith(f"{plain}-")

    def is_repair(self, name: str) -> bool:
        return self.kind_of(name) == REPAIRS

    def repair_of(self, name: str) -> str:
        return f"{self.area}{REPAIRS}/{name.removeprefix(self.area)}"

    def _again(self, name: str) -> bytes | None:
        """The same content, sealed again: the name of a piece tells that it is."""
        for again in (name, self.repair_of(name)):
            try:
                content = self.seal.open(again, self.store.get(again))
            except (DamagedError, NoSuchObjectError):
                continue
            if self.is_named(name, content):
                return content
        return None

    def write_again(self, name: str, content: bytes) -> None:
        """In place of a damaged piece, which stays. Raises `DamagedError` where this is, too."""
        again = self.repair_of(name)
        if not self.store.create(again, self.seal.close(again, content)) and (
            self._again(name) != content
        ):
            raise damaged(again, "it is not what a repair wrote")

    def read_all(self, pieces: Sequence[Piece]) -> Iterator[tuple[Piece, bytes]]:
        """In order; some are fetched ahead."""
        with ThreadPoolExecutor(THREADS) as pool:
            yield from zip(pieces, pool.map(self.read, pieces), strict=True)
