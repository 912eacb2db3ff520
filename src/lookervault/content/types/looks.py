"""Looks, with their query. The search's rows have none, so looks are fetched folder by folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from lookervault.content import operations as op
from lookervault.content.listing import pages
from lookervault.content.model import (
    NOTHING_YET,
    Answer,
    Batch,
    Census,
    ContentType,
    Due,
    Entry,
    Listed,
    Reader,
    References,
    Since,
    View,
)
from lookervault.content.operations import Operation
from lookervault.content.sources import CENSUS_COLUMNS, TRASH, entry_of
from lookervault.content.types.queries import QUERY_NOISE, prefixed


@dataclass(frozen=True, slots=True)
class Looks:
    """A call per folder that holds looks which are due; one per look in the trash.

    `Entry.part` is the look's folder. A folder with a single look that is due is no cheaper by
    folder than by id, and by id nothing else comes along.
    """

    operations: tuple[Operation, ...] = (op.SEARCH_LOOKS, op.FOLDER_LOOKS, op.LOOK)
    id_lists: bool = False
    looks_again: bool = True

    def census(self, view: View) -> Iterator[Listed | Answer]:
        # Twice in turn: what goes to the trash, or there and back, is on one of the lists.
        for trashed in (True, False) * 2:
            yield from self._listed(view, trashed=trashed)

    def added(self, view: View, census: Census) -> Iterator[Listed]:
        in_trash = census.parts.get(TRASH, 0)
        living = sum(census.parts.values()) - in_trash
        yield from self._listed(view, trashed=False, since=census.since(living))
        yield from self._listed(view, trashed=True, since=census.since(in_trash))

    def _listed(self, view: View, *, trashed: bool, since: Since = NOTHING_YET) -> Iterator[Listed]:
        deleted = "true" if trashed else "false"
        params = {"fields": CENSUS_COLUMNS, "sorts": "id", "deleted": deleted}
        for _, rows in pages(view.read, op.SEARCH_LOOKS, params, since=since):
            inside = [row for row in rows if view.scope.holds(_folder(row))]
            yield Listed(
                [entry_of(row, TRASH if trashed else _folder(row) or "") for row in inside]
            )

    def batches(self, due: Due) -> Iterator[Batch]:
        number = 0
        for part, group in groupby(sorted(due.entries, key=_part), key=_part):
            entries = tuple(group)
            whole_folder = part not in ("", TRASH) and len(entries) > 1
            for page in (entries,) if whole_folder else ((entry,) for entry in entries):
                yield Batch(due.type, number, page, part)
                number += 1

    def fetch(self, read: Reader, batch: Batch) -> Iterator[Answer]:
        if len(batch.entries) > 1:
            yield Answer(read.get(op.FOLDER_LOOKS, batch.part))
        else:
            yield self.fetch_one(read, batch.entries[0])

    def fetch_one(self, read: Reader, entry: Entry) -> Answer:
        return Answer(read.get(op.LOOK, entry.id), id=entry.id)


def _part(entry: Entry) -> str:
    return entry.part


def _folder(row: Any) -> str | None:
    value = row.get("folder_id")
    return None if value is None else str(value)


def _references(look: Any) -> References:
    query = look.get("query")
    if isinstance(query, dict) and query.get("id"):
        return References(has=[("queries", str(query["id"]))])
    return References(needs=[("queries", str(look["query_id"]))] if look.get("query_id") else ())


TYPE = ContentType(
    name="looks",
    schema="LookWithQuery",
    holds="looks with their query; the trash too",
    permission="see_looks in every folder and model (Admin sees all)",
    cost="folders that hold looks + trash + 2 x (N/5000 + 1) + 2 x (trash/5000 + 1) + 2",
    in_scope=True,
    source=Looks(),
    noise=(
        "can",
        "content_favorite_id",
        "favorite_count",
        "view_count",
        "usage_count",
        "last_accessed_at",
        "last_viewed_at",
        "user_name",
        "is_owner_disabled",
        "folder",
        "certification_metadata.user_name",
        "embed_url",
        "excel_file_url",
        "google_spreadsheet_formula",
        "image_embed_url",
        "public_url",
        "short_url",
        *prefixed("query", QUERY_NOISE),
    ),
    references=_references,
    in_folder=_folder,
    stamped=True,
    typical_size=3_000,
)
