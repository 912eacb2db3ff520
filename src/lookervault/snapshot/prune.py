"""Removes snapshots that nobody wants, and what no other needs, from a store that others use.

Nothing is deleted that somebody who began earlier may rely on: what nobody needs is marked first,
in a record that whoever writes looks at, and is deleted by a prune that finds it marked for long
enough, and still not needed. docs/design/snapshot-format.md has the rules.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from itertools import batched
from pathlib import Path

import msgspec

from lookervault.errors import AccessError, DamagedError, StoreError, UsageError
from lookervault.snapshot import choosing
from lookervault.snapshot.catalog import (
    INDEX,
    PACKS,
    PRUNED,
    ROWS,
    Catalog,
)
from lookervault.snapshot.choosing import Kept
from lookervault.snapshot.keys import AREAS, Keys
from lookervault.snapshot.losses import Losses
from lookervault.snapshot.names import SNAPSHOTS
from lookervault.snapshot.needs import WORTH, Needs
from lookervault.snapshot.outline import needed
from lookervault.snapshot.packing import copy, write_indexes
from lookervault.snapshot.packs import Opener, PackIndex
from lookervault.snapshot.pieces import REPAIRS
from lookervault.snapshot.records import Manifest, Piece, PruneRecord
from lookervault.snapshot.store import Store, Stored
from lookervault.storage.dump import ForgottenRun
from lookervault.storage.retention import Policy, Span

DAY = Span(hours=24)
_SMALL = 2**20
"""Bytes of an index piece of a prune that goes into the next one."""
_AT_ONCE = 1_000


class Pruning(msgspec.Struct, frozen=True, kw_only=True):
    """`forgotten` counts runs, `repacked` packs, `sparse` those that are left as they are, though
    less than half of each is needed. `marked` are what a later prune may delete. `error` says why
    something that should be deleted is not. `unreadable` are ids of snapshots that were removed as
    well.
    """

    kept: list[Kept]
    removed: list[tuple[str, Manifest]]
    unreadable: list[str]
    forgotten: int
    deleted: list[Stored]
    marked: list[Stored]
    repacked: int
    sparse: int
    error: AccessError | StoreError | None = None


def prune(
    store: Store,
    keys: Keys,
    policy: Policy,
    *,
    now: float,
    grace: Span = DAY,
    dry_run: bool = False,
    lost: Collection[str] = (),
) -> Pruning:
    """Killed at any moment, each snapshot that stays is whole, and the next prune goes on.

    Raises `DamagedError` where what a snapshot needs is not there: what is not needed cannot be
    known then. `lost` are ids of snapshots of which that is known, and is for good: they are
    removed where they cannot be read at all, and else stay without it. Raises `UsageError` where
    that is not so, and `StoreError` and `AccessError`.
    """
    while True:
        with tempfile.TemporaryDirectory(prefix="lookervault-") as folder:
            catalog = Catalog(store, keys.seal, keys.area, kept=Path(folder))
            catalog.check_in_use()
            try:
                plan = _Plan(catalog, policy, now, grace, lost)
                plan.look(Path(folder) / "needs")
                if dry_run:
                    return plan.told(plan.due(now))
                plan.write(keys)
            except DamagedError:
                if catalog.is_current():
                    raise
                continue  # another prune took what it looked for
        if plan.is_current() and catalog.is_current():
            return plan.carried_out()


class _Plan:
    """What is to be done with the store as it is."""

    def __init__(
        self, catalog: Catalog, policy: Policy, now: float, grace: Span, lost: Collection[str]
    ) -> None:
        self._catalog = catalog
        self._now = now
        self._grace = grace
        self._before = catalog.pruned
        self._losses = Losses(lost)
        self._ids = ids = list(catalog.ids())
        runs = choosing.Runs(catalog)
        _check_ids(catalog, lost, ids)
        readable = self._readable(ids, runs)
        self._unreadable = self._losses.ids
        self._chosen = choosing.choose(catalog, readable, policy, now, runs)
        self._forgotten = _joined(self._before.forgotten, self._chosen.forgotten)
        # what came after the manifests belongs to others, and is too young to be marked
        self._there = {one.name: one for one in _everything(catalog)}
        self._old = self._older(now)
        self._repacked = 0
        self._made: list[PackIndex] = []
        self._indexes: list[Piece] = list(self._before.indexes)
        self._anew: set[str] = set()

    def is_current(self) -> bool:
        """Whether these are all snapshots: what one needs that was not looked at would be marked.
        It may have come meanwhile, or a list was short.
        """
        return list(self._catalog.ids()) == self._ids

    def _readable(self, ids: list[str], runs: choosing.Runs) -> dict[str, Manifest]:
        """Snapshots that tell what they need."""
        found: dict[str, Manifest] = {}
        for id, manifest in self._catalog.all_looked_at(ids):
            if manifest is None:  # another prune removed it
                continue
            with self._losses.of(id):
                if isinstance(manifest, DamagedError):
                    raise manifest
                runs.own(id, manifest)
                found[id] = manifest
        return found

    def _older(self, moment: float) -> set[str]:
        """What is hardly of somebody who is still at work: who is would have to send it again.
        This machine's clock will do for that.
        """
        since = _before(moment, self._grace)
        return {one.name for one in self._there.values() if one.modified <= since}

    def look(self, path: Path) -> None:
        """For what the snapshots that stay need; `path` is for a while."""
        catalog, kept = self._catalog, self._chosen.kept
        self._needs = needs = Needs(catalog, (one.manifest for one in kept), self._there)
        for one in kept:
            gone = self._forgotten.get(one.manifest.vault, [])
            with self._losses.of(one.id):
                needs.add(one.id, one.manifest, needed(catalog, one.manifest, gone, path))
        self._losses.check([one.id for one in kept])
        self._sparse = [name for name in needs.used if name in self._old and needs.is_sparse(name)]
        self._for_all = {
            pack.name for piece in self._before.indexes for pack in self._told(piece.name)
        }

    # What is written anew.

    def write(self, keys: Keys) -> None:
        """Packs of which little is needed, where they can be read; and what tells of packs."""
        if keys.reads_content:
            wanted = self._needs.wanted(self._sparse)
            opener = Opener(keys.identities)
            done = copy(self._catalog, wanted, opener, self._catalog, keys.recipient)
            self._made = done.packs
            self._repacked, self._sparse = len(wanted) - len(done.damaged), list(done.damaged)
            for pack, _ in wanted:
                if pack.name not in done.damaged:
                    del self._needs.used[pack.name]
        own = self._before.indexes
        self._anew = {name for name in self._needs.index.by_piece if self._is_sparse(name)}
        if self._anew or self._made:
            self._anew |= {p.name for p in own if p.size < _SMALL and p.name in self._old}
        told = {pack.name: pack for name in self._anew for pack in self._live(name)}
        told |= {pack.name: pack for pack in self._made}
        kept = [p for p in own if p.name not in self._anew and self._live(p.name)]
        made = write_indexes(self._catalog, [told[name] for name in sorted(told)])
        self._indexes = [*kept, *made]

    def _is_sparse(self, piece: str) -> bool:
        if piece not in self._old or self._catalog.pieces.is_repair(piece):
            return False
        live = sum(len(pack.entries) for pack in self._live(piece))
        total = sum(len(pack.entries) for pack in self._told(piece))
        return 0 < live < WORTH * total

    def _told(self, piece: str) -> list[PackIndex]:
        return self._needs.index.by_piece.get(piece, [])

    def _live(self, piece: str) -> list[PackIndex]:
        """What it tells of packs that are needed; of one that is marked, what no other tells."""
        found = [one for one in self._told(piece) if one.name in self._needs.used]
        if piece in self._before.marks:
            return [one for one in found if one.name not in self._for_all]
        return found

    # What nobody needs.

    def _kept_pieces(self) -> set[str]:
        index = self._needs.index
        kept = {name for name in index.by_piece if self._live(name)} - self._anew
        return kept | index.unreadable.keys() | {piece.name for piece in self._indexes}

    def _needed(self) -> set[str]:
        rows = {piece.name for one in self._chosen.kept for piece in one.manifest.row_pieces}
        return {
            *(pack.name for pack in self._made),
            *self._needs.used,
            *self._kept_pieces(),
            *rows,
            *map(self._catalog.pieces.repair_of, rows),
        }

    def _unneeded(self) -> list[Stored]:
        area = self._catalog.area
        own = tuple(f"{area}{kind}/" for kind in (SNAPSHOTS, PRUNED))
        needed = self._needed()
        return [
            one
            for one in self._there.values()
            if one.name not in needed and not one.name.startswith(own)
        ]

    def _marks(self) -> dict[str, float | None]:
        """Also of what is gone, as long as a manifest or an index piece that is read names it."""
        before = self._before.marks
        unneeded = {one.name for one in self._unneeded()}
        kept = self._kept_pieces()
        told = {pack.name for name in kept for pack in self._told(name)}
        told |= {piece.name for one in self._chosen.kept for piece in one.manifest.indexes}
        gone = (told - self._there.keys()) & before.keys()
        dropped = {piece.name for piece in self._before.told} - kept
        names = unneeded & (self._old | before.keys()) | gone | dropped
        return {name: before.get(name) for name in sorted(names)}

    def due(self, moment: float) -> set[str]:
        """What is marked since the grace before a moment of the store's clock, or longer."""
        since = _before(moment, self._grace)
        marks = self._marks().items()
        return {name for name, at in marks if (moment if at is None else at) <= since}

    # Doing it.

    def carried_out(self) -> Pruning:
        self._remove_snapshots()
        due = self._record()
        if due is None:
            return self.told(set())
        names = due & {one.name for one in self._unneeded()} | self._before.records.keys()
        try:
            self._delete(names)
        except (AccessError, StoreError) as error:
            left = {one.name for one in _everything(self._catalog)}
            return msgspec.structs.replace(self.told(due - left), error=error)
        return self.told(due)

    def _remove_snapshots(self) -> None:
        ids = [*self._unreadable, *(id for id, _ in self._chosen.removed)]
        names = set(map(self._catalog.snapshot_name, ids))
        try:
            self._delete(names)
        except (AccessError, StoreError) as error:
            left = names & {one.name for one in self._catalog.listing(SNAPSHOTS)}
            raise type(error)(
                f"{len(left):,} of {len(names):,} snapshots that are not to be kept could not be"
                f" removed. {error.message}",
                hint="Nothing that a snapshot needs was touched. Prune with credentials that may"
                " delete, and keep at least what a lock on the store holds.",
            ) from None

    def _record(self) -> set[str] | None:
        """Says what was decided, and returns what is due; None where there is nothing to say."""
        marks, before = self._marks(), self._before
        is_said = (
            before.is_settled
            and not self._chosen.forgotten
            and marks == before.marks
            and self._indexes == before.told
        )
        if is_said and not marks.keys() & self._there.keys():
            return None
        name = self._catalog.add_record(
            PruneRecord(
                created=self._now,
                forgotten=self._forgotten,
                marks=marks,
                indexes=self._indexes,
            )
        )
        times = {one.name: one.modified for one in self._catalog.listing(PRUNED)}
        return self.due(times[name]) if name in times else set()  # another prune took it over

    def _delete(self, names: Collection[str]) -> None:
        """The oldest first: locks end in that order."""
        there = [one for one in self._there.values() if one.name in names]
        oldest = [one.name for one in sorted(there, key=lambda one: one.modified)]
        for some in batched(oldest, _AT_ONCE, strict=False):
            self._catalog.store.delete(some)

    def told(self, gone: set[str]) -> Pruning:
        marks = self._marks()
        unneeded = [one for one in self._unneeded() if one.name in marks]
        return Pruning(
            kept=self._chosen.kept,
            removed=self._chosen.removed,
            unreadable=self._unreadable,
            forgotten=sum(map(len, self._chosen.forgotten.values())),
            deleted=[one for one in unneeded if one.name in gone],
            marked=[one for one in unneeded if one.name not in gone],
            repacked=self._repacked,
            sparse=len(self._sparse),
        )


def _check_ids(catalog: Catalog, lost: Collection[str], ids: Collection[str]) -> None:
    if unknown := [id for id in lost if id not in ids]:
        raise UsageError(
            f"There is no snapshot {unknown[0]} in {catalog.store.url}.",
            hint="`lookervault snapshot list` shows all of them.",
        )


def _everything(catalog: Catalog) -> Iterator[Stored]:
    """Also what was written with keys that are no longer used."""
    for folder in (SNAPSHOTS, PRUNED, PACKS, INDEX, ROWS, REPAIRS, AREAS):
        yield from catalog.store.list(f"{folder}/")


def _before(moment: float, grace: Span) -> float:
    then = datetime.fromtimestamp(moment, UTC)
    return moment - (then - grace.before(then)).total_seconds()


def _joined(
    before: dict[str, list[ForgottenRun]], new: dict[str, list[ForgottenRun]]
) -> dict[str, list[ForgottenRun]]:
    return {
        vault: [*before.get(vault, ()), *new.get(vault, ())]
        for vault in sorted(before.keys() | new.keys())
    }
