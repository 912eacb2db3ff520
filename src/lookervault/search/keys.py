"""The keys under which the index has an item: its texts, and what it refers to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lookervault.search.folding import fold
from lookervault.search.marks import LEADS_TO, OWN, SEARCHED, Kind, Mark
from lookervault.search.objects import marks
from lookervault.search.shapes import decoded
from lookervault.storage.search_writer import Key


class Read(NamedTuple):
    """`targets` are the (type, id) of items whose use this one passes on."""

    keys: set[Key]
    targets: set[tuple[str, str]]


def read(type: str, id: str, name: str | None, body: bytes) -> Read:
    found = {mark[:2]: mark for mark in marks(type, id, decoded(type, body))}  # most come often
    keys = {key for mark in found.values() for key in _keys(mark)}
    for key in _name(name):
        keys.discard(key._replace(kind=Kind.TEXT))  # what is found by its name is found
        keys.add(key)
    return Read(keys, set(_targets(found.values())))


def named_only(name: str | None) -> Read:
    """Of an item whose body cannot be had."""
    return Read(set(_name(name)), set())


def _targets(found: Iterable[Mark]) -> Iterator[tuple[str, str]]:
    for mark in found:
        if mark.kind in LEADS_TO and mark.label is not OWN:
            yield LEADS_TO[mark.kind], mark.value


def _name(name: str | None) -> Iterator[Key]:
    if name:
        folded = fold(name)
        yield Key(Kind.NAME, folded, folded)


def _keys(mark: Mark) -> Iterator[Key]:
    if mark.kind in SEARCHED:
        folded = fold(mark.value)
        yield Key(Kind.TEXT, folded, folded)
    if mark.kind is not Kind.TEXT:
        yield Key(mark.kind, key_value(mark), None)


def key_value(mark: Mark) -> str:
    """What a reference is found by: addresses have no case."""
    return fold(mark.value) if mark.kind is Kind.EMAIL else mark.value
