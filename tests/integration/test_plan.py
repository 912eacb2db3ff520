"""What a run will cost, against what it then takes."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from lookervault.config.models import parallel_config
from lookervault.config.settings import load
from lookervault.content.costs import SESSION
from lookervault.content.model import ContentType
from lookervault.content.registry import select
from lookervault.demo.server import EmbeddedLooker
from lookervault.demo.store import Store
from lookervault.extraction.estimate import Found, basis, type_cost, unknown
from lookervault.extraction.first_look import look
from lookervault.extraction.plan import Plan, plan
from lookervault.extraction.request import Request
from lookervault.extraction.survey import calls_of
from lookervault.looker.client import Looker
from tests.integration.running import Extraction, by_type, extraction

NIGHTS = 3
LOGIN = 1


def planned(one: Extraction, **config: float) -> tuple[dict[str, float], int]:
    """Calls by type, and those that planning took."""
    types = select([], [])
    of = basis(one.vault, types, parallel_config(config))
    client = Looker(load({}, one.looker.env(), None), pool_size=1)
    calls = calls_of(client)
    try:
        strange = unknown(of.past, types)
        found = look(calls, strange) if strange else {}
    finally:
        client.close()
    costs = {t.name: type_cost(t, of, found.get(t.name)) for t in types}
    return {name: cost.now.calls for name, cost in costs.items()}, calls.tally.calls.total()


def a_day_passes(store: Store, chance: random.Random) -> None:
    for kind in ("dashboards", "looks"):
        ids = store.ids(kind)
        for i in chance.sample(ids, max(1, len(ids) // 50)):
            store.edit(kind, i, title=chance.choice("abcdefgh") * 9)
        store.delete(kind, chance.choice(store.ids(kind)))
    store.create("dashboards", title="New")
    store.edit("users", chance.choice(store.ids("users")), first_name="Zoë")


@pytest.mark.parametrize(
    ("items", "seed", "counts", "config"),
    [
        (60, 0, {}, {}),
        (60, 4, {"looks": 200, "folders": 120}, {"prove": 50}),
        (250, 1, {"dashboards": 70}, {"page_size": 20}),
    ],
)
def test_the_estimate_is_within_a_tenth_of_what_the_run_takes(
    tmp_path: Path, items: int, seed: int, counts: Mapping[str, int], config: Mapping[str, float]
) -> None:
    chance = random.Random(seed)
    with (
        EmbeddedLooker(items, seed, counts=counts) as looker,
        extraction(looker, tmp_path / "vault.db") as one,
    ):
        for night in range(NIGHTS):
            expected, asked = planned(one, **config)
            assert (asked > 0) == (night == 0), "the vault alone tells of later runs"
            assert asked <= 30
            done = one.run(**config)  # type: ignore[arg-type]  # numbers only
            taken = {name: row.calls for name, row in by_type(done).items()}
            total = sum(expected.values()) + SESSION
            assert total == pytest.approx(done.end.calls + LOGIN, rel=0.1), (expected, taken)
            a_day_passes(looker.store, chance)


def test_calls_and_bytes_are_those_of_the_run_that_follows(tmp_path: Path) -> None:
    """A first run, the second and the third night, one that reads everything, and one after it."""
    chance = random.Random(5)
    with (
        EmbeddedLooker(60, 5, counts={"dashboards": 200, "looks": 100}) as looker,
        extraction(looker, tmp_path / "vault.db") as one,
    ):
        sizes = []
        for full in (False, False, False, True, False):
            told = coming(one, full=full)
            done = one.run(full=full)
            assert told.calls == pytest.approx(done.end.calls + LOGIN, rel=0.03)
            assert told.bytes == pytest.approx(done.end.bytes, rel=0.1)
            sizes.append(told.bytes)
            a_quiet_night(looker.store, chance)
    assert min(sizes[0], sizes[3]) > 5 * max(sizes[1], sizes[2], sizes[4])


def coming(one: Extraction, *, full: bool) -> Plan:
    def ask(types: Sequence[ContentType]) -> Mapping[str, Found]:
        client = Looker(load({}, one.looker.env(), None), pool_size=1)
        try:
            return look(calls_of(client), types)
        finally:
            client.close()

    types = select([], [])
    request = Request(types=types, base_url="", program_version="0", all_due=True, full=full)
    return plan(one.vault, request, parallel_config({}), now=time.time(), ask=ask)


def a_quiet_night(store: Store, chance: random.Random) -> None:
    """One dashboard and one look in a hundred are edited."""
    for kind in ("dashboards", "looks"):
        ids = store.ids(kind)
        for i in chance.sample(ids, round(len(ids) / 100)):
            store.edit(kind, i, description=chance.choice("abcdefgh") * 9)


def test_some_dashboards_stand_for_all() -> None:
    with EmbeddedLooker(60, 6, counts={"dashboards": 240}) as looker:
        client = Looker(load({}, looker.env(), None), pool_size=1)
        try:
            found = look(calls_of(client), select([], []), dashboards=40)
        finally:
            client.close()
        real = {name: len(looker.store.ids(name)) for name in ("merge_queries", "queries")}
    merged = found["merge_queries"]
    assert len(found["dashboards"].entries) == 240
    assert 0 < len(merged.entries) < real["merge_queries"]
    assert len(merged.entries) + merged.beside == pytest.approx(real["merge_queries"], rel=0.25)
    assert found["queries"].beside == pytest.approx(real["queries"], rel=0.35)


def test_what_costs_the_same_each_time_is_told_to_the_call(tmp_path: Path) -> None:
    with EmbeddedLooker(60, 5) as looker, extraction(looker, tmp_path / "vault.db") as one:
        one.run()
        expected, _ = planned(one, prove=100)
        taken = {name: row.calls for name, row in by_type(one.run(prove=100)).items()}
    whole = taken.keys() - {"queries", "merge_queries", "dashboards", "looks"}
    assert {name: expected[name] for name in whole} == {name: taken[name] for name in whole}
    assert [expected[name] for name in ("dashboards", "looks")] == [
        pytest.approx(taken[name], abs=0.5) for name in ("dashboards", "looks")
    ]


def test_a_type_with_silent_changes_is_expected_in_full(tmp_path: Path) -> None:
    with EmbeddedLooker(60, 5) as looker, extraction(looker, tmp_path / "vault.db") as one:
        store = looker.store
        one.run("looks")
        seldom = planned(one)[0]["looks"]
        store.edit_quietly("looks", store.ids("looks")[0], title="Unseen")
        one.run("looks", prove=100)
        expected = planned(one)[0]["looks"]
        taken = by_type(one.run("looks"))["looks"].calls
    assert seldom < expected == pytest.approx(taken, abs=1)
