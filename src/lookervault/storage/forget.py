"""Removes runs from a vault, so that those which stay show exactly the same items as before.

An item's versions are intervals of runs: each end of them moves to the next run that is kept. A
version that no kept run shows is removed. Where the item is deleted, its last version stays, and
ends with the run that noticed, though that may be forgotten: what is gone can be found, and since
when.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import batched, groupby
from pathlib import Path
from typing import NamedTuple

import msgspec

from lookervault.errors import DamagedError
from lookervault.storage import forgotten, runs, versions
from lookervault.storage.connections import open_reader
from lookervault.storage.failures import explaining
from lookervault.storage.file import check_header
from lookervault.storage.lock import is_held
from lookervault.storage.retention import Choice
from lookervault.storage.runs import RunRow
from lookervault.storage.upkeep import upkeep
from lookervault.storage.versions import Version

type Choose = Callable[[list[RunRow]], list[Choice]]
"""Gives each run the reasons for which it is kept. `retention.choose` does, by a policy."""

_CHUNK = 200
"""Items whose versions are in memory at once."""


class Forgot(msgspec.Struct, frozen=True):
    """`choices` has every run; `released` counts for each object the versions that no longer need
    it, and `versions` all that are gone.
    """

    choices: list[Choice]
    versions: int
    released: Counter[int]

    @property
    def runs(self) -> list[Choice]:
        """Those that are gone."""
        return [one for one in self.choices if not one.reasons]


def forget(path: Path, choose: Choose, *, drop_deleted: bool = False, now: float) -> Forgot:
    """All of it, or nothing.

    Raises `VaultError` where another process writes the vault, `DamagedError` where a row that is
    to be changed is not the one that was written.
    """

    def job(connection: sqlite3.Connection) -> Forgot:
        return within(connection, choose, drop_deleted=drop_deleted, when=lambda _: now)

    with upkeep(path, now) as writer:
        return writer.write_durably(job)


def within(
    connection: sqlite3.Connection,
    choose: Choose,
    *,
    drop_deleted: bool = False,
    when: Callable[[RunRow], float],
) -> Forgot:
    """As `forget`, in a transaction of the caller's. `when` a run was forgotten is noted of it."""
    plan = _Plan(connection, choose, drop_deleted=drop_deleted, running=False)
    for change in plan.changes():
        versions.replace(connection, change.old, change.rows)
    for choice in plan.forgotten:
        _forget_run(connection, choice.run.run, when(choice.run))
    return plan.result()


def preview(path: Path, choose: Choose, *, drop_deleted: bool = False) -> Forgot:
    """What `forget` would do; nothing is changed."""
    check_header(path)
    with explaining(path), closing(open_reader(path)) as connection:
        connection.execute("BEGIN")  # one state for all that follows
        plan = _Plan(connection, choose, drop_deleted=drop_deleted, running=is_held(path))
        for _ in plan.changes():
            pass
        return plan.result()


def _forget_run(connection: sqlite3.Connection, run: int, now: float) -> None:
    if runs.read_seal(connection, run) is not None and not runs.is_sealed(connection, run):
        raise DamagedError(
            f"What the vault tells of run {run} is not what was sealed, so it is not forgotten.",
            hint="Nothing was removed. `lookervault verify` tells what is damaged.",
        )
    forgotten.remember(connection, run, now)
    runs.remove(connection, run)


class _Change(NamedTuple):
    """Versions of one item that go, and whole rows that come for them."""

    old: list[Version]
    new: list[Version]
    type_name: str
    sha256: dict[int, bytes]

    @property
    def rows(self) -> Iterator[tuple[object, ...]]:
        return (one.row(self.type_name, self.sha256[one.object]) for one in self.new)


class _Plan:
    """What is to be changed in the vault as it is. `running`: some process writes it."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        choose: Choose,
        *,
        drop_deleted: bool,
        running: bool,
    ) -> None:
        self._connection = connection
        self._drop_deleted = drop_deleted
        rows = runs.read_all(connection)
        named = [
            row
            if row.status != "running" or (running and row is rows[-1])
            else msgspec.structs.replace(row, status="interrupted")
            for row in rows
        ]
        self._choices = choose(named)
        self.forgotten = [one for one in self._choices if not one.reasons]
        self._kept = [one.run.run for one in self._choices if one.reasons]
        self._removed = 0
        self._released: Counter[int] = Counter()

    def result(self) -> Forgot:
        return Forgot(self._choices, self._removed, +self._released)

    def changes(self) -> Iterator[_Change]:
        for change in self._changed_items():
            self._removed += len(change.old) - len(change.new)
            self._released.update(one.object for one in change.old)
            self._released.subtract(one.object for one in change.new)
            yield change

    def _changed_items(self) -> Iterator[_Change]:
        for type_id, ids in self._touched():
            rest = f"""WHERE v.type = ? AND v.id IN ({versions.marks(ids)})
                ORDER BY v.id, v.first_run"""
            found = list(versions.checked(self._connection, rest, (type_id, *ids)))
            for _, rows in groupby(found, key=lambda row: row[0].id):
                yield from self._changed(list(rows))

    def _touched(self) -> Iterator[tuple[int, Sequence[str]]]:
        """Items of which a version begins or ends with a run that is not kept, or is empty."""
        query = """SELECT DISTINCT type, id FROM versions WHERE first_run = end_run
            OR first_run NOT IN (SELECT value FROM json_each(:kept))
            OR end_run NOT IN (SELECT value FROM json_each(:kept)) ORDER BY type, id"""
        keys = self._connection.execute(query, {"kept": json.dumps(self._kept)}).fetchall()
        for type_id, of_type in groupby(keys, key=lambda key: key[0]):
            for chunk in batched((id for _, id in of_type), _CHUNK, strict=False):
                yield type_id, chunk

    def _changed(self, rows: list[tuple[Version, str, bytes]]) -> Iterator[_Change]:
        old = [version for version, _, _ in rows]
        new = moved(old, self._kept, drop_deleted=self._drop_deleted)
        before = {_key(one) for one in old}
        after = {_key(one) for one in new}
        sha256 = {version.object: digest for version, _, digest in rows}
        change = _Change(
            [one for one in old if _key(one) not in after],
            [one for one in new if _key(one) not in before],
            rows[0][1],
            sha256,
        )
        if change.old or change.new:
            yield change


def _key(version: Version) -> tuple[int, int | None, int]:
    return version.first_run, version.end_run, version.object


def moved(of_item: Sequence[Version], kept: Sequence[int], *, drop_deleted: bool) -> list[Version]:
    """The versions of one item, in order, as the kept runs (in order) show them."""
    found: list[Version] = []
    for version in of_item:
        first = _next(kept, version.first_run)
        end = None if version.end_run is None else _next(kept, version.end_run)
        is_last = version is of_item[-1]
        if first != end:
            one = msgspec.structs.replace(
                version, first_run=first, end_run=version.end_run if is_last else end
            )
        elif is_last and not drop_deleted:
            one = version
        else:
            continue
        before = found.pop() if found else None
        if before is not None and before.end_run is not None:
            # the last one may begin before the run to which the end of the one before was moved
            before = _until(before, min(before.end_run, one.first_run))
            if before.end_run == one.first_run and _alike(before, one):
                one, before = _until(before, one.end_run), None
        found += [one] if before is None else [before, one]
    return found


def _until(version: Version, run: int | None) -> Version:
    return msgspec.structs.replace(version, end_run=run)


def _next(kept: Sequence[int], run: int) -> int:
    place = bisect_left(kept, run)
    if place == len(kept):
        raise DamagedError(
            f"The vault tells of run {run}, which is newer than its newest.",
            hint="Nothing was removed. `lookervault verify` tells what is damaged.",
        )
    return kept[place]


def _alike(one: Version, other: Version) -> bool:
    """Whether what came between was all that told them apart."""
    return msgspec.structs.replace(one, first_run=0, end_run=0) == msgspec.structs.replace(
        other, first_run=0, end_run=0
    )
