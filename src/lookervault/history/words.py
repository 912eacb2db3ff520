"""A changed field in the words of the matter: what a person would say who saw the page change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from lookervault.history.compare import (
    ABSENT,
    FieldChange,
    Kind,
    Member,
    Step,
    key_of,
    title_of_member,
)
from lookervault.history.names import Names

_LONGEST = 80
"""Characters of a value; around what differs, where it is longer."""
_AROUND = 24
_MOST_LISTED = 8


class Name(str):
    """What somebody called something, to be set apart from the words around it."""

    __slots__ = ()


class Value(str):
    """A value of a field, as it was or as it is."""

    __slots__ = ()


type Phrase = tuple[str, ...]


def plain(phrase: Phrase) -> str:
    return "".join(f"*{part}*" if isinstance(part, Name) else part for part in phrase)


class Context(NamedTuple):
    """Which item a field belongs to, and the runs whose names hold before and after."""

    names: Names
    type: str
    id: str
    before: int
    after: int


NOUNS = {
    "dashboard_elements": "tile",
    "dashboard_filters": "filter",
    "dashboard_layouts": "layout",
    "dashboard_layout_components": "tile",
    "scheduled_plan_destination": "destination",
    "board_sections": "section",
    "board_items": "item",
    "credentials_api3": "API key",
    "credentials_embed": "embed login",
    "allowed_values": "value",
}
_REFERS = {
    "folder_id": "folders",
    "home_folder_id": "folders",
    "parent_id": "folders",
    "user_id": "users",
    "owner_id": "users",
    "creator_id": "users",
    "deleter_id": "users",
    "last_updater_id": "users",
    "group_id": "groups",
    "look_id": "looks",
    "dashboard_id": "dashboards",
    "group_ids": "groups",
    "parent_group_ids": "groups",
    "role_ids": "roles",
}
_LABELS = {
    "user_id": "owner",
    "owner_id": "owner",
    "look_id": "look",
    "dashboard_id": "dashboard",
    "default_value": "default",
    "crontab": "times",
    "note_text": "note",
    "body_text": "text",
    "title_text": "title",
    "subtitle_text": "subtitle",
    "vis_config": "chart",
}
_JOINED = {
    "group_ids": ("joined group ", "left group "),
    "parent_group_ids": ("put into group ", "taken out of group "),
    "role_ids": ("given role ", "lost role "),
}


MOVED = "moved, "
"""Begins what is said of a tile's place."""


def describe(change: FieldChange, context: Context) -> Phrase:
    """One field. Raises nothing, whatever the object looks like."""
    if change.kind is Kind.BYTES:
        return ("its bytes are others; nothing that a reader of JSON tells apart",)
    places, tail = _place(change.steps, context)
    said = _said(tail, change, context, inside=bool(places))
    return (*_joined_places(places), *(() if not places else _glue(said)), *said)


def _glue(said: Phrase) -> Phrase:
    return (" ",) if said[0] in {"added", "removed"} else (": ",)


def _joined_places(places: Sequence[Phrase]) -> Phrase:
    found: list[str] = []
    for number, place in enumerate(places):
        found += ([", "] if number else []) + list(place)
    return tuple(found)


# Where it is.


def _place(steps: Sequence[Step], context: Context) -> tuple[list[Phrase], tuple[str | int, ...]]:
    places: list[Phrase] = []
    tail: list[str | int] = []
    members = sum(isinstance(step, Member) for step in steps)
    for step in steps:
        if not isinstance(step, Member):
            tail.append(step)
            continue
        container = str(tail[-1]) if tail else ""
        if container != "dashboard_layouts" or members == 1:  # the tile inside says enough
            places.append(_label(step, container, context))
        tail = []
    return places, tuple(tail)


def _label(member: Member, container: str, context: Context) -> Phrase:
    if not container and (whom := _whom(member, context)):
        return whom
    kind = member.obj.get("content_type")
    if not container and isinstance(kind, str):
        return (f"{kind} with metadata ", Name(member.id))
    noun = NOUNS.get(container) or container.replace("_", " ").removesuffix("s") or "row"
    return (f"{noun} ", Name(title_of_member(member) or member.id))


def _whom(member: Member, context: Context) -> Phrase | None:
    """A row that stands for a user or a group."""
    if context.type == "role_members":
        kind = "groups" if context.id.endswith("/groups") else "users"
        return (f"{kind[:-1]} ", Name(_name(context, kind, member.id)))
    for key, type in (("group_id", "groups"), ("user_id", "users"), ("folder_id", "folders")):
        if (value := member.obj.get(key)) is not None:
            return (f"{type[:-1]} ", Name(_name(context, type, str(value))))
    return None


def _name(context: Context, type: str, id: str, run: int | None = None) -> str:
    runs = (context.after, context.before) if run is None else (run,)
    return next((name for one in runs if (name := context.names.of(type, id, one))), id)


# What is said of it.


def _said(
    tail: tuple[str | int, ...], change: FieldChange, context: Context, *, inside: bool
) -> Phrase:
    before, after = change.before, change.after
    if not tail:
        return _of_whole(change)
    key = str(tail[-1])
    if change.kind is Kind.ORDER:
        noun = NOUNS.get(key)
        return (f"{noun}s" if noun else _field(tail), " in another order")
    if type(before) is list and type(after) is list:
        return _of_lists(tail, before, after, context)
    if key in {"folder_id", "parent_id"} and before and after and not inside:
        old, new = (_name(context, "folders", str(v), run) for v, run in _sides(change, context))
        return ("moved from folder ", Name(old), " to ", Name(new))
    if len(tail) == 1 and key in {"enabled", "is_disabled"} and type(after) is bool:
        return ("switched on" if after is (key == "enabled") else "switched off",)
    if key in _REFERS and not isinstance(before, dict) and not isinstance(after, dict):
        shown = [_referred(key, value, run, context) for value, run in _sides(change, context)]
        return (f"{_field(tail)} ", *shown[0], " → ", *shown[1])
    if len(tail) == 1 and key in {"title", "name", "label"} and not inside:
        return ("renamed from ", _title(before), " to ", _title(after))
    moved = MOVED if key in {"row", "column"} and inside else ""
    return (f"{moved}{_field(tail)} ", *_from_to(before, after))


def _sides(change: FieldChange, context: Context) -> tuple[tuple[Any, int], tuple[Any, int]]:
    return (change.before, context.before), (change.after, context.after)


def _title(value: Any) -> str:
    return Name(value) if isinstance(value, str) and value else _value(value)


def _referred(key: str, value: Any, run: int, context: Context) -> Phrase:
    if value is None or value is ABSENT:
        return (_value(value),)
    return (Name(_name(context, _REFERS[key], str(value), run)),)


def _of_whole(change: FieldChange) -> Phrase:
    if change.kind is Kind.ORDER:
        return ("in another order",)
    if change.before is ABSENT or change.after is ABSENT:
        row = change.after if change.before is ABSENT else change.before
        detail = _detail(row) if isinstance(row, dict) else f" {_value(row)}"
        return ("added" if change.before is ABSENT else "removed", detail)
    return _from_to(change.before, change.after)


def _from_to(before: Any, after: Any) -> Phrase:
    old, new = values(before, after)
    return Value(old), " → ", Value(new)


def _detail(row: dict[str, Any]) -> str:
    """What is worth knowing of something that came or went."""
    known = [
        str(row[key]) for key in ("permission_type", "format", "value") if row.get(key) is not None
    ]
    return f" ({', '.join(_cut(one) for one in known)})" if known else ""


def _of_lists(
    tail: tuple[str | int, ...], before: list[Any], after: list[Any], context: Context
) -> Phrase:
    key = str(tail[-1])
    old, now = {key_of(value) for value in before}, {key_of(value) for value in after}
    gone = [value for value in before if key_of(value) not in now]
    new = [value for value in after if key_of(value) not in old]
    if key in _JOINED:
        return _memberships(key, gone, new, context)
    shown = [f"+ {_value(value)}" for value in new] + [f"− {_value(value)}" for value in gone]
    if not shown:
        return (f"{_field(tail)} ", *_from_to(before, after))
    rest = [f"and {len(shown) - _MOST_LISTED} more"] if len(shown) > _MOST_LISTED else []
    return (f"{_field(tail)} {', '.join(shown[:_MOST_LISTED] + rest)}",)


def _memberships(key: str, gone: list[Any], new: list[Any], context: Context) -> Phrase:
    found: list[str] = []
    for words, ids, run in zip(
        _JOINED[key], (new, gone), (context.after, context.before), strict=True
    ):
        for number, id in enumerate(ids):
            found += [", "] if found else []
            found += [words] if number == 0 else []
            found.append(Name(_name(context, _REFERS[key], str(id), run)))
    return tuple(found)


def _field(tail: tuple[str | int, ...]) -> str:
    """`filter orders.created_date`, `chart type`, `refresh interval`."""
    keys = [str(part) for part in tail]
    if keys[0] == "result_maker":
        del keys[0]
    if keys[:1] == ["query"]:
        del keys[0]
    if not keys:
        return "query"
    head, *rest = keys
    if head == "filters" and rest:
        return f"filter {'.'.join(rest)}"
    label = _LABELS.get(head, head.replace("_", " "))
    return f"{label} {'.'.join(rest)}" if rest else label


# Values.


def values(before: Any, after: Any) -> tuple[str, str]:
    """Both, short enough to be read: of long ones what is around the first difference."""
    old, new = _text(before), _text(after)
    if max(len(old), len(new)) <= _LONGEST:
        return old, new
    start = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), 0)
    start = max(0, start - _AROUND) if start > _AROUND else 0
    return _cut(old, start), _cut(new, start)


def _value(value: Any) -> str:
    return _cut(_text(value))


def _cut(text: str, start: int = 0) -> str:
    piece = text[start : start + _LONGEST]
    return f"{'…' if start else ''}{piece}{'…' if len(text) > start + _LONGEST else ''}"


def _text(value: Any) -> str:
    if value is None or value is ABSENT:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value if value.strip() == value and value else f'"{value}"'
    try:
        return msgspec.json.encode(value).decode()
    except (OverflowError, RecursionError, msgspec.MsgspecError):
        return f"{value}" if isinstance(value, int | float) else "…"
