"""What `status` looks at: a vault, the newest snapshot of a store in its place, or both."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lookervault.cli.options import Flags
    from lookervault.config.stores import StoreSettings
    from lookervault.errors import DamagedError, LookerVaultError
    from lookervault.snapshot.catalog import Catalog
    from lookervault.snapshot.records import Manifest
    from lookervault.storage.repository import Repository


@contextmanager
def standing(source: Flags) -> Iterator[tuple[Repository | None, dict[str, Any] | None]]:
    """The vault, and what is told of the store; None for either where there is none, and for the
    vault where it would come from a store without snapshots, or one that cannot be read.

    Raises `UsageError`, and `DamagedError` of a vault.
    """
    from lookervault.cli.vaults import open_vault, store_to_read
    from lookervault.config.stores import store_settings
    from lookervault.errors import AccessError, DamagedError, NoSuchObjectError, StoreError

    settings, in_place = store_settings(source, os.environ), store_to_read(source)
    with ExitStack() as stack:
        vault = None if in_place else stack.enter_context(open_vault(source["vault"]))
        store = None
        if settings is not None:
            try:
                if vault is None:
                    vault, store = stack.enter_context(_newest(settings, source["instance"]))
                else:
                    store = _of_vault(settings, vault)
            except NoSuchObjectError:
                store = _told(settings, is_current=False)
            except (StoreError, AccessError, DamagedError) as error:
                store = _told(settings, error=error)
        yield vault, store


@contextmanager
def _newest(
    settings: StoreSettings, instance: str | None
) -> Iterator[tuple[Repository | None, dict[str, Any]]]:
    """Of that instance, or else of the one that the settings name, or else of the one whose newest
    is the oldest: a store is as well as the worst in it.
    """
    from lookervault.cli.instances import candidates, may_be_of, newest_of_each
    from lookervault.cli.staging import reading
    from lookervault.cli.stores import Opened, newest
    from lookervault.config.settings import base_url

    there = Opened(settings)
    named = instance or base_url(os.environ)
    found = candidates(there.catalog, there.catalog.ids(), named)
    several = {}
    if named is None:
        known = [*found]
        several = newest_of_each(known)
        named = min(several, key=lambda one: several[one].created, default=None)
        found = (one for one in known if named is None or may_be_of(one, named))
    chosen = newest(found, f"in {there.store.url}")
    told = _told(settings, chosen, of=named, instances=sorted(several))
    if chosen is None:
        yield None, told
        return
    with reading(there, chosen[1]) as repository:
        yield repository, told


def _of_vault(settings: StoreSettings, vault: Repository) -> dict[str, Any]:
    """The newest snapshot of this vault, and whether the vault's newest run is in it. Raises
    `DamagedError` where nobody knows, as one is damaged.
    """
    from lookervault.cli.stores import Opened

    catalog = Opened(settings).catalog
    chain = [one.certificate.hash for one in vault.certificates()]
    newest, damaged = _newest_of(catalog, chain[0]) if chain else (None, None)
    is_current = not chain or (
        newest is not None
        and (newest[1].certificates > len(chain) or newest[1].certificate == chain[-1])
    )
    if damaged is not None and not is_current:
        raise damaged
    return _told(settings, newest, is_current=is_current)


def _newest_of(
    catalog: Catalog, vault: str
) -> tuple[tuple[str, Manifest] | None, DamagedError | None]:
    """With the first one that is newer, and may be of this vault or another: it is damaged."""
    from lookervault.errors import DamagedError

    damaged = None
    for id, found in catalog.in_turn(catalog.ids()):
        if isinstance(found, DamagedError):
            damaged = damaged or found
        elif found.vault == vault:
            return (id, found), damaged
    return None, damaged


def _told(
    settings: StoreSettings,
    newest: tuple[str, Manifest] | None = None,
    *,
    of: str | None = None,
    instances: Sequence[str] = (),
    is_current: bool = True,
    error: LookerVaultError | None = None,
) -> dict[str, Any]:
    from lookervault.cli.stores import told
    from lookervault.errors import DamagedError
    from lookervault.snapshot.targets import url_of

    return {
        "url": url_of(settings.url),
        "reachable": error is None or isinstance(error, DamagedError),
        "snapshot": None if newest is None else told(*newest),
        "instance": newest[1].instance if newest else of,
        "instances": list(instances),
        "is_current": is_current if error is None else None,
        "error": None if error is None else error.message,
    }
