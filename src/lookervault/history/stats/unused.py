"""Dashboards and looks that nobody has opened for long, and what would miss them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from lookervault.history.stats.state import Owner, State
from lookervault.storage.retention import Span
from lookervault.storage.usage import Usage

VIEWED = ("dashboards", "looks")
"""Types of which Looker tells when they were viewed."""
LONG_AGO, NEVER, UNKNOWN = "long ago", "never", "unknown"
_DAY = 24 * 3600
_ORDER = (NEVER, LONG_AGO, UNKNOWN)


class Unused(NamedTuple):
    """`viewed`: long ago, never, or unknown, where Looker did not tell when.

    `days` since the last view, as of the newest listing. The rest counts what depends on it:
    schedules and alerts that are not switched off, items of boards, tiles of dashboards.
    """

    type: str
    id: str
    name: str | None
    viewed: str
    last_viewed_at: str | None
    view_count: int | None
    days: int | None
    created_at: str | None
    updated_at: str | None
    folder_id: str | None
    owner: Owner | None
    schedules: int
    alerts: int
    boards: int
    tiles: int

    @property
    def depended_on(self) -> int:
        return self.schedules + self.alerts + self.boards + self.tiles


def unused(state: State, span: Span) -> list[Unused]:
    """What was not viewed for so long before the newest listing; what was viewed never or longest
    ago first, and what is unknown last. What is younger than that is not unused.
    """
    needed = _dependents(state)
    rows = [row for type in VIEWED for row in _of_type(state, type, span, needed)]
    return sorted(rows, key=lambda row: (_ORDER.index(row.viewed), -(row.days or 0)))


def _of_type(state: State, type: str, span: Span, needed: Needed) -> Iterator[Unused]:
    listed = state.listed(type)
    if listed is None:
        return
    until = span.before(datetime.fromtimestamp(listed, UTC)).timestamp()
    usage = state.vault.usage(type)
    for item in state.items(type).values():
        seen = usage.get(item.id, Usage(item.id, None, None))
        viewed, at = _viewed(seen)
        if item.trashed or (at is not None and at > until):
            continue
        fact = state.fact(type, item.id)
        created = seconds_of(fact.created)
        if created is not None and created > until:
            continue
        yield Unused(
            type=type,
            id=item.id,
            name=item.name,
            viewed=viewed,
            last_viewed_at=seen.last_viewed_at,
            view_count=seen.view_count,
            days=None if at is None else int((listed - at) // _DAY),
            created_at=fact.created,
            updated_at=item.updated_at,
            folder_id=item.folder_id,
            owner=None if fact.owner is None else state.owner(fact.owner),
            schedules=needed["scheduled_plans", type, item.id],
            alerts=needed["alerts", type, item.id],
            boards=needed["boards", type, item.id],
            tiles=needed["dashboards", type, item.id],
        )


def _viewed(seen: Usage) -> tuple[str, float | None]:
    at = seconds_of(seen.last_viewed_at)
    if at is not None:
        return LONG_AGO, at
    never = seen.last_viewed_at is None and seen.view_count == 0
    return NEVER if never else UNKNOWN, None


type Needed = Counter[tuple[str, str, str]]
"""How much of a type needs an item: (that type, the item's type, its id)."""
_DEPENDENTS = ("scheduled_plans", "alerts", "boards", "dashboards")


def _dependents(state: State) -> Needed:
    found: Needed = Counter()
    for by in _DEPENDENTS:
        for _, fact in state.living(by):
            if fact.enabled is not False:
                found.update((by, link.type, link.id or "") for link in fact.links)
    return found


def seconds_of(text: str | None) -> float | None:
    """Since 1970, of a time as Looker writes it; None of anything else."""
    try:
        told = datetime.fromisoformat(text or "")
        return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
