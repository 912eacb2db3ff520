"""A vault that is only there while a command runs: what it needs comes from a store."""

from __future__ import annotations

import shlex
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lookervault.cli.stopping import ON_ITS_WAY, like_ctrl_c
from lookervault.cli.temporary import PREFIX, room_for_a_while
from lookervault.errors import DamagedError, LookerVaultError, StoreError

if TYPE_CHECKING:
    from lookervault.cli.stores import Opened
    from lookervault.config.settings import Settings
    from lookervault.config.stores import StoreSettings
    from lookervault.snapshot.push import Base
    from lookervault.snapshot.records import Manifest
    from lookervault.storage.connections import Fetch
    from lookervault.storage.repository import Repository

_VAULT, _BASE = "lookervault.db", "base.db"


class Staged:
    """`fetch` reads bodies that only the store has; None where the vault has them all."""

    def __init__(self, there: Opened, vault: Path, *, is_temporary: bool) -> None:
        self._there = there
        self.vault = vault
        self.is_temporary = is_temporary
        self.fetch: Fetch | None = None
        self._base: Base | None = None
        self._passed_over: dict[str, DamagedError] = {}
        self.lost = False

    def begin(self, base_url: str) -> None:
        """The outline of the newest snapshot of that Looker from which a run can go on; nothing
        where there is none. Those that are damaged are passed over, and named.
        """
        from lookervault.cli import failures

        if self._there.keys.unmade is not None:
            return
        catalog = self._there.catalog
        ids = catalog.ids()
        if not ids:
            failures.warn(
                f"The store {self._there.store.url} was made before, and has no snapshot: the run"
                " begins from nothing. That is so where no push has ever ended; else snapshots were"
                " removed."
            )
        for id, found in catalog.in_turn(ids):
            if isinstance(found, DamagedError):
                self._passed_over[id] = found
            elif found.base_url == base_url:
                try:
                    self._base = self._begun(id, found, ids[id])
                except DamagedError as error:
                    self._passed_over[id] = error
                    continue
                break
        if self._passed_over:
            self._tell()

    def _begun(self, id: str, manifest: Manifest, came: float) -> Base:
        from lookervault.snapshot.outline import Content, without
        from lookervault.snapshot.push import base_of, check_content
        from lookervault.storage.dump import Outliner

        catalog, outline = self._there.catalog, self.vault.with_name(_BASE)
        outline.unlink(missing_ok=True)
        base = base_of(catalog, id, manifest, came, outline)
        gone = catalog.pruned.runs_of(manifest.vault)
        with Outliner(outline) as outliner:
            if not without(outliner, gone, self.vault):
                shutil.copy(outline, self.vault)
        try:
            check_content(base, self.vault)
        except DamagedError:
            self.vault.unlink()
            raise
        self.fetch = Content(catalog, base.index, self._there.keys).as_written
        return base

    def check_month(self, most: int) -> None:
        """Raises `DamagedError` where nobody knows how many of its calls are left, and the run
        would take many: it reads everything.
        """
        if self._base is None and self._passed_over:
            raise DamagedError(
                f"How many of the {most:,} calls of this month (LOOKERVAULT_MONTHLY_CALLS) are left"
                " is told by damaged snapshots only, and a run that begins from nothing takes many."
                " Nothing was called.",
                hint="Give --max-calls N for this run: the most valuable comes first.",
            )

    def _tell(self) -> None:
        """Before the run. Raises `StoreError` where it was a prune that made it seem so."""
        from lookervault.cli import failures

        if not self._there.catalog.is_current():
            raise StoreError(
                f"The store {self._there.store.url} was pruned meanwhile.",
                hint="Run the command again.",
            )
        for error in self._passed_over.values():
            failures.warn(error.message, hint=error.hint)
        failures.warn(f"{self._in_words()} What only those tell of is not in its history.")

    def _in_words(self) -> str:
        passed_over = f"Passed over, as they are damaged: snapshots {', '.join(self._passed_over)}."
        if self._base is None:
            return f"{passed_over} No other is of this Looker: the run begins from nothing."
        return f"{passed_over} The run goes on from {self._base.id}."

    def pushed(
        self, found: dict[str, Any], error: LookerVaultError | None
    ) -> tuple[dict[str, Any], LookerVaultError | None]:
        """What is told of a run, with the snapshot of it; and the error, perhaps of pushing, or of
        damage that was no hindrance.
        """
        if self.is_temporary:
            found |= {"vault": None}
        if found["run"] is not None:
            try:
                found |= {"snapshot": self._push()}
            except LookerVaultError as lost:
                return found | {"vault": str(self.vault)}, error or lost
        return found, error or self._damage(found)

    def _push(self) -> dict[str, Any]:
        from lookervault.cli.stores import push

        self.lost = True  # until it is there
        with like_ctrl_c(f"{ON_ITS_WAY} What was extracted is in {self.vault}."):
            told = push(
                self._there,
                self.vault,
                base=self._base,
                gaps=[*self._passed_over],
                noted=not self.is_temporary,
            )
        self.lost = False
        return told

    def _damage(self, found: dict[str, Any]) -> DamagedError | None:
        if not self._passed_over and not found.get("snapshot", {}).get("passed_over"):
            return None
        said = self._in_words() if self._passed_over else "Damage in the store was passed over."
        whole = f" Snapshot {found['snapshot']['id']} is whole." if "snapshot" in found else ""
        return DamagedError(
            f"{said}{whole}",
            hint="`lookervault snapshot verify` names all that is damaged in the store.",
        )


@contextmanager
def staged(
    store: StoreSettings | None, settings: Settings, max_calls: int | None = None
) -> Iterator[tuple[Settings, Staged | None]]:
    """A vault that somebody names is worked in, and stays; else one in a temporary folder.

    That folder stays where the push failed: what was extracted is in it.
    """
    from lookervault.cli import failures
    from lookervault.cli.stores import Opened
    from lookervault.config.settings import DEFAULT

    if store is None:
        yield settings, None
        return
    there = Opened(store, make=True)
    if settings.source("vault") != DEFAULT:
        yield settings, Staged(there, settings.vault, is_temporary=False)
        return
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    found = Staged(there, folder / _VAULT, is_temporary=True)
    try:
        with like_ctrl_c():
            with room_for_a_while():
                found.begin(settings.base_url)
            if settings.monthly_calls is not None and max_calls is None:
                found.check_month(settings.monthly_calls)
            yield replace(settings, vault=found.vault), found
    finally:
        if found.lost:
            for left in folder.glob(f"{_BASE}*"):
                left.unlink()
            key = () if store.index_key is None else ("--index-key", str(store.index_key))
            places = ("--store", store.url, *key, "--vault", str(found.vault))
            failures.note(
                f"What was extracted is kept in {found.vault}. `lookervault snapshot push"
                f" {shlex.join(places)}` sends it. It is of use for nothing else: what the run did"
                " not read is in the store alone."
            )
        else:
            shutil.rmtree(folder, ignore_errors=True)


def pushed(snapshot: dict[str, Any]) -> str:
    """A snapshot in a line."""
    from lookervault.cli.stores import named
    from lookervault.cli.text import size

    return (
        f"{named(snapshot)}: {size(snapshot['uploaded_bytes'])} sent,"
        f" {size(snapshot['downloaded_bytes'])} fetched, {snapshot['requests']:,} requests."
    )


@contextmanager
def reading(there: Opened, manifest: Manifest) -> Iterator[Repository]:
    """The vault of a snapshot, whose bodies are fetched as they are looked at."""
    from lookervault.snapshot.outline import Content, write_outline
    from lookervault.storage.repository import Repository

    with like_ctrl_c(), tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        vault = Path(folder) / _VAULT
        with room_for_a_while():
            write_outline(there.catalog, manifest, vault)
        index = there.catalog.index(manifest.indexes)
        content = Content(there.catalog, index, there.keys)
        with Repository.open(vault, write=False, fetch=content.as_written) as repository:
            yield repository
