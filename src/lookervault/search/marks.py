"""What an object says and what it refers to, each with the place in it where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum
from typing import Any, NamedTuple

import msgspec


class Kind(IntEnum):
    """Kept in the index by its number."""

    NAME = 0
    TEXT = 1
    FIELD = 2
    MODEL = 3
    EXPLORE = 4
    LOOK = 5
    DASHBOARD = 6
    QUERY = 7
    MERGE = 8
    USER = 9
    GROUP = 10
    FOLDER = 11
    EMAIL = 12
    MODEL_SET = 13
    ACCESS = 14
    """Whose access list that is."""


SEARCHED = frozenset({Kind.TEXT, Kind.FIELD, Kind.MODEL, Kind.EXPLORE, Kind.EMAIL})
"""Kinds whose values are text that people look for; the others are ids."""
LEADS_TO = {
    Kind.LOOK: "looks",
    Kind.DASHBOARD: "dashboards",
    Kind.QUERY: "queries",
    Kind.MERGE: "merge_queries",
    Kind.MODEL_SET: "model_sets",
}
"""What passes on: who uses such an item uses what it uses."""


OWN = "its query"
"""Labels a query that is inside the object, and which no other item stands for."""


class Mark(NamedTuple):
    """`owner` is the part of the object (`tile *Revenue*`, empty: the object itself), `label`
    what of it (`filter`, `title`).
    """

    kind: Kind
    value: str
    owner: str
    label: str

    @property
    def place(self) -> str:
        """`tile *Revenue*: filter`"""
        return f"{self.owner}: {self.label}" if self.owner else self.label


def explore(model: str, name: str) -> str:
    return f"{model}::{name}"


# Pieces that objects have in common. Whatever has another shape is passed over.


def dicts(value: Any) -> Iterator[dict[str, Any]]:
    return (
        (each for each in value if isinstance(each, dict)) if isinstance(value, list) else iter(())
    )


def strings(value: Any) -> Iterator[str]:
    return (
        (each for each in value if isinstance(each, str)) if isinstance(value, list) else iter(())
    )


def ids(kind: Kind, values: Any, label: str, owner: str = "") -> Iterator[Mark]:
    for value in values if isinstance(values, list) else [values]:
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            yield Mark(kind, str(value), owner, label)


def texts(obj: dict[str, Any], labels: dict[str, str], owner: str = "") -> Iterator[Mark]:
    for key, label in labels.items():
        value = obj.get(key)
        if isinstance(value, str) and value:
            yield Mark(Kind.TEXT, value, owner, label)


TITLES = {"title": "title", "name": "name", "label": "label", "description": "description"}
_IN_EXPRESSION = re.compile(r"\$\{([^{}\s]+)\}")


def of_query(query: Any, owner: str = "") -> Iterator[Mark]:
    if not isinstance(query, dict):
        return
    yield from of_explore(query.get("model"), query.get("view"), owner, "explore")
    for key, label in (("fields", "field"), ("pivots", "pivot"), ("fill_fields", "filled field")):
        for name in strings(query.get(key)):
            yield Mark(Kind.FIELD, name, owner, label)
    yield from sorts(query.get("sorts"), owner)
    filters = query.get("filters")
    for name, value in filters.items() if isinstance(filters, dict) else ():
        yield Mark(Kind.FIELD, name, owner, "filter")
        if isinstance(value, str) and value:
            yield Mark(Kind.TEXT, value, owner, f"filter {name}")
    yield from expression(query.get("filter_expression"), owner, "filter expression")
    yield from dynamic(query.get("dynamic_fields"), owner)
    yield from texts(query, {"sql": "SQL"}, owner)


def of_explore(model: Any, name: Any, owner: str, label: str) -> Iterator[Mark]:
    if isinstance(model, str) and model:
        yield Mark(Kind.MODEL, model, owner, "model")
        if isinstance(name, str) and name:
            yield Mark(Kind.EXPLORE, explore(model, name), owner, label)


def sorts(sorts: Any, owner: str) -> Iterator[Mark]:
    """`orders.revenue desc 0`"""
    for sort in strings(sorts):
        if name := sort.partition(" ")[0]:
            yield Mark(Kind.FIELD, name, owner, "sort")


def expression(text: Any, owner: str, label: str) -> Iterator[Mark]:
    if isinstance(text, str) and text:
        yield Mark(Kind.TEXT, text, owner, label)
        for name in dict.fromkeys(_IN_EXPRESSION.findall(text)):
            yield Mark(Kind.FIELD, name, owner, label)


def dynamic(text: Any, owner: str) -> Iterator[Mark]:
    """Table calculations and custom fields: JSON in a string."""
    try:
        fields = msgspec.json.decode(text) if isinstance(text, str) and text else text
    except (msgspec.MsgspecError, RecursionError, UnicodeEncodeError):
        yield Mark(Kind.TEXT, text, owner, "calculation")
        return
    for field in dicts(fields):
        name = field.get("label") or field.get("table_calculation") or field.get("measure")
        label = f"calculation {name}" if isinstance(name, str) and name else "calculation"
        yield from texts(field, {"label": "calculation", "description": label}, owner)
        for key in ("expression", "filter_expression"):
            yield from expression(field.get(key), owner, label)
        for key in ("based_on", "dimension", "measure"):
            if isinstance(used := field.get(key), str) and "." in used:
                yield Mark(Kind.FIELD, used, owner, label)
        filters = field.get("filters")
        for used in filters if isinstance(filters, dict) else ():
            yield Mark(Kind.FIELD, used, owner, label)
