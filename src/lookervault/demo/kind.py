"""What the store has to know about a content type to compute its objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from lookervault.demo.ids import Ids

if TYPE_CHECKING:
    from lookervault.demo.world import World

type Row = dict[str, object]

#: Compact JSON; what goes into a larger answer is escaped with that one.
plain = msgspec.json.Encoder().encode


def _nothing(world: World, index: int, columns: Row) -> Row:
    return {}


def _nobody(world: World, index: int) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Ending:
    """What comes at the end of an object in one kind of answer only."""

    fields: tuple[str, ...]
    render: Callable[[World, int, Row], Row]


_NO_ENDING = Ending((), _nothing)


@dataclass(frozen=True, slots=True)
class Follows:
    """Of a type whose objects follow from those of others: which indexes exist."""

    exists: Callable[[World, int], bool]
    all: Callable[[World], Iterable[int]]


@dataclass(frozen=True, slots=True)
class Kind:
    """An object is `columns`, then `nested`; at the end its by-id answer has `detail` and its row
    in lists `listed`.

    `columns` are the cheap fields that lists are filtered and sorted by; what costs (tiles,
    queries) is in `nested`, so that a census of 100,000 ids does not render a single tile.
    """

    name: str
    ids: Ids
    columns: Callable[[World, int], Row]
    nested: Callable[[World, int, Row], Row] = _nothing
    detail: Ending = _NO_ENDING
    listed: Ending = _NO_ENDING
    has_trash: bool = False
    follows: Follows | None = None
    goes_with: Callable[[World, int], tuple[str, int] | None] = _nobody
    """The object that, when it is deleted, takes this one along: its type and index."""


def encode(value: object) -> bytes:
    """Compact JSON with `<`, `>`, `&` and U+2028/9 escaped, as Rails writes it."""
    data = plain(value)
    for sign, escaped in _ESCAPED:
        if sign in data:
            data = data.replace(sign, escaped)
    return data


_ESCAPED = (
    (b"<", b"\\u003c"),
    (b">", b"\\u003e"),
    (b"&", b"\\u0026"),
    ("\u2028".encode(), b"\\u2028"),
    ("\u2029".encode(), b"\\u2029"),
)

raw = msgspec.Raw


def can(**allowed: bool) -> msgspec.Raw:
    return raw(plain(allowed))


def moment(seconds: int) -> str:
    """Seconds since 1970 as Looker writes a time."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


#: The made-up company signed its contract on 2019-01-07; "now" is 2026-10-01.
OPENED, NOW = 1_546_819_200, 1_790_812_800
