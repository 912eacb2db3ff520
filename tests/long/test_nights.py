"""Nights in which one item in a hundred changes: what a vault costs, and what it can tell."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from bench.nights import Key, Night, Nights
from lookervault.storage import retention
from lookervault.storage.forget import forget
from lookervault.storage.gc import gc
from lookervault.storage.repository import Repository
from lookervault.storage.retention import Policy
from lookervault.storage.verify import verify
from tests.unit.storage.samples import column

type Bodies = dict[Key, bytes]

ITEMS = 120
A_RUN_ITSELF = 18_000
"""Bytes of a night in which nothing changed, at most: its rows, and its certificate."""
A_CHANGE = 2_000
"""Bytes of a changed item, at most: its body, compressed, and its version."""


@pytest.mark.parametrize("nights", [30, pytest.param(365, marks=pytest.mark.long)])
def test_a_vault_grows_by_what_changed_and_tells_of_each_night(nights: int, tmp_path: Path) -> None:
    path = tmp_path / "v.db"
    with Nights(path, ITEMS) as company:
        first = dict(company.bodies)
        before = company.vault.size_report().disk
        changed = [company.next() for _ in range(nights)]
        grown = company.vault.size_report().disk - before
        last = dict(company.bodies)
    changes = sum(len(night.changed) for night in changed)
    assert changes >= 2 * nights
    assert column(path, "SELECT count(*) FROM versions") == [len(first) + changes]
    assert grown <= nights * A_RUN_ITSELF + changes * A_CHANGE
    assert verify(path).status == "ok"
    check(path, first, changed, last)

    policy = Policy(daily=7, weekly=3, monthly=3)
    done = forget(path, partial(retention.choose, policy=policy), now=0)
    kept = {one.run.run for one in done.choices if one.reasons}
    assert len(kept) in (10, 11, 12)
    size = path.stat().st_size
    assert gc(path, now=0).bytes_after < size
    report = verify(path)
    assert (report.status, report.checked["unreferenced_objects"]) == ("ok", 0)
    check(path, first, [night for night in changed if night.run in kept], last, alone=False)


def check(
    path: Path, first: Bodies, changed: list[Night], last: Bodies, *, alone: bool = True
) -> None:
    """What changed in a night is there as of its run, and not as of the one before (`alone`)."""
    with Repository.open(path, write=False) as vault:
        for night in changed:
            for (name, id), body in night.changed.items():
                assert vault.body(name, id, night.run) == body
                assert not alone or vault.body(name, id, night.run - 1) != body
        for (name, id), body in last.items():
            assert vault.body(name, id) == body
            assert not alone or vault.body(name, id, 1) == first[name, id]
