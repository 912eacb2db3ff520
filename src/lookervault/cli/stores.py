"""Opening a store for a command, and what a command tells of it."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from lookervault.cli.instances import Found
    from lookervault.cli.options import Flags
    from lookervault.config.stores import StoreSettings
    from lookervault.errors import DamagedError
    from lookervault.snapshot.catalog import Catalog
    from lookervault.snapshot.keys import Keys
    from lookervault.snapshot.push import Base, Pushed
    from lookervault.snapshot.records import Manifest
    from lookervault.snapshot.store import Counted


SNAPSHOT = (
    "id",
    "run",
    "created",
    "status",
    "items",
    "bytes",
    "stored_bytes",
    "root_hash",
    "instance",
)
"""What is told of a snapshot."""


class Opened:
    """A store with its keys; what went over the line is counted from here on."""

    def __init__(self, settings: StoreSettings, *, make: bool = False) -> None:
        from lookervault.cli import failures
        from lookervault.extraction.memory import share_one_arena
        from lookervault.snapshot.catalog import Catalog
        from lookervault.snapshot.keys import open_keys
        from lookervault.snapshot.store import Counted
        from lookervault.snapshot.targets import open_store

        share_one_arena()  # packs are large, and made by several threads
        self._began = time.monotonic()
        self.store: Counted = Counted(open_store(settings.url, os.environ))
        self.keys: Keys = open_keys(self.store, settings, make=make)
        self.catalog: Catalog = Catalog(self.store, self.keys.seal, self.keys.area)
        _warn_of_readers(settings)
        if self.keys.foreign is not None:
            failures.warn(
                f"{self.keys.foreign} holds no index key of {self.store.url}: it is another"
                " store's, or an old one. The identity opened the store.",
                hint="`lookervault snapshot index-key --identity FILE --out NEW` writes the right"
                " one.",
            )
        if make and not self.keys.seal.is_keyed:
            failures.warn(
                "The store is not encrypted: whoever reads it reads everything, and a change by"
                " somebody who knows how is not noticed."
            )

        if make:
            _warn_of_recipients(settings, self.keys)

    def make(self) -> None:
        """The store, where there is none yet. Raises as `snapshot.keys.made` does."""
        from lookervault.cli import failures
        from lookervault.snapshot.keys import made

        unmade, self.keys = self.keys.unmade, made(self.store, self.keys)
        if unmade is not None and unmade.file is not None:
            failures.note(
                f"The index key was made: {unmade.file[0]}. Every later run into this store needs"
                " it; keep a copy of it, and of the identity, elsewhere."
            )

    def traffic(self) -> dict[str, Any]:
        traffic = self.store.traffic
        return {
            "uploaded_bytes": traffic.uploaded_bytes,
            "downloaded_bytes": traffic.downloaded_bytes,
            "requests": traffic.requests,
            "seconds": round(time.monotonic() - self._began, 2),
        }


def _warn_of_recipients(settings: StoreSettings, keys: Keys) -> None:
    """To whom a store is encrypted is in it: recipients that are given later change nothing."""
    from lookervault.cli import failures

    given, there = ({one.strip() for one in of.recipients} for of in (settings, keys))
    if not given or given == there:
        return
    told = [f"It is not encrypted to {one}, who cannot read it." for one in sorted(given - there)]
    told += [f"It is encrypted to {one}, who can read it." for one in sorted(there - given)]
    failures.warn(
        f"The recipients that are given are not those of the store. {' '.join(told)}",
        hint="`lookervault snapshot rekey --identity FILE --recipient age1…` changes them, once."
        " It takes the identity of one who can read the store.",
    )


def _warn_of_readers(settings: StoreSettings) -> None:
    from lookervault.cli import failures
    from lookervault.config.exposure import others_may_use

    files = {"identity": settings.identity, "index key": settings.index_key}
    for what, path in files.items():
        if path is not None and path.is_file() and others_may_use(path):
            failures.warn(f"Others may read the {what}: chmod 600 {path}")


def opened(place: Flags, *, make: bool = False) -> Opened:
    """Raises `UsageError` where nobody names a store."""
    from lookervault.config.stores import needed

    return Opened(needed(place, os.environ), make=make)


def push(
    there: Opened,
    vault: Path,
    *,
    run: int | None = None,
    base: Base | None = None,
    gaps: Sequence[str] = (),
    noted: bool = True,
) -> dict[str, Any]:
    """The new snapshot as `snapshot push --json` tells it. With `noted`, what was pushed is known
    beside the vault, and missed where it is gone. `passed_over` tells of damage in the store that
    was no hindrance.

    Raises as `snapshot.push.push` does.
    """
    from lookervault import __version__
    from lookervault.cli import failures
    from lookervault.cli.temporary import room_for_a_while
    from lookervault.snapshot.push import check_run
    from lookervault.snapshot.push import push as send

    check_run(vault, run)
    there.make()
    if noted:
        _warn_if_rolled_back(there, vault)
    with room_for_a_while():
        done = send(
            vault,
            there.store,
            there.keys,
            now=time.time(),
            program_version=__version__,
            run=run,
            base=base,
            gaps=gaps,
        )
    if noted:
        _remember(there, vault, done)
    for message in done.passed_over:
        failures.warn(f"{message} The new snapshot does not need it.")
    new = {"new": done.new, "passed_over": done.passed_over}
    return told(done.id, done.manifest) | new | there.traffic()


def _warn_if_rolled_back(there: Opened, vault: Path) -> None:
    """Where what was pushed from this vault is no longer in the store, nor anything newer."""
    from lookervault.cli import failures
    from lookervault.snapshot import note

    noted = note.read(vault, there.store.url)
    if noted is not None and note.is_rolled_back(noted, there.catalog):
        failures.warn(
            f"Snapshot {noted.id} was pushed from this vault to {there.store.url}, and neither it"
            " nor a newer one is there: somebody has removed snapshots, or put an older state back."
            " `lookervault snapshot verify` tells what is there."
        )


def _remember(there: Opened, vault: Path, done: Pushed) -> None:
    """For `_warn_if_rolled_back`."""
    from lookervault.cli import failures
    from lookervault.snapshot import note

    try:
        note.write(vault, there.store.url, done.id, done.manifest)
    except OSError as error:
        failures.warn(f"What was pushed could not be noted beside {vault}: {error.strerror}.")


def named(snapshot: Mapping[str, Any]) -> str:
    """What `push` returned, at the beginning of a line."""
    what = "Snapshot" if snapshot["new"] else "The store has this state already: snapshot"
    return f"{what} {snapshot['id']}"


def told(id: str, manifest: Manifest) -> dict[str, Any]:
    """A snapshot as `snapshot list --json` tells it."""
    from lookervault.cli.vaults import time_of

    return {
        "id": id,
        "run": manifest.run,
        "created": time_of(manifest.created),
        "status": manifest.status,
        "items": manifest.items,
        "bytes": manifest.bytes,
        "stored_bytes": manifest.stored_bytes,
        "root_hash": manifest.root,
        "instance": manifest.instance,
    }


def told_or_not(id: str, found: Manifest | DamagedError) -> dict[str, Any]:
    """As `told`; of one that cannot be read, nothing but that."""
    from lookervault.snapshot.records import Manifest

    if isinstance(found, Manifest):
        return told(id, found)
    return dict.fromkeys(SNAPSHOT) | {"id": id, "status": "damaged"}


def find(catalog: Catalog, which: str, instance: str | None = None) -> tuple[str, Manifest]:
    """The snapshot of an id or the beginning of one, `latest`, or the newest one at a time: of that
    instance, where there are several.

    Raises `UsageError` where there is none, or it could be several; `DamagedError` where that one
    cannot be read: none is taken in its place.
    """
    from datetime import UTC, datetime

    from lookervault.errors import UsageError
    from lookervault.history.moments import TIMES, moment, utc
    from lookervault.snapshot.catalog import beginning

    ids = list(catalog.ids())
    hint = "`lookervault snapshot list` shows what there is."
    if which == "latest":
        return _newest(catalog, ids, f"in {catalog.store.url}", instance)
    begin_so = [id for id in ids if id.lower().startswith(which.lower())]
    if len(begin_so) == 1:
        return begin_so[0], catalog.manifest(begin_so[0])
    if begin_so:
        raise UsageError(f"{len(begin_so)} snapshots begin with {which!r}.", hint=hint)
    others = f"Write an id or its beginning, `latest`, {TIMES}. {hint}"
    then = moment(which, datetime.now(UTC), others).timestamp()
    last = beginning(then)
    by_then = [id for id in ids if id[: len(last)] <= last]
    return _newest(catalog, by_then, f"that was made by {utc(then)}", instance)


def _newest(
    catalog: Catalog, ids: Sequence[str], which: str, instance: str | None
) -> tuple[str, Manifest]:
    from lookervault.cli.instances import candidates, listed, newest_of_each
    from lookervault.errors import UsageError

    there = candidates(catalog, ids, instance)
    if instance is None:
        there = iter(known := [*there])
        if len(several := newest_of_each(known)) > 1:
            raise UsageError(
                f"{catalog.store.url} has snapshots of several instances: {listed(several)}.",
                hint=f"Name one of them: --instance {listed([*several][:1])}.",
            )
    if (found := newest(there, which)) is not None:
        return found
    whose = f" of {instance}" if instance else ""
    raise UsageError(
        f"There is no snapshot{whose} {which}.",
        hint="`lookervault snapshot list` shows what there is.",
    )


def newest(there: Iterator[Found], which: str) -> tuple[str, Manifest] | None:
    """The first. Raises `DamagedError` where that one cannot be read, and names the first that
    can.
    """
    from lookervault.errors import DamagedError

    id, found = next(there, ("", None))
    if found is None:
        return None
    if not isinstance(found, DamagedError):
        return id, found
    other = next((id for id, found in there if not isinstance(found, DamagedError)), None)
    raise DamagedError(
        f"The newest snapshot {which} is {id}, and it cannot be read: {found.message}",
        hint=f"{_in_its_place(other)} {found.hint}",
    )


def _in_its_place(other: str | None) -> str:
    if other is None:
        return "No older one can be read either."
    return f"The newest one that can be read is {other}: `lookervault snapshot pull {other}`."
