"""A month of nights, day by day, against what its plan said before it began."""

from __future__ import annotations

from pathlib import Path

import pytest

from lookervault.demo.server import EmbeddedLooker
from lookervault.extraction.fit import fit
from lookervault.extraction.plan import NIGHTS
from scripts.quota import Site

BEGAN = 3
"""Nights before that tell how much changes."""


@pytest.mark.parametrize("quota", [None, 1_000], ids=["by default", "fitted"])
def test_a_month_takes_what_was_planned(tmp_path: Path, quota: int | None) -> None:
    """One dashboard and one look are edited before each night."""
    with EmbeddedLooker(60, 2) as looker:
        site = Site(looker, tmp_path / "vault.db")
        for night in range(BEGAN):
            site.run(night)
            site.edit()
        chosen = None if quota is None else fit(site.plan(BEGAN), quota, given={}, share=None)
        planned = site.plan(BEGAN, chosen).month()
        taken = []
        for night in range(BEGAN, BEGAN + NIGHTS):
            taken.append(site.run(night, chosen))
            site.edit()
    assert planned.runs == sum(calls > 0 for calls in taken)
    assert 0.98 * sum(taken) <= planned.calls <= 1.05 * sum(taken), (planned, taken)
    assert chosen is None or planned.calls <= chosen.month.calls, "that is the dearest month"
