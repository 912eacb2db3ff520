"""A vault that is only there while a command runs: what it needs comes from a store."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lookervault.errors import LookerVaultError

if TYPE_CHECKING:
    from lookervault.cli.stores import Opened
    from lookervault.config.settings import Settings
    from lookervault.config.stores import StoreSettings
    from lookervault.snapshot.push import Base
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
        self.lost = False

    def begin(self, base_url: str) -> None:
        """The outline of the newest snapshot of that Looker; nothing where there is none."""
        from lookervault.snapshot.outline import Content, without
        from lookervault.snapshot.push import base_of
        from lookervault.storage.dump import Outliner

        catalog = self._there.catalog
        for id, came in catalog.ids().items():
            manifest = catalog.manifest(id)
            if manifest.base_url == base_url:
                outline = self.vault.with_name(_BASE)
                self._base = base_of(catalog, id, manifest, came, outline)
                gone = catalog.pruned.runs_of(manifest.vault)
                with Outliner(outline) as outliner:
                    if not without(outliner, gone, self.vault):
                        shutil.copy(outline, self.vault)
                self.fetch = Content(catalog, self._base.index, self._there.keys).as_written
                return

    def pushed(
        self, found: dict[str, Any], error: LookerVaultError | None
    ) -> tuple[dict[str, Any], LookerVaultError | None]:
        """What is told of a run, with the snapshot of it; and the error, perhaps of pushing."""
        if self.is_temporary:
            found |= {"vault": None}
        if found["run"] is None:
            return found, error
        try:
            return found | {"snapshot": self._push()}, error
        except LookerVaultError as lost:
            return found, error or lost

    def _push(self) -> dict[str, Any]:
        from lookervault.cli.stores import push

        self.lost = True  # until it is there
        told = push(self._there, self.vault, base=self._base, noted=not self.is_temporary)
        self.lost = False
        return told


@contextmanager
def staged(
    store: StoreSettings | None, settings: Settings
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
    folder = Path(tempfile.mkdtemp(prefix="lookervault-"))
    found = Staged(there, folder / _VAULT, is_temporary=True)
    try:
        found.begin(settings.base_url)
        yield replace(settings, vault=found.vault), found
    finally:
        if found.lost:
            failures.note(
                f"What was extracted is kept in {found.vault}: `lookervault snapshot push --vault"
                f" {found.vault}` sends it."
            )
        else:
            shutil.rmtree(folder, ignore_errors=True)


def pushed(snapshot: dict[str, Any]) -> str:
    """A snapshot in a line."""
    from lookervault.cli.text import size

    what = "Snapshot" if snapshot["new"] else "The store has this state already: snapshot"
    return (
        f"{what} {snapshot['id']}: {size(snapshot['uploaded_bytes'])} sent,"
        f" {size(snapshot['downloaded_bytes'])} fetched, {snapshot['requests']:,} requests."
    )


@contextmanager
def reading(there: Opened) -> Iterator[Repository]:
    """The vault of the newest snapshot, whose bodies are fetched as they are looked at."""
    from lookervault.cli.stores import find
    from lookervault.snapshot.outline import Content, write_outline
    from lookervault.storage.repository import Repository

    _, manifest = find(there.catalog, "latest")
    with tempfile.TemporaryDirectory(prefix="lookervault-") as folder:
        vault = Path(folder) / _VAULT
        write_outline(there.catalog, manifest, vault)
        index = there.catalog.index(manifest.indexes)
        content = Content(there.catalog, index, there.keys)
        with Repository.open(vault, write=False, fetch=content.as_written) as repository:
            yield repository
