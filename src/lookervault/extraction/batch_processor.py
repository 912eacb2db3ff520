"""From the bytes of an answer to items in the vault.

Everything here runs in a worker thread: calling, splitting, cutting secrets, hashing, compressing.
Only the last step, the transaction, is one at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from lookervault.content.canonical import Canon, Reading, elements, member, split
from lookervault.content.model import Answer, ContentType, Item, Missing, Scope
from lookervault.content.redaction import Redactor
from lookervault.errors import BadAnswerError
from lookervault.storage.objects import join
from lookervault.storage.repository import Repository

_PIECE = 2**20
"""Bytes of objects that are held at once besides the answer itself."""

_encode = msgspec.json.Encoder(order="sorted").encode


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
        self._canon = Canon(content_type.noise, unordered=content_type.unordered)
        self._redactor = Redactor(content_type.secrets)

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
        item = self._read(answer, body)
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

    def _read(self, answer: Answer, body: bytes) -> Item | None:
        """None where the object has no identity."""
        cut, redacted = self._redactor.cut(body)
        reading = self._canon.read(cut)
        if answer.id is not None and reading.obj is None:
            split(b"[%b]" % cut)  # raises where it is no JSON at all, rather than merely extreme
        identity = self._own_identity(cut, reading)
        if answer.id is not None:
            self._check(answer.id, identity, reading)
            identity = answer.id
        return None if identity is None else self._item(identity, cut, reading, redacted)

    def _check(self, asked_for: str, identity: str | None, reading: Reading) -> None:
        if self._type.key is not None and identity != asked_for:
            came = "something without an id" if identity is None else identity
            message = f"{self._type.name} {asked_for} was asked for and {came} came"
            raise BadAnswerError(message)
        if self._type.schema.endswith("[]") and reading.obj is not None:
            rows = reading.obj if isinstance(reading.obj, list) else [None]
            if not all(isinstance(row, dict) for row in rows):
                message = f"{self._type.name} {asked_for} did not come as a list of rows"
                raise BadAnswerError(message)

    def _own_identity(self, body: bytes, reading: Reading) -> str | None:
        if self._type.key is None:
            return None
        if isinstance(reading.obj, dict):
            value = reading.obj.get(self._type.key)
            return None if value is None else str(value)
        return member(body, self._type.key)

    def _item(
        self, identity: str, body: bytes, reading: Reading, redacted: tuple[str, ...]
    ) -> Item:
        obj = reading.obj if isinstance(reading.obj, dict) else {}
        return Item(
            type=self._type.name,
            id=identity,
            body=body,
            hash=reading.hash,
            raw_hashed=reading.raw_hashed,
            name=_text(_told(self._type.title, obj)),
            updated_at=_text(obj.get("updated_at")),
            trashed=obj.get("deleted") is True,
            folder_id=_text(_told(self._type.in_folder, obj)),
            refs=_told(self._references, obj),
            redacted=redacted,
        )

    def _references(self, obj: dict[str, Any]) -> bytes | None:
        references = self._type.references(obj)
        grouped = {"has": _grouped(references.has), "needs": _grouped(references.needs)}
        kept = {kind: targets for kind, targets in grouped.items() if targets}
        return _encode(kept) if kept else None

    def _in_scope(self, item: Item) -> bool:
        return self._type.in_folder is None or self._scope.holds(item.folder_id)


def _told[T](by: Callable[[Any], T] | None, obj: dict[str, Any]) -> T | None:
    """What a type tells of an object: nothing where the object is not built as described."""
    try:
        return by(obj) if by else None
    except (AttributeError, LookupError, TypeError, ValueError):
        return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for kind, identity in sorted(set(pairs)):
        grouped.setdefault(kind, []).append(identity)
    return grouped
