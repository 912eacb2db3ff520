"""Alerts of all owners. One search shows the enabled half, another the disabled one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lookervault.content import operations as op
from lookervault.content.listing import pages
from lookervault.content.model import (
    Answer,
    Batch,
    ContentType,
    Due,
    Entry,
    Listed,
    Reader,
    References,
    View,
)
from lookervault.content.operations import Operation
from lookervault.content.sources import Static, singly

ROWS = 2000


@dataclass(frozen=True, slots=True)
class Alerts(Static):
    """Read whole, in both halves, then listed once more.

    The search has neither ids nor an order to ask for, so only a second listing shows whether
    something slipped from page to page, or from one half to the other, while it was read.
    """

    operations: tuple[Operation, ...] = (op.SEARCH_ALERTS, op.GET_ALERT)
    id_lists: bool = False
    looks_again: bool = True

    def census(self, view: View) -> Iterator[Listed | Answer]:
        halves = [{"all_owners": "true", "disabled": value} for value in ("false", "true")]
        for half in halves:
            for body, _ in pages(view.read, op.SEARCH_ALERTS, half, limit=ROWS):
                yield Answer(body)
        for half in halves:
            for _, rows in pages(view.read, op.SEARCH_ALERTS, {**half, "fields": "id"}):
                yield Listed([Entry(str(row["id"])) for row in rows])

    def batches(self, due: Due) -> Iterator[Batch]:
        return singly(due)

    def fetch(self, read: Reader, batch: Batch) -> Iterator[Answer]:
        yield self.fetch_one(read, batch.entries[0])

    def fetch_one(self, read: Reader, entry: Entry) -> Answer:
        return Answer(read.get(op.GET_ALERT, entry.id), id=entry.id)


def _references(alert: Any) -> References:
    return References(needs=[("queries", str(alert["query_id"]))] if alert.get("query_id") else ())


def _title(alert: Any) -> str | None:
    field = alert.get("field")
    measured = field.get("title") if isinstance(field, dict) else None
    return alert.get("custom_title") or measured


TYPE = ContentType(
    name="alerts",
    schema="Alert",
    holds="alerts on dashboard tiles, enabled and disabled, of all owners",
    permission="Admin (others see only their own and public ones)",
    cost="2 x (N/2000 + 1) + 2 x (N/5000 + 1)",
    source=Alerts(),
    noise=(
        "followed",
        "followable",
        "owner_display_name",
        "investigative_content_title",
        "time_series_condition_state",
    ),
    references=_references,
    title=_title,
    typical_size=1_500,
)
