"""The content of the embedded Looker: computed from a seed, with what was changed laid over it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from threading import Lock, RLock

from lookervault.demo.content import KINDS
from lookervault.demo.kind import NOW, Row, encode, moment
from lookervault.demo.population import population
from lookervault.demo.world import World


class Store:
    """Types have the API's plural names, ids are strings. Every method may be called from any
    thread: one lock guards the whole store.

    A changed object keeps its place; a created one comes after all others. `updated_at` moves by
    one second per change, counted from the made-up company's "now", so it is deterministic too.
    """

    def __init__(self, items: int, seed: int = 0, counts: Mapping[str, int] | None = None) -> None:
        self.lock = RLock()
        self.world = World(seed, population(items, counts), KINDS)
        self._seeded = _rows(items, seed, tuple((counts or {}).items()))
        self._raw: dict[tuple[str, int], bytes] = {}
        self._changes = 0
        self.row = lru_cache(maxsize=256)(self._row)

    # Reading

    def ids(self, type_: str) -> list[str]:
        """All of them, the trash included, in the order of their numbers."""
        with self.lock:
            return [self.world.id(type_, index) for index in self.world.live(type_)]

    def body(self, type_: str, id_: str) -> bytes:
        """The exact bytes of the by-id GET. Raises KeyError where there is no such object."""
        with self.lock:
            return self.row(type_, self.place(type_, id_), detail=True)

    def place(self, type_: str, id_: str) -> int:
        """The object's index. Raises KeyError where there is no such object."""
        index = self.world.kinds[type_].ids.index(id_)
        if index is None or not self.world.exists(type_, index):
            raise KeyError(f"{type_} {id_}")
        return index

    def _row(self, type_: str, index: int, *, detail: bool) -> bytes:
        verbatim = self._raw.get((type_, index))
        if verbatim is not None:
            return verbatim
        if not self.world.is_changed:
            return self._seeded(type_, index, detail)
        return encode(self.world.render(type_, index, detail=detail))

    # Changing

    def create(self, type_: str, **fields: object) -> str:
        with self.lock:
            index = self.world.create(type_)
            created: Row = {"created_at": self._now(), "deleted": False}
            self._apply(type_, index, created | fields)
            return self.world.id(type_, index)

    def edit(self, type_: str, id_: str, **fields: object) -> None:
        """Changes fields, and moves `updated_at` where the type has it."""
        with self.lock:
            self._apply(type_, self.place(type_, id_), fields)

    def edit_quietly(self, type_: str, id_: str, **fields: object) -> None:
        """Changes fields and nothing else, as a view does that moves `view_count`."""
        with self.lock:
            self._changed(type_, self.place(type_, id_), fields)

    def delete(self, type_: str, id_: str) -> None:
        """For good: neither listed nor found any more."""
        with self.lock:
            self.world.remove(type_, self.place(type_, id_))
            self.row.cache_clear()

    def trash(self, type_: str, id_: str) -> None:
        """Into the trash. Raises ValueError for a type that has none."""
        with self.lock:
            self._need_trash(type_)
            deleter = self.world.id("users", 0)
            self.edit(type_, id_, deleted=True, deleted_at=self._now(), deleter_id=deleter)

    def restore(self, type_: str, id_: str) -> None:
        """Out of the trash."""
        with self.lock:
            self._need_trash(type_)
            self.edit(type_, id_, deleted=False, deleted_at=None, deleter_id=None)

    def put_raw(self, type_: str, id_: str, body: bytes) -> None:
        """The object is these bytes from now on, by id and in lists, whatever they are.

        Filters and `fields` go by what the object was before.
        """
        with self.lock:
            self._raw[type_, self.place(type_, id_)] = body
            self.row.cache_clear()

    def _need_trash(self, type_: str) -> None:
        if not self.world.kinds[type_].has_trash:
            raise ValueError(f"{type_} have no trash")

    def _now(self) -> str:
        self._changes += 1
        return moment(NOW + self._changes)

    def _apply(self, type_: str, index: int, fields: Row) -> None:
        columns = self.world.columns(type_, index)
        stamp: Row = {"updated_at": self._now()} if "updated_at" in columns else {}
        kept = {
            name: value for name, value in fields.items() if name not in _STAMPS or name in columns
        }
        self._changed(type_, index, stamp | kept)

    def _changed(self, type_: str, index: int, fields: Row) -> None:
        self.world.change(type_, index, fields)
        self.row.cache_clear()


_STAMPS = ("created_at", "deleted")

type _Rows = Callable[[str, int, bool], bytes]


@lru_cache(maxsize=4)
def _rows(items: int, seed: int, counts: tuple[tuple[str, int], ...]) -> _Rows:
    """Those of a company in which nothing was changed, for all its stores: tests make many."""
    world, lock = World(seed, population(items, dict(counts)), KINDS), Lock()

    @lru_cache(maxsize=512)
    def row(type_: str, index: int, detail: bool) -> bytes:  # noqa: FBT001  lru_cache's key
        with lock:
            return encode(world.render(type_, index, detail=detail))

    return row
