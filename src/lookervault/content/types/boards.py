"""Boards with their sections and items."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lookervault.content import operations as op
from lookervault.content.model import ContentType, References
from lookervault.content.sources import Whole


def _items(board: Any) -> Iterator[dict[str, Any]]:
    for section in board.get("board_sections") or ():
        if isinstance(section, dict):
            yield from (i for i in section.get("board_items") or () if isinstance(i, dict))


def _references(board: Any) -> References:
    kinds = (("dashboard_id", "dashboards"), ("look_id", "looks"))
    return References(
        needs=[(kind, str(i[key])) for i in _items(board) for key, kind in kinds if i.get(key)]
    )


TYPE = ContentType(
    name="boards",
    schema="Board",
    holds="boards with sections, items and their order",
    permission="see boards; view access to each board",
    cost="1",
    source=Whole(op.ALL_BOARDS, op.BOARD),
    noise=(
        "can",
        "board_sections[].can",
        "board_sections[].visible_item_order",
        "board_sections[].board_items[].can",
        "board_sections[].board_items[].content_favorite_id",
        "board_sections[].board_items[].content_created_by",
        "board_sections[].board_items[].content_updated_at",
        "board_sections[].board_items[].favorite_count",
        "board_sections[].board_items[].view_count",
        "board_sections[].board_items[].image_url",
        "board_sections[].board_items[].location",
        "board_sections[].board_items[].title",
        "board_sections[].board_items[].description",
        "board_sections[].board_items[].url",
    ),
    references=_references,
    typical_size=4000,
)
