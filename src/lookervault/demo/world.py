"""What a renderer may ask for while it writes an object: other objects' ids and columns."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from lookervault.demo.draw import Draw, draw, scatter
from lookervault.demo.kind import NOW, Kind, Row, moment
from lookervault.demo.population import Population


class World:
    """The seeded content with its changes. Not thread-safe: the store's lock guards it."""

    def __init__(self, seed: int, population: Population, kinds: Mapping[str, Kind]) -> None:
        self.seed = seed
        self.population = population
        self.kinds = kinds
        self.host = f"https://{draw(seed, 'host').hex(6)}.demo.looker.example"
        self.changed: dict[tuple[str, int], Row] = {}
        self._created: dict[str, list[int]] = {}
        self._removed: set[tuple[str, int]] = set()
        self._derived: dict[object, object] = {}
        self.columns = lru_cache(maxsize=8192)(self._columns)

    # Chance

    def draw(self, *about: object) -> Draw:
        return draw(self.seed, *about)

    def scatter(self, about: str, index: int) -> int:
        return scatter(self.seed, about, index)

    # Who there is

    def id(self, type_: str, index: int) -> str:
        return self.kinds[type_].ids.of(index)

    def index(self, type_: str, id_: object) -> int:
        """Of an object that is known to have that id."""
        index = self.kinds[type_].ids.index(str(id_))
        if index is None:
            raise ValueError(f"no id of {type_}: {id_}")
        return index

    def count(self, type_: str) -> int:
        """Of the seeded objects: what is created later does not move the others' references."""
        return self.population[type_]

    def exists(self, type_: str, index: int) -> bool:
        if self._is_removed(type_, index):
            return False
        follows = self.kinds[type_].follows
        if follows is not None:
            return follows.exists(self, index)
        return index < self.count(type_) or index in self._created.get(type_, ())

    def live(self, type_: str) -> array[int]:
        """The indexes of all that exist, the trash included, in order."""
        return self.derive(("live", type_), lambda: array("q", self._live(type_)))

    def _live(self, type_: str) -> Iterator[int]:
        follows = self.kinds[type_].follows
        seeded = range(self.count(type_)) if follows is None else follows.all(self)
        for index in (*seeded, *self._created.get(type_, ())):
            if not self._is_removed(type_, index):
                yield index

    def _is_removed(self, type_: str, index: int) -> bool:
        if not self._removed:
            return False
        taken_along_by = self.kinds[type_].goes_with(self, index)
        return (type_, index) in self._removed or taken_along_by in self._removed

    def derive[T](self, about: object, compute: Callable[[], T]) -> T:
        """What follows from the content as a whole, computed once until something changes."""
        if about not in self._derived:
            self._derived[about] = compute()
        found: T = self._derived[about]  # type: ignore[assignment]  # keyed by what computed it
        return found

    # Changes

    @property
    def is_changed(self) -> bool:
        return bool(self.changed or self._created or self._removed)

    def create(self, type_: str) -> int:
        if self.kinds[type_].follows is not None:
            raise ValueError(f"{type_} follow from other objects: create those")
        created = self._created.setdefault(type_, [])
        index = created[-1] + 1 if created else self.count(type_)
        created.append(index)
        self._forget()
        return index

    def remove(self, type_: str, index: int) -> None:
        self._removed.add((type_, index))
        self._forget()

    def change(self, type_: str, index: int, fields: Row) -> None:
        self.changed.setdefault((type_, index), {}).update(fields)
        self._forget()

    def _forget(self) -> None:
        self.columns.cache_clear()
        self._derived.clear()

    # Objects

    def _columns(self, type_: str, index: int) -> Row:
        """Shared between callers: never to be altered."""
        columns = self.kinds[type_].columns(self, index)
        changed = self.changed.get((type_, index))
        if changed:
            columns |= {name: value for name, value in changed.items() if name in columns}
        return columns

    def render(self, type_: str, index: int, *, detail: bool) -> Row:
        """The whole object; `detail`: as its by-id GET answers it."""
        kind = self.kinds[type_]
        columns = self.columns(type_, index)
        row = columns | kind.nested(self, index, columns)
        shown, left_out = (kind.detail, kind.listed) if detail else (kind.listed, kind.detail)
        row |= shown.render(self, index, columns)
        changed = self.changed.get((type_, index), {})
        return row | {name: value for name, value in changed.items() if name not in left_out.fields}

    def in_trash(self, type_: str, index: int) -> bool:
        changed = self.changed.get((type_, index), {})
        return bool(changed.get("deleted", self.seeded_trash(type_, index)))

    def seeded_trash(self, type_: str, index: int) -> bool:
        return (
            self.kinds[type_].has_trash
            and index < self.count(type_)
            and (index + self.seed) % 33 == 7
        )


def deletion(world: World, type_: str, index: int) -> Row:
    """The three fields of the trash, before any change."""
    if not world.seeded_trash(type_, index):
        return {"deleted": False, "deleted_at": None, "deleter_id": None}
    when = NOW - world.scatter("deleted_at", index) % 7_776_000
    return {"deleted": True, "deleted_at": moment(when), "deleter_id": world.id("users", 0)}
