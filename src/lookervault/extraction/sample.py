"""What a survey has seen of Looker: it knows of types by that, as a run does by its vault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lookervault.content.model import ContentType


class Sample:
    """`content.model.Known` over the objects of a few answers.

    `whole` are the types of which they are all that there is.
    """

    def __init__(self, types: Iterable[ContentType]) -> None:
        self._types = {one.name: one for one in types}
        self._objects: dict[str, dict[str, Any]] = {name: {} for name in self._types}
        self.whole: set[str] = set()

    def add(self, type_name: str, objects: Mapping[str, Any]) -> None:
        self._objects[type_name] |= objects

    def ids(self, type_name: str) -> list[str]:
        return sorted(self._objects.get(type_name, ()))

    def objects(self, type_name: str) -> Iterator[tuple[str, Any]]:
        yield from sorted(self._objects.get(type_name, {}).items())

    def needed(self, type_name: str) -> set[str]:
        """Embedded or not: to ask for one of them, it does not matter."""
        return {
            identity
            for name, objects in self._objects.items()
            for obj in objects.values()
            for kind, identity in needs(self._types[name], obj)
            if kind == type_name
        }


def needs(of: ContentType, obj: Any) -> list[tuple[str, str]]:
    """Nothing where the object is not built as described."""
    try:
        return list(of.references(obj).needs)
    except (AttributeError, LookupError, TypeError, ValueError):
        return []
