"""The sections of `stats`: as JSON, as whole lists, and a little of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from lookervault.cli.output import print_table, print_text
from lookervault.cli.text import size
from lookervault.history.moments import utc

if TYPE_CHECKING:
    from lookervault.history.stats.broken import Broken
    from lookervault.history.stats.growth import Change, Growth
    from lookervault.history.stats.owners import Owned, Schedule
    from lookervault.history.stats.state import Owner, State
    from lookervault.history.stats.unused import Unused
    from lookervault.storage.repository import Repository

_FEW = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`since` is a run, `unused_for` as it was typed."""

    sections: Sequence[str]
    as_of: int | None
    unused_for: str
    types: Sequence[str] | None
    since: int
    weekly: bool


class Row(NamedTuple):
    """As a program gets it, and by column as a person does."""

    json: dict[str, Any]
    cells: dict[str, Any]


type Rows = list[Row]


@dataclass(frozen=True, slots=True)
class _Section:
    """`keep` and `spare` are those of `print_table`; `newest`: the last rows matter most."""

    title: str
    rows: Callable[[State, Asked], Rows]
    sentence: Callable[[Rows, Asked], str]
    keep: tuple[str, ...] = ("id",)
    spare: tuple[str, ...] = ()
    newest: bool = False


def told(repository: Repository, asked: Asked) -> dict[str, Rows]:
    """Each section's rows; of an earlier run nothing of what is unused."""
    from lookervault.history.stats.state import State

    state = State(repository, asked.as_of)
    names = [name for name in asked.sections if name != "unused" or asked.as_of is None]
    return {name: _SECTIONS[name].rows(state, asked) for name in names}


def print_overview(rows: Mapping[str, Rows], asked: Asked) -> None:
    for number, (name, found) in enumerate(rows.items()):
        section = _SECTIONS[name]
        if number:
            print()
        print_text(f"{section.title}: {section.sentence(found, asked)}", "  ", "", colour="bold")
        _print_rows(section, found[-_FEW:] if section.newest else found[:_FEW])
        if len(found) > _FEW:
            print_text(f"… `lookervault stats {name}` shows all {len(found):,}.", "  ")
    if "unused" not in rows:
        print()
        print_text("When content was last viewed is known of the newest run only.")


def print_section(name: str, rows: Rows, asked: Asked) -> None:
    section = _SECTIONS[name]
    _print_rows(section, rows)
    print_text(f"{section.title}: {section.sentence(rows, asked)}", "  ", "")


def _print_rows(section: _Section, rows: Rows) -> None:
    if not rows:
        return
    columns = [*rows[0].cells]
    cells = [[row.cells[column] for column in columns] for row in rows]
    print_table(columns, cells, keep=section.keep, spare=section.spare)


# Growth, and what changes


def _growth(state: State, asked: Asked) -> Rows:
    from lookervault.history.stats.growth import growth, weekly

    found = growth(state, asked.types, asked.since)
    return [_growth_row(one, asked) for one in (weekly(found) if asked.weekly else found)]


def _growth_row(one: Growth, asked: Asked) -> Row:
    fields = one._asdict() | {"time": utc(one.time), "week": one.week}
    when = {"week": one.week, "runs": one.runs} if asked.weekly else {"run": one.run}
    cells = {
        **when,
        "until": utc(one.time)[:16].replace("T", " "),
        "items": one.items,
        "size": size(one.bytes),
        "new": one.new,
        "changed": one.changed,
        "deleted": one.deleted,
    }
    return Row(fields, cells)


def _growth_told(rows: Rows, _: Asked) -> str:
    if not rows:
        return "no runs."
    last = rows[-1].json
    runs = sum(row.json["runs"] for row in rows)
    after = _count(runs, "run", "runs")
    began = f"{last['items']:,} items, {size(last['bytes'])}, after {after}"
    sums = {name: sum(row.json[name] for row in rows) for name in ("new", "changed", "deleted")}
    return f"{began}: " + ", ".join(f"{count:,} {name}" for name, count in sums.items()) + "."


def _changed(state: State, asked: Asked) -> Rows:
    from lookervault.history.stats.growth import most_changed

    return [_change(state, one) for one in most_changed(state, asked.types, asked.since)]


def _change(state: State, one: Change) -> Row:
    time = utc(state.ended(one.last))
    fields = one._asdict() | {"last_changed": time}
    cells = {
        "type": one.type,
        "id": one.id,
        "changes": one.changes,
        "last": time[:10],
        "name": one.name,
    }
    return Row(fields, cells)


def _changed_told(rows: Rows, _: Asked) -> str:
    changes = sum(row.json["changes"] for row in rows)
    if not rows:
        return "nothing changed."
    items = _count(len(rows), "item", "items")
    return f"{_count(changes, 'change', 'changes')} of {items}."


# What nobody uses


def _unused(state: State, asked: Asked) -> Rows:
    from lookervault.history.stats.unused import unused
    from lookervault.storage.retention import span

    found = unused(state, span(asked.unused_for))
    return [_unused_row(one) for one in found if _is_of(one.type, asked)]


def _unused_row(one: Unused) -> Row:
    counts = ("schedules", "alerts", "boards", "tiles")
    fields = {name: value for name, value in one._asdict().items() if name not in counts}
    fields |= _owner(one.owner)
    fields["needed_by"] = {name: getattr(one, name) for name in counts}
    viewed = one.viewed if one.days is None else f"{one.days:,} d ago"
    cells = {
        "type": one.type,
        "id": one.id,
        "viewed": viewed,
        "needed by": one.depended_on,
        "owner": _called(one.owner),
        "name": one.name,
    }
    return Row(fields, cells)


def _unused_told(rows: Rows, asked: Asked) -> str:
    viewed = Counter(row.json["viewed"] for row in rows)
    long_ago = f"{viewed['long ago']:,} not viewed for {asked.unused_for}"
    return f"{long_ago}, {viewed['never']:,} never viewed, {viewed['unknown']:,} unknown."


# What is left behind


def _owners(state: State, asked: Asked) -> Rows:
    from lookervault.history.stats.owners import orphans

    return [_owned(one) for one in orphans(state) if _is_of(one.type, asked)]


def _owned(one: Owned) -> Row:
    cells = {
        "owner": _called(one.owner),
        "state": one.owner.state,
        "type": one.type,
        "id": one.id,
        "name": one.name,
    }
    return Row(one._asdict() | _owner(one.owner), cells)


def _owners_told(rows: Rows, _: Asked) -> str:
    return f"{_people(rows, 'item', 'items')}." if rows else "nothing."


def _schedules(state: State, asked: Asked) -> Rows:
    from lookervault.history.stats.owners import schedules

    found = schedules(state) if _is_of("scheduled_plans", asked) else []
    return [_schedule(one) for one in found]


def _schedule(one: Schedule) -> Row:
    type, id, name = one.content or (None, None, None)
    fields = one._asdict() | {"content_type": type, "content_id": id, "content_name": name}
    del fields["content"]
    cells = {
        "id": one.id,
        "runs": one.enabled,
        "owner": _called(one.owner),
        "state": one.owner.state,
        "sends": None if type is None else f"{type} {id}",
        "name": one.name,
    }
    return Row(fields | _owner(one.owner), cells)


def _schedules_told(rows: Rows, _: Asked) -> str:
    if not rows:
        return "none."
    on = sum(row.json["enabled"] is not False for row in rows)
    return f"{_people(rows, 'schedule', 'schedules')}; {on:,} switched on."


def _people(rows: Rows, one: str, more: str) -> str:
    """How many there are, and of how many users."""
    known = [row.json["owner"] for row in rows if row.json["owner_state"] != "unknown"]
    unknown = [row.json["owner"] for row in rows if row.json["owner_state"] == "unknown"]
    parts = [
        f"{_count(len(ids), one, more)} of {_count(len(set(ids)), 'user', 'users')} {who}"
        for ids, who in ((known, "disabled or deleted"), (unknown, "whom the vault does not know"))
        if ids
    ]
    return "; ".join(parts)


def _count(count: int, one: str, more: str) -> str:
    return f"{count:,} {one if count == 1 else more}"


def _owner(owner: Owner | None) -> dict[str, str | None]:
    if owner is None:
        return {"owner": None, "owner_name": None, "owner_state": None}
    return {"owner": owner.id, "owner_name": owner.name, "owner_state": owner.state}


def _called(owner: Owner | None) -> str | None:
    return None if owner is None else owner.name or f"user {owner.id}"


# What is broken


def _broken(state: State, asked: Asked) -> Rows:
    from lookervault.history.stats.broken import broken

    return [_broken_row(one) for one in broken(state) if _is_of(one.type, asked)]


def _broken_row(one: Broken) -> Row:
    target = None if one.target_id is None else f"{one.target_type} {one.target_id}"
    cells = {
        "type": one.type,
        "id": one.id,
        "needs": target,
        "why": one.why,
        "in": one.place,
        "name": one.name,
    }
    return Row(one._asdict(), cells)


def _broken_told(rows: Rows, _: Asked) -> str:
    items = {(row.json["type"], row.json["id"]) for row in rows}
    why = Counter(row.json["why"] for row in rows)
    if not rows:
        return "none."
    counts = ", ".join(f"{count:,} {word}" for word, count in why.most_common())
    return f"{len(rows):,} in {_count(len(items), 'item', 'items')}: {counts}."


def _is_of(type: str, asked: Asked) -> bool:
    return asked.types is None or type in asked.types


_SECTIONS = {
    "growth": _Section("Growth", _growth, _growth_told, ("run", "week"), ("until",), newest=True),
    "changed": _Section("Most changed", _changed, _changed_told, ("id", "changes"), ("last",)),
    "unused": _Section(
        "Unused", _unused, _unused_told, ("id", "viewed"), ("owner", "needed by", "name")
    ),
    "owners": _Section("Left behind", _owners, _owners_told, spare=("state", "name")),
    "schedules": _Section(
        "Schedules left behind", _schedules, _schedules_told, spare=("state", "sends", "name")
    ),
    "broken": _Section("Broken references", _broken, _broken_told, spare=("in", "name")),
}
