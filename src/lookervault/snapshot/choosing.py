"""Which snapshots of a store a person wants to keep, and which runs are forgotten with the others.

Each vault is looked at by itself, with the policy of `forget`. A run can be kept without a
snapshot of its own: later ones have it in their history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from lookervault.errors import DamagedError
from lookervault.snapshot.catalog import Catalog
from lookervault.snapshot.records import Manifest
from lookervault.storage import retention
from lookervault.storage.dump import Change, ForgottenRun, run_rows
from lookervault.storage.retention import NEWEST, NEWEST_COMPLETE, Policy
from lookervault.storage.runs import RunRow, over_all

type Key = tuple[int, float]
"""A run: two vaults that were one may have another of the same number."""


class Kept(NamedTuple):
    id: str
    manifest: Manifest
    reasons: list[str]


class Chosen(NamedTuple):
    """Snapshots are the newest first; `forgotten` are runs by vault that were not before."""

    kept: list[Kept]
    removed: list[tuple[str, Manifest]]
    forgotten: dict[str, list[ForgottenRun]]


def choose(
    catalog: Catalog, snapshots: Mapping[str, Manifest], policy: Policy, now: float, runs: Runs
) -> Chosen:
    """`snapshots` are the newest first; all of their runs can be read."""
    kept, forgotten = dict[str, Kept](), dict[str, list[ForgottenRun]]()
    by_vault = sorted(snapshots.items(), key=lambda one: one[1].vault)  # else as they were
    for vault, group in groupby(by_vault, key=lambda one: one[1].vault):
        of_vault = _Vault([*group], runs, catalog.pruned.runs_of(vault))
        chosen = of_vault.chosen(policy)
        kept |= {one.id: one for one in chosen}
        if gone := [*of_vault.forgotten(chosen, now)]:
            forgotten[vault] = gone
    return Chosen(
        kept=[kept[id] for id in snapshots if id in kept],
        removed=[(id, manifest) for id, manifest in snapshots.items() if id not in kept],
        forgotten=forgotten,
    )


class Runs:
    """What snapshots tell of runs. A piece is read once. Raises `DamagedError`."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._changes: dict[str, list[Change]] = {}

    def of(self, manifest: Manifest) -> list[RunRow]:
        for piece in manifest.row_pieces:
            if piece.name not in self._changes:
                found = self._catalog.changes([piece])
                self._changes[piece.name] = [one for one in found if one.table == "runs"]
        told = (self._changes[piece.name] for piece in manifest.row_pieces)
        return run_rows(one for changes in told for one in changes)

    def own(self, id: str, manifest: Manifest) -> RunRow:
        """The run that it is a snapshot of."""
        for row in self.of(manifest):
            if row.run == manifest.run:
                return row
        raise DamagedError(
            f"Snapshot {id} is of run {manifest.run}, and tells nothing of that run."
        )


class _Vault:
    """The snapshots of a vault, the newest first, and the runs that were forgotten before."""

    def __init__(
        self,
        snapshots: list[tuple[str, Manifest]],
        runs: Runs,
        gone: Iterable[ForgottenRun],
    ) -> None:
        self._snapshots = snapshots
        self._gone = {(one.run, one.started) for one in gone}
        self._rows = {id: runs.of(manifest) for id, manifest in snapshots}
        self._own = {id: runs.own(id, manifest) for id, manifest in snapshots}
        self._runs = self._all_runs()
        self._over_all = {_key(row) for row in over_all(self._runs)}

    def chosen(self, policy: Policy) -> list[Kept]:
        """Whatever the policy, the newest snapshot and the newest of a complete run are kept."""
        reasons = self._reasons_of_runs(policy)
        found: dict[str, list[str]] = {}
        for key, ids in self._by_run().items():
            if reasons.get(key):
                found[self._best(ids)] = reasons[key]
        ids = [id for id, _ in self._snapshots]
        always = [(ids[0], NEWEST), *((id, NEWEST_COMPLETE) for id in self._complete(ids)[:1])]
        for id, reason in always:
            found[id] = list(dict.fromkeys([*found.get(id, ()), reason]))
        return [Kept(id, one, found[id]) for id, one in self._snapshots if id in found]

    def _all_runs(self) -> list[RunRow]:
        """In order, without those that were forgotten."""
        newest = self._rows[self._snapshots[0][0]]
        rows = {_key(row): row for row in newest if _key(row) not in self._gone}
        rows |= {_key(row): row for row in self._own.values()}
        return [rows[key] for key in sorted(rows)]

    def _reasons_of_runs(self, policy: Policy) -> dict[Key, list[str]]:
        choices = retention.choose(self._runs, policy)
        self._wanted = {_key(one.run) for one in choices if one.reasons}
        return {_key(one.run): one.reasons for one in choices}

    def _by_run(self) -> dict[Key, list[str]]:
        found: dict[Key, list[str]] = {}
        for id, _ in self._snapshots:
            found.setdefault(_key(self._own[id]), []).append(id)
        return found

    def _best(self, ids: list[str]) -> str:
        """Of a run that was pushed several times."""
        return (self._complete(ids) or ids)[0]

    def _complete(self, ids: list[str]) -> list[str]:
        complete = {id for id, manifest in self._snapshots if manifest.status == "complete"}
        return [id for id in ids if id in complete and _key(self._own[id]) in self._over_all]

    def forgotten(self, kept: Iterable[Kept], now: float) -> Iterator[ForgottenRun]:
        """Runs that the snapshots which stay have, and nobody wants. Their own stay, and their
        newest, which the others end with.
        """
        wanted, there = set(self._wanted), set[Key]()
        for one in kept:
            keys = {_key(row) for row in self._rows[one.id]}
            there |= keys
            wanted |= {_key(self._own[one.id]), max(keys)}
        for run, started in sorted(there - wanted - self._gone):
            yield ForgottenRun(run, started, now)


def _key(row: RunRow) -> Key:
    return row.run, row.started
