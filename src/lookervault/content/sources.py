"""The ways in which types are listed and fetched; special ones stand in their type's module."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from lookervault.content.listing import pages
from lookervault.content.model import (
    NOTHING_YET,
    Answer,
    Batch,
    Census,
    Due,
    Entry,
    Listed,
    Reader,
    Scope,
    Since,
    View,
)
from lookervault.content.operations import Operation
from lookervault.errors import NotFoundError

TRASH = "trash"
CENSUS_COLUMNS = "id,updated_at,folder_id,deleted,last_viewed_at,view_count"
"""Of content that lies in folders. The pass of the listing says what is in the trash, too."""


def singly(due: Due) -> Iterator[Batch]:
    """A batch for each entry: for what can only be asked for one by one."""
    for number, entry in enumerate(due.entries):
        yield Batch(due.type, number, (entry,), entry.part)


@dataclass(frozen=True, slots=True)
class Paged:
    """Listed by a search in big pages of a few columns, fetched by pages of ids.

    `parts` are the passes of the listing, by name, with the parameters that select each. With
    `one` None the search itself also serves single objects (where its rows are the richer form).

    Where there are several, all of them are listed twice in turn: what goes from one to another
    meanwhile, or there and back, is on one of the lists.
    """

    search: Operation
    one: Operation | None
    columns: str = "id"
    parts: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: {"": {}})
    folder_column: str | None = None
    id_lists: bool = True
    looks_again: bool = True

    @property
    def operations(self) -> tuple[Operation, ...]:
        return (self.search,) if self.one is None else (self.search, self.one)

    def census(self, view: View) -> Iterator[Listed | Answer]:
        passes = list(self.parts)
        for part in passes * min(2, len(passes)):
            yield from self._listed(view, part)

    def added(self, view: View, census: Census) -> Iterator[Listed]:
        for part in self.parts:
            yield from self._listed(view, part, census.since(census.parts.get(part, 0)))

    def _listed(self, view: View, part: str, since: Since = NOTHING_YET) -> Iterator[Listed]:
        params = {"fields": self.columns, "sorts": "id", **self.parts[part]}
        for _, rows in pages(view.read, self.search, params, since=since):
            yield Listed([entry_of(row, part) for row in rows if self._in_scope(row, view.scope)])

    def batches(self, due: Due) -> Iterator[Batch]:
        number = 0
        for part, group in groupby(due.entries, key=lambda entry: entry.part):
            entries = tuple(group)
            start = 0
            while start < len(entries):
                step = due.size()
                page = entries[start : start + step]
                if due.id_lists:
                    yield Batch(due.type, number, page, part)
                else:
                    yield Batch(due.type, number, page, part, offset=start, limit=step)
                number += 1
                start += step

    def fetch(self, read: Reader, batch: Batch) -> Iterator[Answer]:
        params = {**self.parts[batch.part], "sorts": "id"}
        if batch.offset is None:
            params["id"] = ",".join(entry.id for entry in batch.entries)
            params["limit"] = str(len(batch.entries))
        else:
            params |= {"limit": str(batch.limit), "offset": str(batch.offset)}
        yield Answer(read.get(self.search, params=params))

    def fetch_one(self, read: Reader, entry: Entry) -> Answer:
        if self.one is not None:
            return Answer(read.get(self.one, entry.id), id=entry.id)
        params = {**self.parts[entry.part], "id": entry.id, "limit": "1"}
        body = read.get(self.search, params=params)
        if body.strip() == b"[]":
            raise NotFoundError(f"{self.search.id} does not show {entry.id}")
        return Answer(body)

    def _in_scope(self, row: dict[str, Any], scope: Scope) -> bool:
        if self.folder_column is None:
            return True
        value = row.get(self.folder_column)
        return scope.holds(None if value is None else str(value))


def entry_of(row: Mapping[str, Any], part: str) -> Entry:
    """What a census row says."""
    viewed, views = row.get("last_viewed_at"), row.get("view_count")
    return Entry(
        str(row["id"]),
        row.get("updated_at"),
        part,
        folder_id=text(row.get("folder_id")),
        last_viewed_at=viewed if isinstance(viewed, str) else None,
        view_count=views if isinstance(views, int) else None,
    )


def text(id: Any) -> str | None:
    """An id as text, however the API spells it."""
    return None if id is None else str(id)


class Static:
    """A source to which nothing is added while its objects are fetched: one call lists and brings
    them all, or their ids come from what is in the vault.
    """

    __slots__ = ()

    def added(self, view: View, census: Census) -> Iterator[Listed]:
        del view, census
        return iter(())


@dataclass(frozen=True, slots=True)
class Whole(Static):
    """One call answers with every object, whole."""

    listing: Operation
    one: Operation | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    id_lists: bool = False
    looks_again: bool = True

    @property
    def operations(self) -> tuple[Operation, ...]:
        return (self.listing,) if self.one is None else (self.listing, self.one)

    def census(self, view: View) -> Iterator[Listed | Answer]:
        yield Answer(view.read.get(self.listing, params=self.params))

    def batches(self, due: Due) -> Iterator[Batch]:
        return singly(due)

    def fetch(self, read: Reader, batch: Batch) -> Iterator[Answer]:
        yield self.fetch_one(read, batch.entries[0])

    def fetch_one(self, read: Reader, entry: Entry) -> Answer:
        if self.one is None:
            raise NotFoundError(f"{self.listing.id} does not show {entry.id}")
        return Answer(read.get(self.one, entry.id), id=entry.id)


@dataclass(frozen=True, slots=True)
class Each(Static):
    """Objects that have to be asked for one by one; `ids` says from what is known which there are.

    `looks_again` is False: an id that `ids` no longer names is not part of the state any more,
    whether or not the API would still answer for it.
    """

    operations: tuple[Operation, ...]
    ids: Callable[[View], Sequence[Entry]]
    call: Callable[[Reader, Entry], bytes]
    id_lists: bool = False
    looks_again: bool = False

    def census(self, view: View) -> Iterator[Listed | Answer]:
        yield Listed(self.ids(view))

    def batches(self, due: Due) -> Iterator[Batch]:
        return singly(due)

    def fetch(self, read: Reader, batch: Batch) -> Iterator[Answer]:
        yield self.fetch_one(read, batch.entries[0])

    def fetch_one(self, read: Reader, entry: Entry) -> Answer:
        return Answer(self.call(read, entry), id=entry.id)
