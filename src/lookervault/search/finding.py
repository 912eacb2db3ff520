"""Which items hold a text, and where in them it stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import chain, islice
from typing import NamedTuple

from lookervault.content.registry import TYPES
from lookervault.errors import DamagedError
from lookervault.search.folding import fold, span
from lookervault.search.marks import SEARCHED, Kind, Mark
from lookervault.search.objects import marks
from lookervault.search.shapes import decoded
from lookervault.storage.contents import Contents, Interval
from lookervault.storage.search_index import Item, SearchIndex, State

_AROUND = 30
"""Characters of a text that are shown on both sides of what was searched for."""
NO_INTERVAL = Interval(0, None, trashed=False, name=None, object=b"")
_PLACE = {name: place for place, name in enumerate(TYPES)}


class Place(NamedTuple):
    """`where` is in words, `text` what stands there: a name or an id, or a piece of running text.

    `kind` is that of what `uses` was asked about.
    """

    where: str
    text: str
    running: bool = False
    kind: Kind | None = None

    def __str__(self) -> str:
        return f"{self.where}: {self.text}" if self.running else f"{self.where} {self.text}"


class Places(NamedTuple):
    """`more`: these are not all of them."""

    first: list[Place]
    more: bool


class Found(NamedTuple):
    """`first_run` is the first one that shows it so, `end_run` the one that no longer does."""

    type: str
    id: str
    name: str | None
    state: State
    first_run: int
    end_run: int | None
    places: Places


class Result[T](NamedTuple):
    """`counts` are of all that was found, by type in the order of the registry."""

    counts: dict[str, int]
    found: list[T]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


type ByType = defaultdict[str, set[int]]


def search(
    index: SearchIndex,
    contents: Contents,
    text: str,
    *,
    types: Collection[str] | None = None,
    past: bool = False,
    limit: int | None = None,
    places: int | None = None,
) -> Result[Found]:
    """Those whose own name holds it come first. With `past`, versions that have ended count.

    Of each, so many `places` are looked for; None is all of them.
    """
    looking = _Looking(contents, fold(text), past=past, most=places)
    wanted = looking.wanted
    named: ByType = defaultdict(set)
    others: ByType = defaultdict(set)
    for kind, type, items in index.containing(wanted, past=past):
        if types is None or type in types:
            (named if kind == Kind.NAME else others)[type].update(items)
    for type, items_ in named.items():
        others[type] -= items_
    shown = list(islice(chain(in_order(named), in_order(others)), limit))
    return Result(counted(named, others), [looking.found(item) for item in index.items(shown)])


def in_order(by_type: ByType) -> Iterator[int]:
    return (item for type in sorted(by_type, key=place_of) for item in sorted(by_type[type]))


def place_of(type: str) -> tuple[int, str]:
    return _PLACE.get(type, len(_PLACE)), type


def counted(*groups: ByType) -> dict[str, int]:
    types = sorted({type for group in groups for type in group}, key=place_of)
    counts = {type: sum(len(group.get(type, ())) for group in groups) for type in types}
    return {type: count for type, count in counts.items() if count}


class _Looking:
    """Reads where an item holds what is looked for."""

    def __init__(self, contents: Contents, wanted: str, *, past: bool, most: int | None) -> None:
        self.wanted = wanted
        self._contents = contents
        self._past = past
        self._most = most

    def found(self, item: Item) -> Found:
        """The newest version that holds it; without places where a body is damaged, or gone since
        the index was made.
        """
        intervals = self._contents.intervals(item.type, item.id)[::-1]
        for interval in intervals if self._past else intervals[:1]:
            places = first_places(self._places(item, interval), self._most)
            if places.first:
                return Found(item.type, item.id, interval.name, item.state, *interval[:2], places)
        last = intervals[0] if intervals else NO_INTERVAL
        return Found(item.type, item.id, last.name, item.state, *last[:2], Places([], more=False))

    def _places(self, item: Item, interval: Interval) -> Iterator[Place]:
        if interval.name and (place := self._place(Mark(Kind.TEXT, interval.name, "", "title"))):
            yield place
        for mark in marks_of(self._contents, item, interval):
            is_its_name = mark.value == interval.name and not mark.owner
            if not is_its_name and (place := self._place(mark)):
                yield place

    def _place(self, mark: Mark) -> Place | None:
        if mark.kind not in SEARCHED or self.wanted not in fold(mark.value):
            return None
        if mark.kind is not Kind.TEXT:
            return Place(mark.place, mark.value)
        begin, end = span(mark.value, self.wanted) or (0, 0)
        return Place(mark.place, _cut(mark.value, begin, end), running=True)


def first_places(found: Iterable[Place], most: int | None) -> Places:
    """The walk through the object ends as soon as there are enough."""
    first: dict[Place, None] = {}
    for place in found:
        if most is not None and len(first) == most and place not in first:
            return Places([*first], more=True)
        first[place] = None
    return Places([*first], more=False)


def _cut(text: str, begin: int, end: int) -> str:
    start, stop = max(0, begin - _AROUND), min(end, begin + 2 * _AROUND) + _AROUND
    return f"{'…' if start else ''}{text[start:stop]}{'…' if stop < len(text) else ''}"


def marks_of(contents: Contents, item: Item, interval: Interval) -> Iterator[Mark]:
    """None where the body cannot be had."""
    try:
        body = contents.body(item.type, item.id, interval.first_run)
    except (DamagedError, LookupError):
        return iter(())
    return marks(item.type, item.id, decoded(item.type, body))
