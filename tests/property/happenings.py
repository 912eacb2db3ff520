"""What people do in Looker while it is read, drawn by hypothesis, and every state that it leaves.

The world is the embedded Looker's store: what happens there happens at once, between two calls.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from hypothesis import strategies as st

from lookervault.demo.store import Store

_ALWAYS = ("create", "edit", "delete")
_MORE = {
    "dashboards": ("move", "move", "trash", "trash"),
    "looks": ("move", "move", "trash", "trash"),
    "folders": ("move", "move"),
    "users": ("disable", "disable"),
    "alerts": ("disable", "disable"),
    "scheduled_plans": (),
}
_UNTOUCHED = {"folders": 5, "users": 1}
"""The first ones: folders that cannot be changed, and the API's own user."""
_SEEN_CROSSINGS = {"dashboards": 2, "looks": 2, "alerts": 2}
"""Types that are listed in two parts, and how often an object may go from one to the other while
they are, and is on a list all the same. A vault that has it already asks for it by its id.
"""

type Undo = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Change:
    """`what` happens before a call of the run, and is taken back `lasts` calls later.

    `place` says to which object, `where` to which folder it moves.
    """

    call: int
    type: str
    what: str
    place: int
    where: int
    lasts: int | None


@dataclass(frozen=True, slots=True)
class Schedule:
    types: tuple[str, ...]
    changes: Sequence[Change]


def _changes(type_: str) -> st.SearchStrategy[Change]:
    """Half of them while a type is listed, which takes few calls, and short."""
    return st.builds(
        Change,
        call=st.integers(4, 9) | st.integers(1, 45),
        type=st.just(type_),
        what=st.sampled_from([*_ALWAYS, *_MORE[type_]]),
        place=st.integers(0, 30),
        where=st.integers(0, 30),
        lasts=st.none() | st.integers(1, 2) | st.integers(1, 15),
    )


@st.composite
def schedules(draw: st.DrawFn, names: Sequence[str]) -> Schedule:
    types = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
    of_any = st.one_of([_changes(name) for name in types])
    return Schedule(tuple(types), draw(st.lists(of_any, max_size=12)))


class Company:
    """A store in which changes happen; keeps every state that each object of `types` had.

    `known`: the vault has all of it already.
    """

    def __init__(self, store: Store, types: Sequence[str], *, known: bool) -> None:
        self._store = store
        self._types = types
        self._known = known
        self._states: dict[tuple[str, str], set[bytes]] = defaultdict(set)
        self._crossed: Counter[tuple[str, str]] = Counter()
        self._note()

    def happen(self, change: Change) -> Undo | None:
        """What takes it back, None where nothing happened or nothing can."""
        ids = self._store.ids(change.type)[_UNTOUCHED.get(change.type, 0) :]
        if not ids:
            return None
        identity = ids[change.place % len(ids)]
        undo: Undo | None = getattr(self, f"_{change.what}")(change, identity)
        self._note()
        return undo

    def take_back(self, undo: Undo) -> None:
        undo()
        self._note()

    def had_state(self, name: str, identity: str, body: bytes | None) -> None:
        assert body is not None
        states = [_comparable(json.loads(one)) for one in self._states[name, identity]]
        assert _comparable(json.loads(body)) in states, f"{name} {identity} is a mixture"

    def _note(self) -> None:
        for name in self._types:
            for identity in self._store.ids(name):
                self._states[name, identity].add(self._store.body(name, identity))

    # What happens. Each gives what takes it back.

    def _create(self, change: Change, _: str) -> Undo:
        created = self._store.create(change.type)
        return lambda: self._gone(change.type, created)

    def _edit(self, change: Change, identity: str) -> Undo:
        self._store.edit(change.type, identity, future_flag="edited")
        return lambda: self._put(change.type, identity, "future_flag", "as before")

    def _delete(self, change: Change, identity: str) -> None:
        if len(self._store.ids(change.type)) > 2 + _UNTOUCHED.get(change.type, 0):
            self._store.delete(change.type, identity)

    def _move(self, change: Change, identity: str) -> Undo:
        """To another folder; a folder only into one that is older, so none lies in itself."""
        field = "parent_id" if change.type == "folders" else "folder_id"
        folders = self._store.ids("folders")
        if change.type == "folders":
            folders = folders[: folders.index(identity)]
        before = self._read(change.type, identity)[field]
        self._put(change.type, identity, field, folders[change.where % len(folders)])
        return lambda: self._put(change.type, identity, field, before)

    def _trash(self, change: Change, identity: str) -> Undo | None:
        """Into the trash, or out of it."""
        return self._cross(change, identity, lambda: self._throw(change.type, identity))

    def _disable(self, change: Change, identity: str) -> Undo | None:
        """Or enabled."""
        return self._cross(change, identity, lambda: self._switch(change.type, identity))

    def _cross(self, change: Change, identity: str, over: Undo) -> Undo | None:
        """From one part of the listing to the other, and back where that would not hide it."""
        key = change.type, identity
        most = inf if self._known else _SEEN_CROSSINGS.get(change.type, inf)
        crossings = 1 if change.lasts is None or most == 1 else 2
        self._crossed[key] += crossings
        if self._crossed[key] > most:
            return None
        over()
        return over if crossings > 1 else None

    def _throw(self, name: str, identity: str) -> None:
        if self._is_there(name, identity):
            in_trash = self._read(name, identity)["deleted"]
            (self._store.restore if in_trash else self._store.trash)(name, identity)

    def _switch(self, name: str, identity: str) -> None:
        if self._is_there(name, identity):
            self._put(name, identity, "is_disabled", not self._read(name, identity)["is_disabled"])

    def _put(self, name: str, identity: str, field: str, value: object) -> None:
        if self._is_there(name, identity):
            self._store.edit(name, identity, **{field: value})

    def _gone(self, name: str, identity: str) -> None:
        if self._is_there(name, identity):
            self._store.delete(name, identity)

    def _is_there(self, name: str, identity: str) -> bool:
        return identity in self._store.ids(name)

    def _read(self, name: str, identity: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._store.body(name, identity))
        return found


class Happenings:
    """Lets the changes happen ahead of the calls that they are drawn for."""

    def __init__(self, company: Company, changes: Sequence[Change]) -> None:
        self._company = company
        self._to_come: dict[int, list[Change | Undo]] = defaultdict(list)
        for change in changes:
            self._to_come[change.call].append(change)

    def before(self, call: int) -> None:
        for one in self._to_come.pop(call, ()):
            if not isinstance(one, Change):
                self._company.take_back(one)
            elif (undo := self._company.happen(one)) and one.lasts:
                self._to_come[call + one.lasts].append(undo)

    def rest(self) -> None:
        """What was to happen later than the run took."""
        while self._to_come:
            self.before(min(self._to_come))


_CUT = ("password_reset_url", "account_setup_url", "ui_state", "client_secret", "secret_parameters")
_CONTENT = ("dashboards", "looks")
"""What is in a folder is repeated where it is asked for by its id, and only there."""


def _comparable(value: Any) -> Any:
    if isinstance(value, dict):
        dropped = (*_CUT, *_CONTENT)
        return {key: _comparable(one) for key, one in value.items() if key not in dropped}
    return [_comparable(one) for one in value] if isinstance(value, list) else value
