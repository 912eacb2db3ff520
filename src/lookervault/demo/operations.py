"""What the handlers of operations are made of: one object, a page of a search, rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec

from lookervault.demo import fields as field_lists
from lookervault.demo.answers import Answer, not_found
from lookervault.demo.behaviour import Behaviour
from lookervault.demo.kind import encode
from lookervault.demo.params import Params
from lookervault.demo.selecting import Search, page, select
from lookervault.demo.store import Store


@dataclass(frozen=True, slots=True)
class Call:
    """One request, while the store's lock is held."""

    store: Store
    behaviour: Behaviour
    params: Params
    path_args: tuple[str, ...]


type Handler = Callable[[Call], Answer]


def by_id(type_: str) -> Handler:
    return lambda call: Answer(one(call, type_, call.path_args[0]))


def one(call: Call, type_: str, id_: str) -> bytes:
    return cut_row(call, type_, existing(call, type_, id_), detail=True)


def existing(call: Call, type_: str, id_: str) -> int:
    """The index of what a path names. Raises a 404."""
    if not obtainable(call, type_, id_):
        raise not_found()
    try:
        return call.store.place(type_, id_)
    except KeyError as missing:
        raise not_found() from missing


def obtainable(call: Call, type_: str, id_: str) -> bool:
    """Whether the server admits to having it, when asked for by id."""
    hidden = call.behaviour.hidden_ids.get(type_, ()), call.behaviour.invisible_ids.get(type_, ())
    return not any(id_ in ids for ids in hidden)


def searched(search: Search) -> Handler:
    def answer(call: Call) -> Answer:
        found = select(call.store.world, call.behaviour, search, call.params)
        return rows(call, search.type, page(found, call.behaviour, call.params))

    return answer


def rows(call: Call, type_: str, indexes: Iterable[int], *, detail: bool = False) -> Answer:
    return joined(cut_row(call, type_, index, detail=detail) for index in indexes)


def joined(bodies: Iterable[bytes]) -> Answer:
    return Answer(b"[" + b",".join(bodies) + b"]")


def cut_row(call: Call, type_: str, index: int, *, detail: bool) -> bytes:
    text = call.params.text("fields")
    if text is None:
        return call.store.row(type_, index, detail=detail)
    wanted = field_lists.parse(text)
    columns = call.store.world.columns(type_, index)
    cheap = field_lists.from_columns(wanted, columns)
    if cheap is not None:
        return cheap
    try:
        return field_lists.cut(wanted, call.store.row(type_, index, detail=detail))
    except (
        msgspec.DecodeError,
        RecursionError,
    ):  # a hostile body (`put_raw`): what the columns can tell
        return encode({name: columns[name] for name in columns if name in wanted})


def cut_all(call: Call, bodies: Iterable[bytes]) -> Answer:
    """Rows that are no objects of the store."""
    text = call.params.text("fields")
    if text is None:
        return joined(bodies)
    wanted = field_lists.parse(text)
    return joined(field_lists.cut(wanted, body) for body in bodies)
