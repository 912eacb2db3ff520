"""What items are called: the names that the vault had for them at the time."""

from __future__ import annotations

from typing import Protocol

from lookervault.storage.timeline import Timeline


class Names(Protocol):
    def of(self, type: str, id: str, run: int) -> str | None:
        """What an item was called as of a run; None where the vault does not know."""
        ...


class VaultNames:
    """Asks the vault once for each name."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._known: dict[tuple[str, str, int], str | None] = {}

    def of(self, type: str, id: str, run: int) -> str | None:
        asked = (type, id, run)
        if asked not in self._known:
            self._known[asked] = self._timeline.named(type, [id], run).get(id)
        return self._known[asked]


_NAMED_AFTER = {
    "content_metadata": ("folders", "folders in"),
    "user_attribute_group_values": ("user_attributes", "values of"),
    "user_attribute_user_values": ("users", "attributes of"),
}


def item_name(names: Names, type: str, id: str, own: str | None, run: int) -> str | None:
    """An item's own name, or of what it belongs to: `users with role Viewer`."""
    if own is not None:
        return own
    if type == "role_members":
        role, _, kind = id.partition("/")
        name = names.of("roles", role, run)
        return None if name is None else f"{kind} with role {name}"
    if type not in _NAMED_AFTER:
        return None
    other, words = _NAMED_AFTER[type]
    name = names.of(other, id, run)
    return None if name is None else f"{words} {name}"
