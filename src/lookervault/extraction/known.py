"""What the vault holds, for types that are listed by what other types contain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from lookervault.content.canonical import Canon
from lookervault.storage.repository import Repository


class VaultKnown:
    """`content.model.Known` over a vault. Thread-safe as the vault is."""

    def __init__(self, stored: Repository) -> None:
        self._stored = stored
        self._canon = Canon(())

    def objects(self, type_name: str) -> Iterator[tuple[str, Any]]:
        for identity, body in self._stored.bodies(type_name):
            yield identity, self._decoded(body)

    def needed(self, type_name: str) -> set[str]:
        needs = self._stored.references("needs", type_name)
        return needs - self._stored.references("has", type_name)

    def _decoded(self, body: bytes) -> Any:
        try:
            return msgspec.json.decode(body)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return self._canon.read(body).obj or {}
