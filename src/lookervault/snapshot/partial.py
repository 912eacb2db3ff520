"""What no place in a store gives back, where a pull goes on without it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from lookervault.errors import DamagedError
from lookervault.snapshot.catalog import INDEX, PACKS, Catalog
from lookervault.snapshot.outline import Content
from lookervault.snapshot.seal import blamed
from lookervault.snapshot.verify import Finding, Item
from lookervault.storage.dump import DICTIONARIES, OBJECTS, Blob, Outliner

_INSTEAD = (
    "`lookervault snapshot pull --partial` makes a vault without it, and names what it lacks."
    " `lookervault snapshot verify --read-data` tells what else is hit, `--repair` what can be"
    " mended."
)


class Missing:
    """Bodies and dictionaries that cannot be read, and why. Unless the pull is a partial one, the
    first is an error.
    """

    def __init__(self, *, partial: bool) -> None:
        self._partial = partial
        self._why: dict[Blob, DamagedError] = {}

    @property
    def first(self) -> DamagedError | None:
        return next(iter(self._why.values()), None)

    @contextmanager
    def of(self, blob: Blob) -> Iterator[None]:
        """Raises `DamagedError`."""
        try:
            yield
        except DamagedError as error:
            if not self._partial:
                raise DamagedError(error.message, hint=_INSTEAD) from None
            self._why[blob] = error

    def dictionaries(self, content: Content, lacking: Collection[Blob]) -> set[bytes]:
        """Those that cannot be read: a body that is compressed with one needs another place."""
        if not self._partial:
            return set()
        needed = {blob.sha256 for blob in lacking if blob.table == DICTIONARIES}
        return {digest for digest in needed if not content.has_dictionary(digest)}

    def findings(self, id: str, catalog: Catalog, vault: Path) -> list[Finding]:
        """As `verify` tells them; `vault` is what was made of the snapshot."""
        snapshot = catalog.snapshot_name(id)
        by_object: dict[str, dict[Blob, str]] = {}
        for blob, error in self._why.items():
            name, why = blamed(error) or (snapshot, error.message.rstrip("."))
            by_object.setdefault(name, {})[blob] = why
        kinds = {PACKS: "pack", INDEX: INDEX}
        with Outliner(vault) as outline:
            return [
                Finding(
                    kind=kinds.get(catalog.pieces.kind_of(name), "snapshot"),
                    object=name,
                    detail=f"{next(iter(lost.values()))}; it costs {len(lost):,} bodies",
                    snapshots=[id],
                    items=_items(outline, lost),
                )
                for name, lost in by_object.items()
            ]


def _items(outline: Outliner, lost: Collection[Blob]) -> list[Item]:
    digests = {blob.sha256 for blob in lost if blob.table == OBJECTS}
    found = {(type, id): Item(type, id, name) for type, id, name in outline.items_of(digests)}
    return [found[key] for key in sorted(found)]
