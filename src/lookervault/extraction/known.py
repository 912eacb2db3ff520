"""What the vault holds, for types that are listed by what other types contain."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from lookervault.content.canonical import Canon
from lookervault.content.model import Scope
from lookervault.storage.repository import Repository


class VaultKnown:
    """`content.model.Known` over a vault. Thread-safe as the vault is."""

    def __init__(self, vault: Repository, run: int, types: Collection[str], scope: Scope) -> None:
        self._vault = vault
        self._run = run
        self._types = types
        self._whole = scope.folders is None
        self._canon = Canon(())

    def objects(self, type_name: str) -> Iterator[tuple[str, Any]]:
        """What the run itself did not see may be gone, and only not be believed to be."""
        own = type_name in self._types
        seen = self._vault.confirmed(self._run, type_name) if own else ()
        for identity, body in self._vault.bodies(type_name):
            if not own or identity in seen:
                yield identity, self._decoded(body)

    def needed(self, type_name: str) -> set[str]:
        """Of the run's own types, what it saw counts; of others, what the vault has.

        A run over some folders looks at nothing but what it saw.
        """
        among = {name: self._vault.confirmed(self._run, name) for name in self._types}
        return self._vault.needed(type_name, among, others=self._whole)

    def _decoded(self, body: bytes) -> Any:
        try:
            return msgspec.json.decode(body)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return self._canon.read(body).obj or {}
