"""Merged queries of dashboard tiles. A merged query never changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lookervault.content import operations as op
from lookervault.content.model import (
    ContentType,
    Entry,
    Reader,
    References,
    View,
)
from lookervault.content.sources import Each


def _needed(view: View) -> Sequence[Entry]:
    return [Entry(i) for i in sorted(view.known.needed("merge_queries"))]


def _call(read: Reader, entry: Entry) -> bytes:
    return read.get(op.MERGE_QUERY, entry.id)


def _references(merge_query: Any) -> References:
    sources = merge_query.get("source_queries") or ()
    ids = (source.get("query_id") for source in sources if isinstance(source, dict))
    return References(needs=[("queries", str(i)) for i in ids if i])


TYPE = ContentType(
    name="merge_queries",
    schema="MergeQuery",
    holds="merged queries that dashboard tiles name by id; asked for once, ever",
    permission="see_user_dashboards and access_data on the models involved",
    cost="N, once each",
    in_scope=True,
    source=Each((op.MERGE_QUERY,), _needed, _call),
    typical_size=700,
    after=("dashboards",),
    noise=("can",),
    references=_references,
    immutable=True,
)
