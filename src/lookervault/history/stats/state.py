"""A vault as of one run: which items there are, whether something is there, whose it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from lookervault.history.names import VaultNames, item_name
from lookervault.history.stats.facts import READERS, Facts, tile_ids
from lookervault.storage.listing import ItemRow
from lookervault.storage.repository import Repository

PEOPLE = ("users", "embed_users")
THERE, TRASHED, DELETED, NEVER_SEEN, UNTOLD = "there", "trashed", "deleted", "never seen", "untold"
"""Where an item is. `DELETED`: a run found it gone. `NEVER_SEEN`: no run has ever seen it, though
one has listed all of its type. `UNTOLD`: the vault cannot tell.
"""


class Known(NamedTuple):
    """An item as of the run, or, where it is deleted, as it was last."""

    type: str
    id: str
    name: str | None
    trashed: bool
    folder_id: str | None
    updated_at: str | None
    first_run: int


class Owner(NamedTuple):
    """`state`: active, disabled, deleted; unknown where the vault has never seen them, untold
    where it cannot tell.
    """

    id: str
    name: str | None
    state: str


class State:
    """Reads each type once, when it is first asked for. Not thread-safe."""

    def __init__(self, vault: Repository, run: int | None = None) -> None:
        runs = vault.runs()
        self.vault = vault
        self.runs = [row for row in runs if run is None or row.run <= run]
        self.run = self.runs[-1].run if self.runs else 0
        self._names = VaultNames(vault)
        self._items: dict[str, dict[str, Known]] = {}
        self._gone: dict[str, dict[str, Known]] = {}
        self._facts: dict[str, dict[str, Facts]] = {}
        self._tiles: dict[str, set[str]] = {}

    def items(self, type: str) -> dict[str, Known]:
        """What there is, the trash included, in natural order of ids."""
        if type not in self._items:
            self._items[type] = _known(self.vault.items(type, self.run))
        return self._items[type]

    def gone(self, type: str) -> dict[str, Known]:
        """What is deleted."""
        if type not in self._gone:
            self._gone[type] = _known(self.vault.timeline().gone([type], self.run))
        return self._gone[type]

    def facts(self, type: str) -> dict[str, Facts]:
        """Of what there is."""
        if type not in self._facts:
            read = READERS[type]
            self._facts[type] = {
                version.id: read(version.id, body)
                for version, body in self.vault.versions(type, self.run)
            }
        return self._facts[type]

    def fact(self, type: str, id: str) -> Facts:
        """Of one item, without a look at the others."""
        if type in self._facts:
            return self._facts[type].get(id, Facts())
        body = self.vault.body(type, id, self.run)
        return Facts() if body is None else READERS[type](id, body)

    def living(self, type: str) -> Iterator[tuple[Known, Facts]]:
        """What is neither deleted nor in the trash."""
        facts = self.facts(type)
        for item in self.items(type).values():
            fact = facts.get(item.id, Facts())
            if not item.trashed and not fact.deleted:
                yield item, fact

    def name(self, type: str, id: str) -> str | None:
        """What an item is, or was last, called."""
        found = self.items(type).get(id) or self.gone(type).get(id)
        own = None if found is None else found.name
        return item_name(self._names, type, id, own, self.run)

    def standing(self, type: str, id: str) -> str:
        if (item := self.items(type).get(id)) is not None:
            return TRASHED if item.trashed else THERE
        if id in self.gone(type):
            return DELETED
        return NEVER_SEEN if self._is_listed(type, id) else UNTOLD

    def person(self, id: str) -> str:
        """As `standing`, of a user of either kind."""
        told = [self.standing(type, id) for type in PEOPLE]
        return next((one for one in (THERE, DELETED, UNTOLD) if one in told), NEVER_SEEN)

    def tile(self, dashboard: str, tile: str) -> str:
        """Only the dashboard that has it is looked at."""
        if dashboard not in self._tiles:
            body = self.vault.body("dashboards", dashboard, self.run)
            if body is None:
                return UNTOLD
            self._tiles[dashboard] = tile_ids(body)
        return THERE if tile in self._tiles[dashboard] else DELETED

    def owner(self, id: str) -> Owner:
        """Who was never seen is unknown where all users were listed: deleted before the first run,
        or an embed user.
        """
        for type in PEOPLE:
            if id in self.items(type):
                enabled = self.facts(type).get(id, Facts()).enabled
                return Owner(id, self.name(type, id), "disabled" if enabled is False else "active")
        for type in PEOPLE:
            if id in self.gone(type):
                return Owner(id, self.name(type, id), "deleted")
        return Owner(id, None, "unknown" if self._is_listed("users", id) else "untold")

    def ended(self, run: int) -> float | None:
        """When a run ended, or began if it did not; in seconds since 1970."""
        return self._ended.get(run)

    def listed(self, type: str) -> float | None:
        """When the newest run began that listed all of a type; where none did, the first one that
        listed some of it.
        """
        of_type = [row for row in self.runs if type in row.types]
        for row in reversed(of_type):
            if row.scope is None and self._has_listed(row.run, type):
                return row.started
        return of_type[0].started if of_type else None

    def _has_listed(self, run: int, type: str) -> bool:
        left = {proof.type for proof in self.vault.proofs(run) if proof.as_of is not None}
        left |= {one.type for one in self.vault.missing(run) if one.id == "*"}
        counted = {one.type for one in self.vault.type_results(run) if one.census}
        return type in counted - left

    @cached_property
    def _ended(self) -> dict[int, float]:
        return {row.run: row.finished or row.started for row in self.runs}

    def _is_listed(self, type: str, id: str) -> bool:
        """Whether a run that saw everything would have brought the item."""
        return type in self._whole and not {(type, id), (type, "*")} & self._missing

    @cached_property
    def _whole(self) -> set[str]:
        """Types that some run listed as a whole: of no folder alone, and with no doubt."""
        found: set[str] = set()
        for row in self.runs:
            if row.scope is None and set(row.reasons) <= {"missing"}:
                results = self.vault.type_results(row.run)
                found |= {one.type for one in results if one.status == "complete"}
        return found

    @cached_property
    def _missing(self) -> set[tuple[str, str]]:
        """What some run saw listed and could not bring."""
        return {(one.type, one.id) for row in self.runs for one in self.vault.missing(row.run)}


def _known(rows: Iterable[ItemRow]) -> dict[str, Known]:
    return {
        row.id: Known(
            row.type, row.id, row.name, row.trashed, row.folder_id, row.updated_at, row.first_run
        )
        for row in rows
    }
