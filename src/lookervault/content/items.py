"""From an object's bytes to the item that is stored: secrets cut, hashed, named, identified."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from lookervault.content.canonical import Canon, Reading, member, split
from lookervault.content.model import Answer, ContentType, Item
from lookervault.content.redaction import Redactor
from lookervault.errors import BadAnswerError

_encode = msgspec.json.Encoder(order="sorted").encode


class ItemReader:
    """Reads the objects of one type. Immutable, thread-safe."""

    def __init__(self, content_type: ContentType) -> None:
        self._type = content_type
        self._canon = Canon(content_type.noise, unordered=content_type.unordered)
        self._redactor = Redactor(content_type.secrets)

    def read(self, answer: Answer, body: bytes) -> Item | None:
        """`body` is an object of the answer. None where it has no identity.

        Raises `BadAnswerError` where it is not what was asked for.
        """
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
        return None if self._type.key is None else _identity(body, reading.obj, self._type.key)

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


def _identity(body: bytes, obj: Any, key: str) -> str | None:
    if isinstance(obj, dict):
        value = obj.get(key)
        return None if value is None else str(value)
    return member(body, key)


_FOUND = "found"
_INTEGER = re.compile(rb"0|-?[1-9][0-9]*")


def identity_of(key: str) -> Callable[[bytes], str | None]:
    """Reads what identifies an object, as an `ItemReader` does, without decoding the rest of it.

    Ten times as fast: `verify` asks it of each body.
    """
    fields = [(_FOUND, msgspec.Raw, msgspec.field(default=msgspec.Raw(b"null")))]
    shape = msgspec.defstruct("Identified", fields, rename={_FOUND: key})
    decode = msgspec.json.Decoder(shape).decode
    canon = Canon(())

    def identity(body: bytes) -> str | None:
        try:
            found = bytes(getattr(decode(body), _FOUND))
            if found.startswith(b'"'):
                text: str = msgspec.json.decode(found)
                return text
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            found = b""
        if _INTEGER.fullmatch(found):
            return found.decode()
        return _identity(body, canon.read(body).obj, key)

    return identity
