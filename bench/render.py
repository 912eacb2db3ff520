"""Makes the content that the byte server serves, before anything is measured.

    python -m bench.render FOLDER RECIPE

In a process of its own, so that its memory is nobody else's.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from itertools import batched
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from bench.prepared import Draft
from lookervault.config.settings import load
from lookervault.content import operations as op
from lookervault.content.canonical import Canon, split
from lookervault.content.model import Answer, ContentType, Due, Entry, Listed, Scope, View
from lookervault.content.operations import Operation
from lookervault.content.registry import TYPES, select
from lookervault.content.sources import Paged
from lookervault.demo.server import EmbeddedLooker
from lookervault.demo.store import Store
from lookervault.looker.client import Looker

SEED = 20_261_001
_PAGE = 100

_ME = {"id": "1", "display_name": "Bench"}
_ROLES = [
    {
        "id": "2",
        "name": "Admin",
        "permission_set": {"all_access": True},
        "model_set": {"all_access": True},
    }
]
_VERSIONS = {"looker_release_version": "26.12.14", "web_server_url": "https://bench.looker.example"}


class Recipe(msgspec.Struct, frozen=True):
    """`count` objects of one type, each cut to about `size` bytes where that is not 0; without a
    type, a whole company of `count` items as the demo has it.
    """

    count: int
    type: str = ""
    size: int = 0

    @property
    def name(self) -> str:
        return f"{self.type or 'company'}-{self.count}-{self.size}"


def render(folder: Path, recipe: Recipe) -> None:
    with Draft(folder) as draft:
        if recipe.type:
            draft.answer(op.VERSIONS.path, _encode(_VERSIONS))
            draft.answer(op.ME.path, _encode(_ME))
            draft.answer(op.USER_ROLES.fill("1"), _encode(_ROLES))
            _one_type(draft, recipe)
        else:
            _company(draft, recipe.count)


# One type.

_LISTED_BY = {"dashboards": "/dashboards", "users": "/users"}


def _one_type(draft: Draft, recipe: Recipe) -> None:
    source = TYPES[recipe.type].source
    assert isinstance(source, Paged)
    table = draft.table(source.search.path)
    draft.index.windows[_LISTED_BY[recipe.type]] = source.search.path
    columns = source.columns.split(",")
    rows: list[bytes] = []
    for page in batched(sized_bodies(recipe), _PAGE, strict=False):
        draft.objects(table, _LISTED_BY[recipe.type], list(page))
        rows += (_row(body, columns) for _, body in page)
    draft.rows(table, rows)


def sized_bodies(recipe: Recipe) -> Iterator[tuple[str, bytes]]:
    """(id, body) of objects that are not in the trash, in the order of ids."""
    left = recipe.count
    store = Store(0, SEED, {recipe.type: recipe.count + recipe.count // 30 + 100})
    for identity in store.ids(recipe.type):
        body = store.body(recipe.type, identity)
        if b'"deleted":true' in body:
            continue
        if not left:
            return
        left -= 1
        yield identity, sized(body, recipe.size) if recipe.size else body


def sized(body: bytes, size: int) -> bytes:
    """The object with as many of its members as fit; of a dashboard, with as many tiles."""
    members: dict[str, Any] = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    if (tiles := members.get("dashboard_elements")) is not None:
        rest = len(body) - len(bytes(tiles))
        kept = _fitting(msgspec.json.decode(tiles, type=list[msgspec.Raw]), size - rest)
        members["dashboard_elements"] = kept
        return _encode(members)
    last = ("id", "updated_at")
    named = [*(key for key in last if key in members), *(k for k in members if k not in last)]
    room = size
    small: dict[str, msgspec.Raw] = {}
    for key in named:
        cost = len(key) + len(bytes(members[key])) + 4
        if cost <= room:
            room -= cost
            small[key] = members[key]
    return _encode({key: value for key, value in members.items() if key in small})


def _fitting(parts: list[msgspec.Raw], room: int) -> list[msgspec.Raw]:
    kept: list[msgspec.Raw] = []
    for part in parts:
        room -= len(bytes(part)) + 1
        if room < 0:
            break
        kept.append(part)
    return kept


def _row(body: bytes, columns: list[str]) -> bytes:
    members = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    return _encode({key: members[key] for key in columns if key in members})


# A company.


class _Recorder:
    """Reads the embedded Looker, and keeps what it answered. `content.model.Reader`."""

    def __init__(self, looker: Looker, draft: Draft) -> None:
        self._looker = looker
        self._draft = draft

    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes:
        body = self._looker.get(operation, *path_args, params=params)
        query = urlencode(params or {}, safe=",")
        path = operation.fill(*path_args)
        self._draft.answer(f"{path}?{query}" if query else path, body)
        return body


class _Seen:
    """What was recorded so far, as the types that follow from others ask for it."""

    def __init__(self) -> None:
        self._objects: dict[str, dict[str, Any]] = {}
        self._has: set[tuple[str, str]] = set()
        self._needs: set[tuple[str, str]] = set()

    def ids(self, type_name: str) -> list[str]:
        return list(self._objects.get(type_name, ()))

    def objects(self, type_name: str) -> Iterator[tuple[str, Any]]:
        yield from self._objects.get(type_name, {}).items()

    def needed(self, type_name: str) -> set[str]:
        return {i for kind, i in self._needs - self._has if kind == type_name}

    def add(self, content_type: ContentType, answer: Answer) -> list[tuple[str, bytes]]:
        """The answer's objects; those that others follow from are kept."""
        bodies = [answer.body] if answer.id is not None else split(answer.body)
        found = [self._add(content_type, answer.id, body) for body in bodies]
        return list(zip(found, bodies, strict=True))

    def _add(self, content_type: ContentType, identity: str | None, body: bytes) -> str:
        obj = Canon(()).read(body).obj
        references = content_type.references(obj)
        self._has |= set(references.has)
        self._needs |= set(references.needs)
        identity = identity or str(obj[content_type.key or "id"])
        if content_type.name in _FOLLOWED:
            self._objects.setdefault(content_type.name, {})[identity] = obj
        return identity


_FOLLOWED = {name for one in TYPES.values() for name in one.after}


class _Company(NamedTuple):
    looker: Looker
    draft: Draft
    seen: _Seen

    @property
    def recorder(self) -> _Recorder:
        return _Recorder(self.looker, self.draft)

    def record(self, content_type: ContentType) -> None:
        entries: dict[str, Entry] = {}
        stored: set[str] = set()
        view = View(self.recorder, self.seen, Scope())
        for part in content_type.source.census(view):
            if isinstance(part, Listed):
                entries |= {entry.id: entry for entry in part.entries}
            else:
                stored |= {i for i, _ in self.seen.add(content_type, part)}
        due = [entry for i, entry in entries.items() if i not in stored]
        if isinstance(content_type.source, Paged):
            self._pages(content_type, content_type.source, due)
        else:
            self._parts(content_type, due)

    def _pages(self, content_type: ContentType, source: Paged, due: list[Entry]) -> None:
        table = self.draft.table(source.search.path)
        one = source.one.path.partition("/{")[0] if source.one else ""
        pages = Due(content_type.name, due, lambda: _PAGE, id_lists=True)
        for batch in source.batches(pages):
            for answer in source.fetch(self.looker, batch):
                self.draft.objects(table, one, self.seen.add(content_type, answer))

    def _parts(self, content_type: ContentType, due: list[Entry]) -> None:
        pages = Due(content_type.name, due, lambda: _PAGE, id_lists=False)
        for batch in content_type.source.batches(pages):
            for answer in content_type.source.fetch(self.recorder, batch):
                self.seen.add(content_type, answer)


def _company(draft: Draft, items: int) -> None:
    with EmbeddedLooker(items, SEED) as demo:
        demo.behaviour.gzip = False
        company = _Company(Looker(load({}, demo.env()), pool_size=1), draft, _Seen())
        me = msgspec.json.decode(company.recorder.get(op.ME))
        company.recorder.get(op.USER_ROLES, me["id"])
        company.recorder.get(op.VERSIONS)
        for content_type in sorted(select([], []), key=_depth):
            company.record(content_type)
        company.looker.close()


def _depth(content_type: ContentType) -> int:
    """A type's place behind those that it follows from."""
    return 1 + max((_depth(TYPES[name]) for name in content_type.after), default=0)


_encode = msgspec.json.Encoder().encode

if __name__ == "__main__":
    render(Path(sys.argv[1]), msgspec.json.decode(sys.argv[2], type=Recipe))
