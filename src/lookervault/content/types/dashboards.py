"""User-defined dashboards, with the trash. LookML dashboards live in Git and are not content."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lookervault.content import operations as op
from lookervault.content.model import ContentType, References
from lookervault.content.sources import CENSUS_COLUMNS, TRASH, Paged
from lookervault.content.types.queries import QUERY_NOISE, prefixed

_ELEMENT_NOISE = (
    "can",
    "alert_count",
    "look",
    "certification_metadata.user_name",
    *prefixed("query", QUERY_NOISE),
    *prefixed("result_maker.query", QUERY_NOISE),
)


def _elements(dashboard: Any) -> Iterator[dict[str, Any]]:
    elements = dashboard.get("dashboard_elements") or ()
    return (element for element in elements if isinstance(element, dict))


def _references(dashboard: Any) -> References:
    has: set[tuple[str, str]] = set()
    needs: set[tuple[str, str]] = set()
    for element in _elements(dashboard):
        maker = element.get("result_maker") or {}
        for holder in (element, maker):
            if isinstance(query := holder.get("query"), dict) and query.get("id"):
                has.add(("queries", str(query["id"])))
            for key, kind in (("query_id", "queries"), ("merge_result_id", "merge_queries")):
                if holder.get(key):
                    needs.add((kind, str(holder[key])))
        if element.get("look_id"):
            needs.add(("looks", str(element["look_id"])))
    return References(has, needs - has)


def _folder(dashboard: Any) -> str | None:
    value = dashboard.get("folder_id")
    return None if value is None else str(value)


TYPE = ContentType(
    name="dashboards",
    schema="Dashboard",
    holds="user-defined dashboards: tiles with their queries, filters, layouts; the trash too",
    permission="see_user_dashboards in every folder and model (Admin sees all)",
    cost="N/P + 2 x (N/5000 + 1) + 2 x (trash/5000 + 1) + 4",
    in_scope=True,
    source=Paged(
        op.SEARCH_DASHBOARDS,
        op.DASHBOARD,
        columns=CENSUS_COLUMNS,
        parts={TRASH: {"deleted": "true"}, "": {"deleted": "false"}},
        folder_column="folder_id",
    ),
    noise=(
        "can",
        "content_favorite_id",
        "favorite_count",
        "view_count",
        "usage_count",
        "last_accessed_at",
        "last_viewed_at",
        "last_updater_name",
        "user_name",
        "is_owner_disabled",
        "folder",
        "certification_metadata.user_name",
        *prefixed("dashboard_elements[]", _ELEMENT_NOISE),
        "dashboard_filters[].can",
        "dashboard_layouts[].can",
        "dashboard_layouts[].dashboard_title",
        "dashboard_layouts[].dashboard_layout_components[].can",
    ),
    references=_references,
    in_folder=_folder,
    stamped=True,
    typical_size=60_000,
)
