"""What happened to items: between two runs, to one item, or to the whole instance as a feed.

Only bodies of versions that differ are read, and of a feed only those that somebody looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from lookervault.content.model import ContentType
from lookervault.content.registry import TYPES
from lookervault.history.compare import ABSENT, FieldChange, compare
from lookervault.history.names import Names, VaultNames, item_name
from lookervault.history.telling import lines, telling
from lookervault.history.words import Context, Phrase, describe, plain
from lookervault.storage.listing import ItemRow
from lookervault.storage.repository import Repository

_BATCH = 500
"""Events that are looked for at once, at first."""


class Who(NamedTuple):
    """Whom Looker names as the last to change the item; `name` where the vault knows it."""

    id: str
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`change`: added, changed, deleted, trashed or restored. `run` found it."""

    type: str
    id: str
    name: str | None
    change: str
    run: int
    before: ItemRow | None
    after: ItemRow | None
    who: Who | None
    fields: Sequence[FieldChange]
    context: Context

    @property
    def row(self) -> ItemRow:
        row = self.after or self.before
        assert row is not None  # noqa: S101  a change has a side
        return row

    def lines(self) -> list[Phrase]:
        """What a person would tell of it: at least something, where it is only said to be other."""
        told = telling(self.fields)
        said_already = self.change in {"trashed", "restored"}
        return lines(told if told or said_already else self.fields, self.context)

    def json(self) -> dict[str, Any]:
        return {
            "type": self.type,
            "id": self.id,
            "name": self.name,
            "change": self.change,
            "fields": [_field(field, self.context) for field in self.fields],
        }


def _field(field: FieldChange, context: Context) -> dict[str, Any]:
    """What was not there is null, too; the text tells them apart."""
    return {
        "path": field.path,
        "before": None if field.before is ABSENT else field.before,
        "after": None if field.after is ABSENT else field.after,
        "text": plain(describe(field, context)),
    }


class History:
    """Of one vault. Not thread-safe."""

    def __init__(self, vault: Repository) -> None:
        self._vault = vault
        self._timeline = vault.timeline()
        self._names: Names = VaultNames(vault)

    def between(
        self, before: int, after: int, types: Sequence[str] | None, wanted: Wanted
    ) -> Iterator[Change]:
        """What differs in the states of two runs, in order of types and ids."""
        low, high = sorted((before, after))
        pairs = [
            (old, new) if before <= after else (new, old)
            for old, new in self._timeline.between(low, high, types)
        ]
        for old, new in sorted(pairs, key=_place):
            if wanted(old, new):
                yield self.change(old, new, runs=(before, after))

    def of_one(self, type: str, id: str, before: int, after: int) -> Change | None:
        """How an item differs in the states of two runs; None where it does not."""
        old, new = (self._timeline.as_of(type, id, run) for run in (before, after))
        if (old is None and new is None) or (old and new and old.is_like(new)):
            return None
        return self.change(old, new, runs=(before, after))

    def of_item(self, type: str, id: str) -> Iterator[Change]:
        """The newest first; the last one is that the vault first saw it."""
        for event in self._timeline.of_item(type, id):
            yield self.change(event.before, event.after, found=event.run)

    def feed(
        self, runs: tuple[int, int], types: Sequence[str] | None, wanted: Wanted
    ) -> Iterator[Change]:
        """What these runs found, the newest first, read as it is asked for."""
        for low, high in self._windows(*runs):
            events = self._timeline.events(low, high, types)
            for event in sorted(events, key=lambda e: (-e.run, _place((e.before, e.after)))):
                if wanted(event.before, event.after):
                    yield self.change(event.before, event.after, found=event.run)

    def _windows(self, low: int, high: int) -> Iterator[tuple[int, int]]:
        """Each takes a pass over all versions: the longer it goes on, the more are in one."""
        count, newest, enough = 0, high, _BATCH
        for run, events in self._timeline.bounds():
            if not low <= run <= high:
                continue
            count += events
            if count >= enough:
                yield run, newest
                count, newest, enough = 0, run - 1, 2 * enough
        if newest >= low:
            yield low, newest

    def change(
        self,
        before: ItemRow | None,
        after: ItemRow | None,
        *,
        found: int = 0,
        runs: tuple[int, int] | None = None,
    ) -> Change:
        """`found` by that run, or as the states of two `runs` differ."""
        row = after or before
        assert row is not None  # noqa: S101  a change has a side
        old, new = runs or (found - 1, found)
        context = Context(self._names, row.type, row.id, old, new)
        whole = runs is not None and (before is None or after is None)  # perhaps of thousands
        bodies = (None, None) if whole else (self._body(before), self._body(after))
        named_at = new if after is not None else old
        return Change(
            type=row.type,
            id=row.id,
            name=item_name(self._names, row.type, row.id, row.name, named_at),
            change=_kind(before, after, found=found),
            run=found or row.first_run,
            before=before,
            after=after,
            who=self._who(before, after, bodies[1], named_at),
            fields=_compared(TYPES.get(row.type), *bodies),
            context=context,
        )

    def _body(self, row: ItemRow | None) -> bytes | None:
        return None if row is None else self._vault.body(row.type, row.id, row.first_run)

    def _who(
        self, before: ItemRow | None, after: ItemRow | None, body: bytes | None, run: int
    ) -> Who | None:
        """Nobody, where the item does not say when it was changed, or says an earlier time."""
        if after is None or body is None:
            return None
        if before is not None and before.updated_at == after.updated_at:
            return None
        id = _changer(body, trashed=after.trashed)
        if id is None:
            return None
        return Who(id, self._names.of("users", id, run) or self._names.of("embed_users", id, run))


type Wanted = Callable[[ItemRow | None, ItemRow | None], bool]


def _place(pair: tuple[ItemRow | None, ItemRow | None]) -> tuple[int, int, int, str]:
    """In the order of the registry; ids that are numbers in order of the numbers."""
    row = pair[0] or pair[1]
    assert row is not None  # noqa: S101  a change has a side
    type = _ORDER.get(row.type, len(_ORDER))
    return type, not row.id.isdecimal(), len(row.id) if row.id.isdecimal() else 0, row.id


_ORDER = {name: number for number, name in enumerate(TYPES)}


def _kind(before: ItemRow | None, after: ItemRow | None, *, found: int) -> str:
    """That it was gone in between matters to a log, not to two states."""
    if before is None:
        return "added"
    if after is None:
        return "deleted"
    if before.trashed != after.trashed:
        return "trashed" if after.trashed else "restored"
    came_back = before.end_run is not None and before.end_run < after.first_run
    return "restored" if found and came_back else "changed"


def _compared(
    content_type: ContentType | None, before: bytes | None, after: bytes | None
) -> Sequence[FieldChange]:
    if content_type is None or before is None or after is None:
        return ()
    return compare(content_type, before, after)


class _Changer(msgspec.Struct):
    last_updater_id: str | int | None = None
    deleter_id: str | int | None = None


_decode = msgspec.json.Decoder(_Changer).decode


def _changer(body: bytes, *, trashed: bool) -> str | None:
    try:
        told = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    changer = told.deleter_id if trashed and told.deleter_id else told.last_updater_id
    return None if changer is None else str(changer)
