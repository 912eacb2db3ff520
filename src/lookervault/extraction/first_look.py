"""What there is of types that no run has read: counted in the cheapest calls, before a first run.

Ids and a few columns are listed. What only whole objects tell (which folders have access lists of
their own, which queries nothing embeds) is taken from some of them for all. Nothing is stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any, Protocol

from lookervault.content import costs
from lookervault.content import operations as op
from lookervault.content.model import (
    CENSUS_LIMIT,
    ContentType,
    Entry,
    Listed,
    Reader,
    Scope,
    View,
)
from lookervault.content.operations import Operation
from lookervault.content.sources import TRASH, Paged, Whole
from lookervault.errors import CallError, RefusedError
from lookervault.extraction.estimate import Found
from lookervault.extraction.sample import Sample, needs
from lookervault.extraction.shelf import entry_of
from lookervault.extraction.survey import HALVES, TILES, those_others_need_first
from lookervault.extraction.visibility import decoded

_DASHBOARDS = 1000
"""What people build changes over the years."""
_WHOLE = 10
_PARENTS = 3
_MERGED = 4
"""Answers from which is taken what there is in all."""
_ROUND = 100
"""A page of a round number of rows may have been cut there."""
_COLUMNS = {
    "looks": "id,folder_id,query_id",
    "folders": "id,parent_id,content_metadata_id",
    "boards": "id,content_metadata_id",
    "scheduled_plans": "id,query_id",
    "user_attributes": "id",
}
"""Of what others are found by; of all other types that one call reads, nothing is asked."""


class Source(Protocol):
    """Whoever calls on a type's account: `extraction.retry.Calls`."""

    def for_type(self, owner: str) -> Reader: ...


def look(
    calls: Source, types: Sequence[ContentType], *, dashboards: int = _DASHBOARDS
) -> dict[str, Found]:
    """By type. What is refused costs the call that is refused, and what is found in it nothing.

    The tiles of so many of the oldest and of the newest `dashboards` stand for all.
    """
    eyes = _Eyes(calls, types, dashboards)
    return {one.name: eyes.found(one) for one in those_others_need_first(types)}


class _Eyes:
    def __init__(self, calls: Source, types: Sequence[ContentType], dashboards: int) -> None:
        self._most = dashboards
        self._calls = calls
        self._sample = Sample(types)
        self._types = {one.name: one for one in types}
        self._stands_for: dict[str, float] = {}
        """How many dashboards one stands for whose tiles were looked at, by id."""

    def found(self, one: ContentType) -> Found:
        read = self._calls.for_type(one.name)
        try:
            if one.name == "dashboards":
                return self._dashboards(one, read)
            if one.name == "alerts":
                return self._alerts(one, read)
            if costs.parts_of(one):
                return self._listed(one, read)
            if isinstance(one.source, Whole):
                return self._whole(one, read)
            return self._inside(one, read)
        except CallError as error:
            return Found(listed=1, refused=error.reason)

    # What is listed.

    def _listed(self, one: ContentType, read: Reader) -> Found:
        columns = _COLUMNS.get(one.name, "id,folder_id" if one.stamped else "id")
        entries = [
            entry for part in costs.parts_of(one) for entry in self._part(one, read, part, columns)
        ]
        return Found(entries, listed=costs.census(one, entries))

    def _part(self, one: ContentType, read: Reader, part: str, columns: str) -> list[Entry]:
        params = _params(one, part) | {"fields": columns, "sorts": "id"}
        rows = list(_rows(read, one.source.operations[0], params))
        self._sample.add(one.name, {str(row.get("id")): row for row in rows})
        return [_entry(one, row, part) for row in rows]

    def _dashboards(self, one: ContentType, read: Reader) -> Found:
        """Where there are not too many, the calls that show their tiles show all of them."""
        entries: list[Entry] = []
        for part in costs.parts_of(one):
            rows = self._tiles(one, read, part)
            found = [_entry(one, row, part) for row in rows]
            if len(rows) == self._most:
                found = self._part(one, read, part, "id")
                newest = max(self._most, len(found) - self._most)
                rows += self._tiles(one, read, part, offset=newest)
            entries += found
            shown = {str(row.get("id")): row for row in rows}
            self._sample.add(one.name, shown)
            self._stands_for |= dict.fromkeys(shown, len(found) / max(1, len(shown)))
        mean = self._mean(read) if entries else 0
        return Found(entries, listed=costs.census(one, entries), mean=mean)

    def _tiles(
        self, one: ContentType, read: Reader, part: str, offset: int = 0
    ) -> list[dict[str, Any]]:
        window = {"limit": str(self._most), "offset": str(offset), "sorts": "id"}
        params = _params(one, part) | {"fields": TILES} | window
        return _few(read, op.SEARCH_DASHBOARDS, params)

    def _mean(self, read: Reader) -> float:
        """Bytes of a dashboard: those of a tile in some, times the tiles that were looked at."""
        params = {"deleted": "false", "limit": str(_WHOLE), "sorts": "id"}
        body = read.get(op.SEARCH_DASHBOARDS, params=params)
        whole = decoded(body, op.SEARCH_DASHBOARDS, list[dict[str, Any]])
        looked_at = [_size(row) for _, row in self._sample.objects("dashboards")]
        return len(body) / max(1, sum(map(_size, whole))) * fmean(looked_at or [0])

    def _alerts(self, one: ContentType, read: Reader) -> Found:
        halves = []
        for half in HALVES:
            rows = list(_rows(read, op.SEARCH_ALERTS, {**half, "fields": "id,query_id"}))
            self._sample.add(one.name, {str(row.get("id")): row for row in rows})
            halves.append(len(rows))
        return Found(listed=costs.alerts(halves), rows=sum(halves))

    def _whole(self, one: ContentType, read: Reader) -> Found:
        if one.name not in _COLUMNS or not isinstance(one.source, Whole):
            return Found(listed=1)
        params = {**one.source.params, "fields": _COLUMNS[one.name]}
        rows = _few(read, one.source.listing, params)
        self._sample.add(one.name, {str(row.get("id")): row for row in rows})
        return Found(listed=1, rows=len(rows))

    # What is found in others.

    def _inside(self, one: ContentType, read: Reader) -> Found:
        if one.name == "content_metadata":
            return self._metadata(one, read)
        if one.name == "merge_queries":
            return self._merged(one, read)
        if one.name == "queries":
            return self._queries()
        entries = self._census(one, read)
        if one.name == "content_metadata_access":
            return Found(entries, beside=self._more_access_lists())
        return Found(entries)

    def _census(self, one: ContentType, read: Reader) -> list[Entry]:
        listed = one.source.census(View(read, self._sample, Scope()))
        return [entry for part in listed if isinstance(part, Listed) for entry in part.entries]

    def _metadata(self, one: ContentType, read: Reader) -> Found:
        """The first folders in which most are: their answers tell how many do not inherit."""
        entries = self._census(one, read)
        inside = self._folders_inside()
        for entry in sorted(entries, key=lambda e: -inside.get(e.id, 0))[:_PARENTS]:
            body = one.source.fetch_one(read, entry).body
            rows = decoded(body, op.ALL_CONTENT_METADATAS, list[dict[str, Any]])
            self._sample.add(one.name, {entry.id: rows})
        return Found(entries, listed=1 if entries else 0)

    def _folders_inside(self) -> dict[str, int]:
        counted: dict[str, int] = {}
        for _, folder in self._sample.objects("folders"):
            parent = str(folder.get("parent_id"))
            counted[parent] = counted.get(parent, 0) + 1
        return counted

    def _more_access_lists(self) -> float:
        """In folders that were not looked into; the fullest one is often of another kind."""
        inside = self._folders_inside()
        looked = dict(self._sample.objects("content_metadata"))
        fullest = max(looked, key=lambda i: inside.get(i, 0), default="")
        told = [
            row for i, rows in looked.items() if i != fullest or len(looked) == 1 for row in rows
        ]
        folders = [row for row in told if row.get("folder_id")]
        own = [row for row in folders if row.get("inherits") is False]
        rest = sum(count for i, count in inside.items() if i not in looked and i != "None")
        return rest * len(own) / len(folders) if folders else 0.0

    def _merged(self, one: ContentType, read: Reader) -> Found:
        ids = sorted(self._sample.needed("merge_queries"))
        for i in ids[:: max(1, len(ids) // _MERGED)][:_MERGED]:
            body = one.source.fetch_one(read, Entry(i)).body
            self._sample.add(one.name, {i: decoded(body, op.MERGE_QUERY, dict[str, Any])})
        return Found([Entry(i) for i in ids], beside=self._merges() - len(ids))

    def _merges(self) -> float:
        """Merged queries in all dashboards. One that several show is counted where it is first."""
        stands_for: dict[str, float] = {}
        for dashboard, kind, i in self._in_tiles():
            if kind == "merge_queries":
                stands_for.setdefault(i, self._stands_for.get(dashboard, 1.0))
        return sum(stands_for.values())

    def _in_tiles(self) -> Iterator[tuple[str, str, str]]:
        one = self._types["dashboards"]  # merged queries are found in them
        for dashboard, obj in self._sample.objects(one.name):
            yield from ((dashboard, kind, i) for kind, i in needs(one, obj))

    def _queries(self) -> Found:
        """Those that alerts, schedules and merged queries name and no tile or look has."""
        in_looks = self._named("looks")
        in_tiles = self._named("dashboards")
        times = max(self._stands_for.values(), default=1.0)
        merged = self._named("merge_queries") - in_tiles - in_looks
        others = (self._named("alerts") | self._named("scheduled_plans")) - in_looks - merged
        known = others - in_tiles
        hidden = min(len(known), len(others & in_tiles) * (times - 1))
        looked = [i for i, _ in self._sample.objects("merge_queries")]
        of_merged = len(merged) * self._merges() / len(looked) if looked else 0.0
        return Found(beside=len(known) - hidden + of_merged)

    def _named(self, name: str) -> set[str]:
        one = self._types.get(name)
        if one is None:
            return set()
        return {
            i
            for _, obj in self._sample.objects(name)
            for kind, i in needs(one, obj)
            if kind == "queries"
        }


def _params(one: ContentType, part: str) -> dict[str, str]:
    if isinstance(one.source, Paged):
        return dict(one.source.parts[part])
    return {"deleted": "true" if part == TRASH else "false"}


def _entry(one: ContentType, row: Mapping[str, Any], part: str) -> Entry:
    folder = row.get("folder_id")
    return entry_of(
        one,
        str(row.get("id")),
        trashed=part == TRASH,
        folder=None if folder is None else str(folder),
    )


def _size(dashboard: Mapping[str, Any]) -> int:
    """In tiles; what else there is of it is as large as one."""
    return 1 + len(dashboard.get("dashboard_elements") or ())


def _rows(
    read: Reader, operation: Operation, params: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Without the proof that a run asks for: a page that is not full is the last one."""
    offset = 0
    while True:
        window = {"limit": str(CENSUS_LIMIT), "offset": str(offset)}
        rows = decoded(
            read.get(operation, params={**params, **window}), operation, list[dict[str, Any]]
        )
        yield from rows
        if not rows or len(rows) % _ROUND:
            return
        offset += len(rows)


def _few(read: Reader, operation: Operation, params: Mapping[str, str]) -> list[dict[str, Any]]:
    try:
        body = read.get(operation, params=params)
    except RefusedError:  # it may be the columns that were not understood
        body = read.get(operation, params={k: v for k, v in params.items() if k != "fields"})
    return decoded(body, operation, list[dict[str, Any]])
