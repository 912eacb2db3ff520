"""Several Lookers in one store, told apart by their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lookervault.errors import DamagedError

if TYPE_CHECKING:
    from lookervault.snapshot.catalog import Catalog
    from lookervault.snapshot.records import Manifest

type Found = tuple[str, Manifest | DamagedError]
"""The id of a snapshot, and what can be read of it."""


def candidates(catalog: Catalog, ids: Iterable[str], instance: str | None) -> Iterator[Found]:
    """All that are there; with an instance, those that may be of it, read one by one."""
    if instance is not None:
        return (one for one in catalog.in_turn(ids) if may_be_of(one, instance))
    return ((id, one) for id, one in catalog.all_looked_at(ids) if one is not None)


def may_be_of(found: Found, instance: str) -> bool:
    """Of one that is damaged, nobody knows. A URL does as well as what follows its `//`."""
    _, manifest = found
    if isinstance(manifest, DamagedError):
        return True
    asked = instance.strip().rstrip("/").lower()
    names = (manifest.instance.lower(), manifest.base_url.lower())
    return asked in names or asked in {host(name) for name in names}


def newest_of_each(found: Iterable[Found]) -> dict[str, Manifest]:
    """By instance; `found` are the newest first. A vault is of the one that it came from last: its
    Looker may have been renamed.
    """
    newest: dict[str, Manifest] = {}
    seen = set[str]()
    for _, manifest in found:
        if not isinstance(manifest, DamagedError):
            if manifest.vault not in seen:
                newest.setdefault(manifest.instance, manifest)
            seen.add(manifest.vault)
    return newest


def host(instance: str) -> str:
    """As a person names it."""
    return instance.rpartition("//")[2]


def listed(instances: Iterable[str]) -> str:
    return ", ".join(sorted(map(host, instances)))
