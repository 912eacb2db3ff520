"""What items are called: the names that the vault had for them at the time."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import msgspec

from lookervault.decoding import decodable
from lookervault.history.narrowing import decoded
from lookervault.storage.repository import Repository


class Names(Protocol):
    def of(self, type: str, id: str, run: int) -> str | None:
        """What an item was called as of a run; None where the vault does not know."""
        ...

    def folder_of(self, content_metadata_id: str) -> str | None:
        """The id of the folder whose access list that is."""
        ...


@decodable
class _Folder(msgspec.Struct):
    content_metadata_id: str | int | None = None


class VaultNames:
    """Asks the vault once for each name."""

    def __init__(self, vault: Repository) -> None:
        self._vault = vault
        self._timeline = vault.timeline()
        self._known: dict[tuple[str, str, int], str | None] = {}

    def of(self, type: str, id: str, run: int) -> str | None:
        asked = (type, id, run)
        if asked not in self._known:
            self._known[asked] = self._timeline.named(type, [id], run).get(id)
        return self._known[asked]

    def folder_of(self, content_metadata_id: str) -> str | None:
        return self._folders.get(content_metadata_id)

    @cached_property
    def _folders(self) -> dict[str, str]:
        """Asked for where an access list changed: every folder is read, as it is now."""
        folders = decoded(self._vault, "folders", _Folder)
        return {str(folder.content_metadata_id): id for id, folder in folders}


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
    if type == "content_metadata_access" and (folder := names.folder_of(id)) is not None:
        name = names.of("folders", folder, run)
        return None if name is None else f"access to {name}"
    if type not in _NAMED_AFTER:
        return None
    other, words = _NAMED_AFTER[type]
    name = names.of(other, id, run)
    return None if name is None else f"{words} {name}"
