"""Queries that something refers to by id and nothing embeds. A query never changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lookervault.content import operations as op
from lookervault.content.model import ContentType, Entry, Reader, View
from lookervault.content.sources import Each

QUERY_NOISE = ("can", "share_url", "expanded_share_url")


def prefixed(prefix: str, paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{prefix}.{path}" for path in paths)


def _needed(view: View) -> Sequence[Entry]:
    return [Entry(i) for i in sorted(view.known.needed("queries"))]


def _call(read: Reader, entry: Entry) -> bytes:
    return read.get(op.QUERY, entry.id)


TYPE = ContentType(
    name="queries",
    schema="Query",
    holds="queries that merged queries, alerts and schedules name by id; asked for once, ever",
    permission="access_data on the query's model",
    cost="N, once each",
    in_scope=True,
    source=Each((op.QUERY,), _needed, _call),
    after=("dashboards", "looks", "merge_queries", "alerts", "scheduled_plans"),
    noise=QUERY_NOISE,
    title=lambda query: f"{query.get('model')}/{query.get('view')}",
    immutable=True,
)
