"""In which pages what is due of a type is asked for. Only the orchestrator's thread uses it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lookervault.config.models import ParallelConfig
from lookervault.content.model import Batch, ContentType, Due, Entry
from lookervault.errors import NotFoundError, RefusedError
from lookervault.extraction.tasks import Done

_PROBE = 2
"""Ids in the first list that a server is asked for: it shows whether lists are understood."""


class Paging:
    """By lists of ids, where the server takes them, else by windows into the listing.

    `may_prove`: what only seems unchanged may be asked for, too; until then it waits.
    """

    def __init__(self, content_type: ContentType, config: ParallelConfig, *, known: bool) -> None:
        """`known`: a server that filled the vault by lists of ids is not expected to be another."""
        self.id_lists = content_type.source.id_lists
        self.may_prove = False
        self.probing = False
        self._type = content_type
        self._page_bytes = config.page_bytes
        self._largest = config.page_size
        self._known = known
        self._proven = not self.id_lists
        self._batches: Iterator[Batch] = iter(())
        self._waiting: list[Entry] = []
        self._to_prove: list[Entry] = []
        self._planned = self._most_rows = 0
        self._objects = self._bytes = 0

    @property
    def holds_back(self) -> bool:
        """Whether something waits for `may_prove`."""
        return bool(self._to_prove)

    def size(self) -> int:
        """Objects in a page: as many as asked for, unless objects like these would make it huge."""
        mean = max(1.0, self._bytes / max(1, self._objects)) if self._bytes else None
        return max(1, min(self._largest, int(self._page_bytes / (mean or self._type.typical_size))))

    def add(self, changed: Iterable[Entry], to_prove: Iterable[Entry] = ()) -> None:
        self._waiting += changed
        self._to_prove += to_prove

    def clear(self) -> None:
        self._waiting.clear()

    def next(self, *, listing: bool) -> Batch | None:
        """`listing`: more may come, so only whole pages are made."""
        while (batch := next(self._batches, None)) is None and (
            entries := self._plannable(listing=listing)
        ):
            self._plan(entries)
        if batch is not None and not self._proven and len(batch.entries) > 1:
            self.probing = True
        return batch

    def plan_anew(self, due: Iterable[Entry]) -> None:
        self._waiting = list(due)
        self._to_prove.clear()
        self._batches = iter(())
        self._planned = 0

    def settle(self, done: Done, batch: Batch) -> bool:
        """What came of a page. Returns whether lists of ids turned out not to be understood."""
        self._most_rows = max(self._most_rows, len(done.digest.ids))
        if not self.probing or len(batch.entries) <= 1:
            return False
        self.probing = False
        self._proven = True
        self.id_lists = self._understood(done)
        return not self.id_lists

    def count(self, objects: int, size: int) -> None:
        """Objects that came, and their bytes together."""
        self._objects += objects
        self._bytes += size

    def gives_fewer(self, left: int) -> bool:
        """Whether something came, and something is `left`: the server may give fewer rows than it
        is asked for, and pages of as many as it gives are cheaper than one call for each.
        """
        if not self.id_lists or not 1 < left < self._planned:
            return False
        self._largest = self._most_rows
        return True

    def _understood(self, done: Done) -> bool:
        """More than one of the ids came, and no others.

        In a vault that was filled by such lists, one of few ids may have lost the others.
        """
        if done.error is not None:
            return not isinstance(done.error, RefusedError | NotFoundError)
        return (self._known or len(done.digest.ids) > 1) and not done.digest.beside

    def _plannable(self, *, listing: bool) -> list[Entry]:
        waiting, self._waiting = self._waiting, []
        if not listing:
            if not waiting and self.may_prove:
                waiting, self._to_prove = self._to_prove, []
            return waiting
        entries: list[Entry] = []
        for part in dict.fromkeys(entry.part for entry in waiting):
            of_part = [entry for entry in waiting if entry.part == part]
            whole = len(of_part) // self.size() * self.size()
            entries += of_part[:whole]
            self._waiting += of_part[whole:]
        return entries

    def _plan(self, entries: list[Entry]) -> None:
        """Ids from the last to the first: a server that ignores them shows its first rows."""
        self._planned += len(entries)
        entries.sort(key=lambda entry: entry.part)
        if self.id_lists:
            entries.reverse()
        due = Due(self._type.name, entries, self._next_size, self.id_lists)
        self._batches = self._type.source.batches(due)

    def _next_size(self) -> int:
        return self.size() if self._proven or self._known else min(_PROBE, self.size())
