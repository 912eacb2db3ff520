"""How an item is written to a file, and that the file says the same.

What is read back from the file has the item's content hash: noise is left out, numbers stay as
they are spelled. An item that is hashed by its bytes is written byte for byte.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from lookervault.content.canonical import Canon
from lookervault.content.items import ItemReader
from lookervault.content.model import Answer, ContentType, Item
from lookervault.content.unseen import escaped_json
from lookervault.errors import BadAnswerError
from lookervault.storage.versions import Version, told_by
from lookervault.tree import yaml
from lookervault.tree.marker import TOLD, Entry

_encode = msgspec.json.Encoder(order="sorted").encode


class Writer:
    """Writes the items of one type. Immutable, thread-safe."""

    def __init__(self, content_type: ContentType, files: str) -> None:
        self._type = content_type
        self._canon = Canon(content_type.noise, unordered=content_type.unordered)
        self._reader = ItemReader(content_type)
        self._yaml = files == "yaml"

    def write(self, version: Version, body: bytes, path: str) -> tuple[bytes, Entry]:
        """The file, and what the index says of it."""
        data, obj = self._pretty(body)
        item = None if data is None else self._read(version.id, data)
        if item is None or item.hash != version.hash:
            exact = self._read(version.id, body)
            if data is None or (exact is not None and exact.hash == version.hash):
                data, obj, item = body, None, exact
        if self._yaml and obj is not None:
            try:
                data = yaml.dump(obj).encode()
            except RecursionError:
                data = body
        return body if data is None else data, _entry(version, self._type.name, path, item)

    def _pretty(self, body: bytes) -> tuple[bytes | None, Any]:
        try:
            obj = self._canon.spelled(body)
            return msgspec.json.format(_escaped(_encode(obj)), indent=2) + b"\n", obj
        except (RecursionError, ValueError, msgspec.MsgspecError):
            return None, None

    def _read(self, id: str, body: bytes) -> Item | None:
        try:
            return self._reader.read(Answer(body, id), body)
        except BadAnswerError:
            return None


def _escaped(line: bytes) -> bytes:
    """Before it has lines of its own: each of their ends would be looked at."""
    if line.isascii() and b"\x7f" not in line:  # the encoder escapes what is below a blank
        return line
    return escaped_json(line.decode()).encode()


def _entry(version: Version, type_name: str, path: str, item: Item | None) -> Entry:
    """What the file does not tell of the version is told here."""
    read = {} if item is None else told_by(item)
    told = {k: getattr(version, k) for k in TOLD if read.get(k, ...) != getattr(version, k)}
    if "trashed" in told:
        told["trashed"] = bool(told["trashed"])
    if "redacted" in told:
        told["redacted"] = json.loads(told["redacted"] or "[]")
    return Entry(path=path, type=type_name, id=version.id, **told)


def read_item(reader: ItemReader, entry: Entry, body: bytes) -> Item:
    """The item that `Writer` wrote. Raises `BadAnswerError` where the file holds another one."""
    item = reader.read(Answer(body, entry.id), body)
    if item is None:
        raise BadAnswerError(f"{entry.type} {entry.id} has no identity")
    told = {k: v for k in TOLD if (v := getattr(entry, k)) is not msgspec.UNSET}
    if "refs" in told:
        told["refs"] = None if told["refs"] is None else told["refs"].encode()
    if "redacted" in told:
        told["redacted"] = tuple(told["redacted"])
    return msgspec.structs.replace(item, **told)
