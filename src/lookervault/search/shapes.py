"""Bodies, decoded as far as they are searched: charts and permissions are most of a dashboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict

import msgspec

from lookervault.content.canonical import Canon


class _Query(TypedDict, total=False):
    id: Any
    model: Any
    view: Any
    fields: Any
    pivots: Any
    fill_fields: Any
    filters: Any
    filter_expression: Any
    sorts: Any
    subtotals: Any
    dynamic_fields: Any


class _Maker(TypedDict, total=False):
    query: _Query | None
    query_id: Any
    merge_result_id: Any
    filterables: Any
    sorts: Any
    dynamic_fields: Any


class _Element(TypedDict, total=False):
    id: Any
    title: Any
    title_text: Any
    subtitle_text: Any
    body_text: Any
    note_text: Any
    rich_content_json: Any
    look_id: Any
    query: _Query | None
    query_id: Any
    merge_result_id: Any
    result_maker: _Maker | None


class _Filter(TypedDict, total=False):
    id: Any
    name: Any
    title: Any
    default_value: Any
    model: Any
    explore: Any
    dimension: Any


class _Layout(TypedDict, total=False):
    label: Any
    description: Any


class _Dashboard(TypedDict, total=False):
    title: Any
    description: Any
    user_id: Any
    folder_id: Any
    dashboard_elements: list[_Element] | None
    dashboard_filters: list[_Filter] | None
    dashboard_layouts: list[_Layout] | None


class _Look(TypedDict, total=False):
    title: Any
    description: Any
    user_id: Any
    folder_id: Any
    query_id: Any
    query: _Query | None


_SHAPES: dict[str, Callable[[bytes], Any]] = {
    "dashboards": msgspec.json.Decoder(_Dashboard).decode,
    "looks": msgspec.json.Decoder(_Look).decode,
    "queries": msgspec.json.Decoder(_Query).decode,
}
_NO_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_CANON = Canon(())


def decoded(type: str, body: bytes) -> Any:
    """Whatever it is: all of it where it is not built as described, None where it is no JSON."""
    try:
        return _SHAPES.get(type, msgspec.json.decode)(body)
    except _NO_JSON:
        return _CANON.read(body).obj
