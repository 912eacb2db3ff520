"""Which of the changed fields tell something, and which only go with another one.

A tile carries its query twice and names it three times; one filter that a person changed is ten
fields. `--json` has all of them; people get what they would have said themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from lookervault.history.compare import FieldChange, Member, Step
from lookervault.history.words import MOVED, Context, Phrase, describe

_BOOKKEEPING = frozenset(
    {"updated_at", "last_updater_id", "deleted", "deleted_at", "deleter_id", "display_name"}
)
_ALONG = frozenset({"id", "slug", "client_id", "url", "share_url", "has_table_calculations"})
_COPIED = frozenset({"element_title", "element_title_hidden", "vis_type"})
type Steps = tuple[Step, ...]
_COMPONENTS = "dashboard_layout_components"


def telling(changes: Sequence[FieldChange]) -> list[FieldChange]:
    """Those that are worth a person's time."""
    about = _About([change.steps for change in changes])
    return [change for change in changes if not about.goes_along(change)]


def lines(changes: Sequence[FieldChange], context: Context) -> list[Phrase]:
    """A line for each, and one for all that a tile was moved and resized."""
    found: list[Phrase] = []
    for component, group in groupby(changes, key=_component):
        phrases = [describe(change, context) for change in group]
        if component is None:
            found += phrases
            continue
        first, *others = phrases
        for phrase in others:
            field, *rest = phrase[phrase.index(": ") + 1 :]
            first = (*first, ", ", field.removeprefix(MOVED), *rest)
        found.append(first)
    return found


def _component(change: FieldChange) -> Member | None:
    """The layout component that a field belongs to."""
    for key, step in zip(change.steps, change.steps[1:], strict=False):
        if key == _COMPONENTS and isinstance(step, Member) and change.steps[-1] is not step:
            return step
    return None


class _About:
    """What the changed fields of an item are about."""

    def __init__(self, changed: Sequence[Steps]) -> None:
        self._changed = set(changed)
        self._tiles = {tile.id for steps in changed if (tile := _tile(steps)) is not None}
        self._queries = {
            steps[:place]
            for steps in changed
            for place, step in enumerate(steps[:-1])
            if step == "query" and steps[place + 1] not in _ALONG
        }
        """What holds a query that is another one now."""

    def goes_along(self, change: FieldChange) -> bool:
        steps = change.steps
        if not steps:
            return False
        if len(steps) == 1 and steps[0] in _BOOKKEEPING:
            return True
        if _COMPONENTS in steps and self._follows_a_tile(steps[-1]):
            return True
        return self._is_derived(steps) or any(
            self._is_copy(steps[:place], steps[place:]) for place in range(len(steps))
        )

    def _is_derived(self, steps: Steps) -> bool:
        key = steps[-1]
        if not isinstance(key, str) or not key.endswith(("_as_html", "_to_i")):
            return False
        from_ = key.removesuffix("_as_html").removesuffix("_to_i")
        return (*steps[:-1], from_) in self._changed

    def _follows_a_tile(self, key: Step) -> bool:
        if isinstance(key, Member):
            return str(key.obj.get("dashboard_element_id")) in self._tiles
        return key in _COPIED or str(key).startswith("granular_")

    def _is_copy(self, holder: Steps, rest: Steps) -> bool:
        """Whether it says again what another field says, or names what that one made anew."""
        match rest:
            case ("result_maker", "query", *_) if (*holder, *rest[1:]) in self._changed:
                return True
            case ("result_maker", *below) if (*holder, "query", *below) in self._changed:
                return True
            case ("result_maker", "id" | "query_id") | ("query_id" | "result_maker_id",):
                return holder in self._queries
            case ("query", key) | ("result_maker", "query", key):
                return key in _ALONG and holder in self._queries
        return False


def _tile(steps: Steps) -> Member | None:
    """The tile that came or went, where that is the change."""
    match steps:
        case ("dashboard_elements", Member() as tile):
            return tile
    return None
