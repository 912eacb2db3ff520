"""Which of what a census lists is due, and which is there already.

A first run, one that goes on with a stopped one, a nightly and a full one differ in nothing else.
What seems unchanged, by its `updated_at`, is taken for unchanged, except for a slice of it, which
is read all the same: `updated_at` is not trusted blindly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from lookervault.content.model import ContentType, Entry
from lookervault.content.sources import TRASH
from lookervault.storage.listing import Stamp
from lookervault.storage.proving import in_slice
from lookervault.storage.repository import Repository
from lookervault.storage.runs import PLACES, Proof

DEFAULT_PROVE = 100 / 14
"""Percent of what seems unchanged that a run reads: all of it in two weeks of nights."""


def slices(
    types: Iterable[ContentType],
    last: Mapping[str, Proof],
    *,
    held: Iterable[str],
    prove: float,
    full: bool,
) -> dict[str, Proof]:
    """What a run reads of each type. `last` is what the newest run read that was complete.

    A type in which changes were found that `updated_at` had hidden is read in full, until a run
    finds none. So is one of which nothing is there.
    """
    there = set(held)
    return {
        one.name: _slice(one, last.get(one.name), prove=prove, full=full or one.name not in there)
        for one in types
    }


def _slice(one: ContentType, last: Proof | None, *, prove: float, full: bool) -> Proof:
    if full or not (one.stamped or one.immutable):
        return Proof(type=one.name)
    if one.immutable:
        return Proof(type=one.name, width=0)
    if last is not None and last.silent:
        return Proof(type=one.name)
    start = 0 if last is None or last.is_full else (last.start + last.width) % PLACES
    return Proof(type=one.name, start=start, width=math.ceil(prove / 100 * PLACES))


class Unchanged:
    """Of one type in one run. `before`: what the run stored before it was stopped."""

    def __init__(
        self,
        content_type: ContentType,
        vault: Repository,
        run: int,
        proof: Proof,
        before: set[str],
    ) -> None:
        self._type = content_type
        self._vault = vault
        self._run = run
        self._proof = proof
        self._before = before
        self._ids: set[str] = set()
        self._doubted: set[str] = set()
        self._stamps: dict[str, Stamp] = {}
        if before or content_type.stamped or content_type.immutable:
            self._stamps = vault.stamps(content_type.name)

    @property
    def is_first(self) -> bool:
        """Whether nothing is there that could be unchanged."""
        return not self._stamps

    def due(self, listed: Mapping[str, Entry]) -> dict[str, Entry]:
        """Those that are to be read."""
        return {i: entry for i, entry in listed.items() if self._is_due(entry)}

    def _is_due(self, entry: Entry) -> bool:
        stamp = self._stamps.get(entry.id)
        if stamp is None or not as_it_was(entry, stamp):
            return True
        can_be_taken = self._type.immutable or entry.updated_at is not None
        if can_be_taken and stamp.first_run < self._run:
            if not in_slice(self._proof, self._key(entry.id, stamp)):
                self._ids.add(entry.id)
                return False
            if not self._type.immutable:
                self._doubted.add(entry.id)
        return entry.id not in self._before

    def _key(self, id: str, stamp: Stamp) -> str:
        return self._type.slice_key(id, trashed=stamp.trashed, folder_id=stamp.folder_id)

    def is_doubted(self, identity: str) -> bool:
        """Whether it is read though it seems unchanged."""
        return identity in self._doubted

    def confirm(self) -> None:
        """Writes that what was taken for unchanged is there."""
        if self._ids:
            self._vault.touch(self._run, self._type.name, sorted(self._ids))

    def proof(self, items: int) -> Proof:
        """What the run read, of `items` that it confirmed."""
        return Proof(
            type=self._type.name,
            start=self._proof.start,
            width=self._proof.width,
            read=max(0, items - len(self._ids)),
            proven=len(self._doubted),
            silent=self._vault.proving().silent_changes(self._run, self._type.name),
        )


def as_it_was(entry: Entry, stamp: Stamp) -> bool:
    """Whether a census row speaks of the state that is stored."""
    if (entry.part == TRASH) != stamp.trashed:
        return False
    if entry.folder_id is not None and entry.folder_id != stamp.folder_id:
        return False
    return entry.updated_at is None or entry.updated_at == stamp.updated_at
