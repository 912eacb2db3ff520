"""From the bytes of an answer to items in the vault.

Everything here runs in a worker thread: calling, splitting, cutting secrets, hashing, compressing.
Only the last step, the transaction, is one at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from lookervault.content.canonical import elements
from lookervault.content.items import ItemReader
from lookervault.content.model import Answer, ContentType, Item, Missing, Scope
from lookervault.storage.objects import join
from lookervault.storage.repository import Repository

_PIECE = 2**20
"""Bytes of objects that are held at once besides the answer itself."""


@dataclass(slots=True)
class Digest:
    """What became of one or more answers."""

    ids: set[str] = field(default_factory=set)
    """Stored."""
    seen: set[str] = field(default_factory=set)
    """There, whether stored or not: an id that came twice, and not the same, is not stored."""
    repeated: set[str] = field(default_factory=set)
    """More than once in one answer: what they took the place of is not there."""
    beside: set[str] = field(default_factory=set)
    """Of another identity than was asked for: not stored."""
    bad: list[Missing] = field(default_factory=list)
    """Rows that cannot be named by an id."""
    bytes: int = 0

    def add(self, other: Digest) -> None:
        self.ids |= other.ids
        self.seen |= other.seen
        self.repeated |= other.repeated
        self.beside |= other.beside
        self.bad += other.bad
        self.bytes += other.bytes


@dataclass(slots=True)
class _Page:
    """What is known of an answer's objects while it is read."""

    hashes: dict[str, bytes] = field(default_factory=dict)
    twice: set[str] = field(default_factory=set)
    """Ids that came with different objects."""


class BatchProcessor:
    """One for each content type of a run; thread-safe.

    `thinking` is held while bytes are split and hashed: that work holds the interpreter lock
    anyway, and threads that fight for it lose half of a core (docs/design/decisions).
    """

    def __init__(
        self,
        content_type: ContentType,
        scope: Scope,
        run: int,
        vault: Repository,
        thinking: threading.Lock,
    ) -> None:
        self._type = content_type
        self._scope = scope
        self._run = run
        self._vault = vault
        self._thinking = thinking
        self._reader = ItemReader(content_type)

    def store(self, answer: Answer, wanted: frozenset[str] | None) -> Digest:
        """Reads the answer's objects and writes them, with their ids as the run's checkpoint.

        With `wanted`, objects of other ids are refused. Raises `BadAnswerError` where the answer
        is no JSON of the form expected.
        """
        digest = Digest()
        page = _Page()
        pieces = [self._vault.pack(items) for items in self._pieces(answer, wanted, digest, page)]
        packed = join(pieces, page.twice)
        for items in packed.types.values():
            self._vault.store(self._run, packed, None)
            digest.ids = set(items)
            digest.bytes = sum(one.size for one in items.values())
        return digest

    def _pieces(
        self, answer: Answer, wanted: frozenset[str] | None, digest: Digest, page: _Page
    ) -> Iterator[list[Item]]:
        """The answer's items, a few at a time: what is packed need not stay in memory whole."""
        bodies = iter([answer.body]) if answer.id is not None else elements(answer.body)
        while True:
            items: list[Item] = []
            size = 0
            with self._thinking:
                for body in bodies:
                    if (item := self._take(answer, body, wanted, digest, page)) is not None:
                        items.append(item)
                        size += len(item.body)
                    if size >= _PIECE:
                        break
            if items:
                yield items
            if size < _PIECE:
                return

    def _take(
        self,
        answer: Answer,
        body: bytes,
        wanted: frozenset[str] | None,
        digest: Digest,
        page: _Page,
    ) -> Item | None:
        """None where the object is none that is to be stored; the digest tells why."""
        item = self._reader.read(answer, body)
        if item is None:
            digest.bad.append(Missing(self._type.name, "?", "no_identity"))
        elif wanted is not None and item.id not in wanted:
            digest.beside.add(item.id)
        elif self._in_scope(item):
            digest.seen.add(item.id)
            if item.id not in page.hashes:
                page.hashes[item.id] = item.hash
                return item
            digest.repeated.add(item.id)
            if page.hashes[item.id] != item.hash:
                page.twice.add(item.id)
        return None

    def _in_scope(self, item: Item) -> bool:
        return self._type.in_folder is None or self._scope.holds(item.folder_id)
