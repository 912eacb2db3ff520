"""Items that the vault holds, asked for again one by one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from lookervault.content.canonical import Canon, elements
from lookervault.content.items import ItemReader, identity_of
from lookervault.content.model import Answer, Entry, Item, Listed, Reader, Scope, View
from lookervault.content.registry import TYPES
from lookervault.content.sources import TRASH, Each, Whole
from lookervault.errors import BadAnswerError, DamagedError, NotFoundError
from lookervault.storage.repository import Repository

type ReaderFor = Callable[[str], Reader]
"""Gives a reader that counts what it calls on the account of a type."""

_READINGS = 3
"""Times an answer that makes no sense is asked for."""


class Refetch:
    """Thread-safe. `lock` guards the listings, each of which is read once."""

    def __init__(self, vault: Repository, reader_for: ReaderFor) -> None:
        self._known = _Held(vault)
        self._reader_for = reader_for
        self._readers = {name: ItemReader(one) for name, one in TYPES.items()}
        self._identities = {name: identity_of(t.key) for name, t in TYPES.items() if t.key}
        self._listed: dict[str, dict[str, Entry]] = {}
        self._whole: dict[str, dict[str, bytes]] = {}
        self._lock = threading.Lock()

    def item(self, type_name: str, id: str, *, trashed: bool = False) -> Item:
        """As Looker has it now. Raises `NotFoundError` where it is gone, else `CallError`."""
        entry = self._entry(type_name, id, trashed=trashed)
        for reading in range(_READINGS):
            try:
                return self._read(type_name, entry)
            except BadAnswerError:
                if reading == _READINGS - 1:
                    raise
        raise AssertionError  # the last reading returns or raises

    def _read(self, type_name: str, entry: Entry) -> Item:
        answer = self._answer(type_name, entry)
        bodies = [answer.body] if answer.id is not None else elements(answer.body)
        for body in bodies:
            item = self._readers[type_name].read(answer, body)
            if item is not None and item.id == entry.id:
                return item
        raise BadAnswerError(f"{type_name} {entry.id} was asked for and did not come.")

    def _answer(self, type_name: str, entry: Entry) -> Answer:
        """Of a type whose listing is whole, what that shows is what was stored, and one call."""
        source = TYPES[type_name].source
        if not isinstance(source, Whole):
            return source.fetch_one(self._reader_for(type_name), entry)
        body = self._whole_listing(type_name).get(entry.id)
        if body is None:
            raise NotFoundError(f"{source.listing.id} does not show {entry.id}.")
        return Answer(body, id=entry.id)

    def _entry(self, type_name: str, id: str, *, trashed: bool) -> Entry:
        """What is not looked for by its id alone is asked for as its census names it."""
        source = TYPES[type_name].source
        if source.looks_again:
            return Entry(id, part=TRASH if trashed else "")
        listed = self._listing(type_name)
        if id not in listed and not isinstance(source, Each):
            raise NotFoundError(f"{type_name} {id} is not listed any more.")
        return listed.get(id, Entry(id))

    def _listing(self, type_name: str) -> dict[str, Entry]:
        with self._lock:
            if type_name not in self._listed:
                self._listed[type_name] = {
                    entry.id: entry
                    for part in self._census(type_name)
                    if isinstance(part, Listed)
                    for entry in part.entries
                }
            return self._listed[type_name]

    def _whole_listing(self, type_name: str) -> dict[str, bytes]:
        with self._lock:
            if type_name not in self._whole:
                identify = self._identities[type_name]
                bodies = (
                    body
                    for part in self._census(type_name)
                    if isinstance(part, Answer)
                    for body in elements(part.body)
                )
                self._whole[type_name] = {identify(body) or "": body for body in bodies}
            return self._whole[type_name]

    def _census(self, type_name: str) -> Iterator[Listed | Answer]:
        view = View(self._reader_for(type_name), self._known, Scope())
        return TYPES[type_name].source.census(view)


class _Held:
    """`content.model.Known` over a vault of which a part may be damaged. Thread-safe."""

    def __init__(self, vault: Repository) -> None:
        self._vault = vault
        self._canon = Canon(())

    def ids(self, type_name: str) -> list[str]:
        return sorted(self._vault.open_ids(type_name))

    def objects(self, type_name: str) -> Iterator[tuple[str, Any]]:
        for id in self.ids(type_name):
            try:
                body = self._vault.body(type_name, id)
            except DamagedError:
                continue
            if body is not None:
                yield id, self._decoded(body)

    def needed(self, type_name: str) -> set[str]:
        return self._vault.needed(type_name)

    def _decoded(self, body: bytes) -> Any:
        try:
            return msgspec.json.decode(body)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return self._canon.read(body).obj or {}
