"""What differs between two bodies of one item, field by field.

Elements of lists that have an identity are matched by it. Where the order of such a list carries
no meaning, another order is told only if nothing else differs: the bodies then do differ, and
whoever asks is owed a reason.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import Enum
from hashlib import sha256
from typing import Any, Final, NamedTuple

import msgspec

from lookervault.content.canonical import Canon
from lookervault.content.model import ContentType, title_of


class Absent(Enum):
    """Not there, which is something else than null."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


@dataclass(frozen=True, slots=True)
class Member:
    """An element that was matched by its identity. `obj` is its newer state."""

    key: str
    id: str
    obj: dict[str, Any] = field(compare=False)


type Step = str | int | Member


class Kind(Enum):
    VALUE = "value"
    ORDER = "order"
    """The same elements in another order; `before` and `after` are lists of them or of ids."""
    BYTES = "bytes"
    """Nothing that a reader of JSON tells apart, or nothing that can be read."""


class FieldChange(NamedTuple):
    steps: tuple[Step, ...]
    before: Any
    after: Any
    kind: Kind = Kind.VALUE

    @property
    def path(self) -> str:
        """As `jq` has it: `dashboard_elements[id=12].query.filters["orders.date"]`."""
        return _path(self.steps)


_IDENTITIES = ("id", "group_id", "user_attribute_id")
_ORDERLESS = frozenset(
    {
        "dashboard_elements",
        "dashboard_filters",
        "dashboard_layouts",
        "dashboard_layout_components",
        "scheduled_plan_destination",
        "credentials_api3",
        "credentials_embed",
        "group_ids",
        "role_ids",
        "parent_group_ids",
        "permissions",
        "models",
    }
)
"""Lists whose order means nothing: places on a page are fields of their own."""
_MOST_ALIGNED = 300
"""Elements up to which lists without identities are aligned; the time grows with the square."""

_encode = msgspec.json.Encoder(order="sorted").encode


def compare(content_type: ContentType, before: bytes, after: bytes) -> list[FieldChange]:
    """In the order of the fields; empty where both bodies have the same canonical content."""
    if before == after:
        return []
    canon = Canon(content_type.noise, unordered=content_type.unordered)
    try:
        old, new = canon.read(before), canon.read(after)
        if old.hash == new.hash:
            return []
        found = _differences(
            canon.legible(before), canon.legible(after), unordered=content_type.unordered
        )
    except (OverflowError, RecursionError, ValueError, msgspec.MsgspecError):
        found = []
    return found or [FieldChange((), _digest(before), _digest(after), Kind.BYTES)]


def _digest(body: bytes) -> str:
    return f"sha256:{sha256(body).hexdigest()}"


class _Pair(NamedTuple):
    steps: tuple[Step, ...]
    before: Any
    after: Any


def _differences(before: Any, after: Any, *, unordered: bool) -> list[FieldChange]:
    """Without recursion: an object may be nested deeper than the interpreter calls."""
    found: list[FieldChange] = []
    orders: list[FieldChange] = []
    waiting = [_Pair((), before, after)]
    while waiting:
        pair = waiting.pop()
        steps, old, new = pair
        if type(old) is dict and type(new) is dict:
            waiting += reversed(list(_members(steps, old, new)))
        elif type(old) is list and type(new) is list:
            orderless = unordered if not steps else steps[-1] in _ORDERLESS
            below, moved = _lists(pair)
            waiting += reversed(below)
            if moved is not None:
                (orders if orderless and moved.kind is Kind.ORDER else found).append(moved)
        elif type(old) is not type(new) or old != new:
            found.append(FieldChange(steps, old, new))
    return found or orders


def _members(
    steps: tuple[Step, ...], before: dict[str, Any], after: dict[str, Any]
) -> Iterator[_Pair]:
    for key in before | after:
        yield _Pair((*steps, key), before.get(key, ABSENT), after.get(key, ABSENT))


def _lists(pair: _Pair) -> tuple[list[_Pair], FieldChange | None]:
    """What is to be compared of two lists, and what differs of them as lists."""
    steps, before, after = pair
    if not _has_containers(before) and not _has_containers(after):
        return _of_scalars(pair)
    if identity := _identity(before, after):
        old = {key_of(element[identity]): element for element in before}
        new = {key_of(element[identity]): element for element in after}
        below = [
            _Pair(
                (*steps, Member(identity, str(element[identity]), new.get(key, element))),
                old.get(key, ABSENT),
                new.get(key, ABSENT),
            )
            for key, element in (old | new).items()
        ]
        order = [str(e[identity]) for k, e in old.items() if k in new]
        now = [str(e[identity]) for k, e in new.items() if k in old]
        moved = FieldChange(steps, order, now, Kind.ORDER) if order != now else None
        return below, moved
    return list(_aligned(steps, before, after)), None


def _has_containers(values: list[Any]) -> bool:
    return any(type(value) is dict or type(value) is list for value in values)


def _of_scalars(pair: _Pair) -> tuple[list[_Pair], FieldChange | None]:
    """One change for the whole list: its elements have no names of their own."""
    steps, before, after = pair
    old, new = [key_of(value) for value in before], [key_of(value) for value in after]
    if old == new:
        return [], None
    if sorted(old) == sorted(new):
        return [], FieldChange(steps, before, after, Kind.ORDER)
    return [], FieldChange(steps, before, after)


def key_of(value: Any) -> str:
    """What is equal for equal scalars alone: `1`, `true` and `"1"` are three."""
    return f"{type(value).__name__} {value}"


def _identity(before: list[Any], after: list[Any]) -> str | None:
    for key in _IDENTITIES:
        if all(_identifies(key, elements) for elements in (before, after)):
            return key
    return None


def _identifies(key: str, elements: list[Any]) -> bool:
    seen: set[Hashable] = set()
    for element in elements:
        value = element.get(key) if type(element) is dict else None
        if type(value) is not str and type(value) is not int:
            return False
        seen.add(key_of(value))
    return len(seen) == len(elements)


def _aligned(steps: tuple[Step, ...], before: list[Any], after: list[Any]) -> Iterator[_Pair]:
    """Elements without an identity: those that are equal are matched, the others by place."""
    for old, new in _stretches(before, after):
        for place in range(max(len(old), len(new))):
            one = before[old[place]] if place < len(old) else ABSENT
            other = after[new[place]] if place < len(new) else ABSENT
            index = new[place] if place < len(new) else old[place]
            yield _Pair((*steps, index), one, other)


def _stretches(before: list[Any], after: list[Any]) -> Iterator[tuple[range, range]]:
    """Places of what is not equal, in either list."""
    old, new = [_encode(value) for value in before], [_encode(value) for value in after]
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    old, new = old[start : len(old) - end], new[start : len(new) - end]
    if max(len(old), len(new)) > _MOST_ALIGNED or len(old) == len(new):
        yield range(start, start + len(old)), range(start, start + len(new))
        return
    matched = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for kind, old_start, old_end, new_start, new_end in matched:
        if kind != "equal":
            yield (
                range(start + old_start, start + old_end),
                range(start + new_start, start + new_end),
            )


def _common(one: Sequence[bytes], other: Sequence[bytes]) -> int:
    """How many first elements are equal."""
    count = 0
    for old, new in zip(one, other, strict=False):
        if old != new:
            break
        count += 1
    return count


def _path(steps: tuple[Step, ...]) -> str:
    text = ""
    for step in steps:
        if isinstance(step, Member):
            text += f"[{step.key}={step.id}]"
        elif isinstance(step, int):
            text += f"[{step}]"
        elif step.isidentifier():
            text += f".{step}" if text else step
        else:
            text += f"[{msgspec.json.encode(step).decode()}]"
    return text


def title_of_member(member: Member) -> str | None:
    """What a person calls it: a tile without a title shows a text or a look."""
    obj = member.obj
    for key in ("title", "element_title", "title_text", "name", "address", "email_address"):
        if isinstance(value := obj.get(key), str) and value:
            return value
    look = obj.get("look")
    return title_of(look) if isinstance(look, dict) else None
