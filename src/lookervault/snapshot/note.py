"""A small file beside a vault: what was pushed from it last, and where to.

Whoever can write to a store can bring back an older state of it, and each snapshot that is left is
a true one. That a newer one was there is known here.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import msgspec

from lookervault.decoding import decodable
from lookervault.snapshot.catalog import Catalog
from lookervault.snapshot.files import write_whole
from lookervault.snapshot.records import Manifest


@decodable
class Note(msgspec.Struct, frozen=True):
    """The snapshot, and the newest certificate in it, of a chain of so many."""

    id: str
    vault: str
    certificate: str
    certificates: int


def read(vault: Path, url: str) -> Note | None:
    return _notes(vault).get(url)


def write(vault: Path, url: str, id: str, manifest: Manifest) -> None:
    """Whole, or as it was before."""
    note = Note(id, manifest.vault, manifest.certificate, manifest.certificates)
    write_whole(_path(vault), msgspec.json.encode(_notes(vault) | {url: note}))


def is_rolled_back(note: Note, catalog: Catalog) -> bool:
    """Whether that snapshot is gone, and none is there that came after it."""
    ids = catalog.ids()
    return note.id not in ids and not any(_follows(catalog, id, note) for id in ids)


def _follows(catalog: Catalog, id: str, note: Note) -> bool:
    found = catalog.looked_at(id)
    if not isinstance(found, Manifest):
        return False
    is_newer = found.certificates > note.certificates or found.certificate == note.certificate
    return found.vault == note.vault and is_newer


def _path(vault: Path) -> Path:
    return vault.with_name(f"{vault.name}.pushed")


def _notes(vault: Path) -> dict[str, Note]:
    """One that cannot be read says nothing: it is no part of the backup."""
    with suppress(OSError, UnicodeError, msgspec.MsgspecError):
        return msgspec.json.decode(_path(vault).read_bytes(), type=dict[str, Note])
    return {}
