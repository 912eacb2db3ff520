"""What the vault holds, for types that are listed by what other types contain."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from typing import Any

import msgspec

from lookervault.content.canonical import Canon, elements
from lookervault.content.items import ItemReader
from lookervault.content.model import Listed, Reader, Scope, View
from lookervault.content.registry import TYPES
from lookervault.errors import AccessError, NoKeyError, NotFoundError
from lookervault.storage.repository import Repository


class VaultKnown:
    """`content.model.Known` over a vault. Thread-safe as the vault is.

    Where the vault's bodies are elsewhere and may not be read, Looker is asked for them again:
    `reader_for` a type.
    """

    def __init__(
        self,
        vault: Repository,
        run: int,
        types: Collection[str],
        scope: Scope,
        reader_for: Callable[[str], Reader],
    ) -> None:
        self._vault = vault
        self._run = run
        self._types = types
        self._scope = scope
        self._reader_for = reader_for
        self._canon = Canon(())

    def ids(self, type_name: str) -> list[str]:
        """What the run itself did not see may be gone, and only not be believed to be."""
        if type_name in self._types:
            return sorted(self._vault.confirmed(self._run, type_name))
        return sorted(self._vault.open_ids(type_name))

    def objects(self, type_name: str) -> Iterator[tuple[str, Any]]:
        """Of `ids`."""
        left = set(self.ids(type_name))
        try:
            for id, body in self._vault.bodies(type_name):
                if id in left:
                    left.discard(id)
                    yield id, self._decoded(body)
        except (AccessError, NoKeyError):
            pass  # and the error is let go of before Looker is asked, with what it holds open
        else:
            return
        for id, body in self._asked_again(type_name, left):
            yield id, self._decoded(body)

    def _asked_again(self, type_name: str, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """Those of them that are still there."""
        source, read = TYPES[type_name].source, self._reader_for(type_name)
        items = ItemReader(TYPES[type_name])
        for part in source.census(View(read, self, self._scope)):
            if isinstance(part, Listed):
                for entry in part.entries:
                    if entry.id in wanted:
                        with suppress(NotFoundError):
                            yield entry.id, source.fetch_one(read, entry).body
            else:
                for body in elements(part.body):
                    item = items.read(part, body)
                    if item is not None and item.id in wanted:
                        yield item.id, item.body

    def needed(self, type_name: str) -> set[str]:
        """Of the run's own types, what it saw counts; of others, what the vault has.

        A run over some folders looks at nothing but what it saw.
        """
        among = {name: self._vault.confirmed(self._run, name) for name in self._types}
        return self._vault.needed(type_name, among, others=self._scope.folders is None)

    def _decoded(self, body: bytes) -> Any:
        try:
            return msgspec.json.decode(body)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return self._canon.read(body).obj or {}
