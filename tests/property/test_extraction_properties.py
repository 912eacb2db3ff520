"""Whatever happens in Looker while it is read: nothing that was there throughout is lost."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookervault.config.models import parallel_config
from lookervault.content.registry import TYPES
from lookervault.demo.behaviour import Behaviour
from lookervault.demo.store import Store
from lookervault.extraction.orchestrator import Orchestrator, Result
from lookervault.extraction.request import Request
from lookervault.storage.repository import Repository
from tests.property.happenings import Change, Company, Happenings, Schedule, schedules
from tests.property.nearby import NearbyLooker
from tests.unit.extraction.library import NoWaiting, Watcher

COUNTS = {
    "dashboards": 9,
    "looks": 12,
    "folders": 18,
    "users": 21,
    "boards": 2,
    "scheduled_plans": 6,
    "alerts": 8,
    "groups": 5,
}
NAMES = ("dashboards", "looks", "users", "alerts", "scheduled_plans")
FEW = max(10, settings.default.max_examples // 6 if settings.default else 10)
BASE_URL = "https://nearby.example"


@contextmanager
def vault() -> Iterator[Repository]:
    with (
        tempfile.TemporaryDirectory() as folder,
        Repository.open(Path(folder) / "vault.db", write=True) as one,
    ):
        yield one


def extract(
    client: NearbyLooker,
    into: Repository,
    names: tuple[str, ...],
    accepted: tuple[str, ...] = (),
    **config: Any,
) -> Result:
    time = NoWaiting()
    orchestrator = Orchestrator(
        client,
        into,
        parallel_config({"workers": 1, **config}),
        Watcher(),
        stop=time,
        clock=lambda: time.now,
        now=lambda: 0.0,
        jitter=random.Random(0),
    )
    return orchestrator.run(
        Request(
            types=[TYPES[name] for name in names],
            base_url=BASE_URL,
            program_version="0",
            accept_deletions=accepted,
            all_due=True,
        )
    )


def people(store: Store) -> set[str]:
    """Users that are no embed users: those are a type of their own."""
    return {i for i in store.ids("users") if b'"credentials_embed":[]' in store.body("users", i)}


def there_are(store: Store, name: str) -> set[str]:
    return people(store) if name == "users" else set(store.ids(name))


@settings(max_examples=FEW)
@given(
    schedule=schedules([*NAMES, "folders"]),
    seed=st.integers(0, 40),
    known_before=st.booleans(),
    id_lists=st.booleans(),
    cap=st.sampled_from([None, 2, 3, 7]),
    page_size=st.integers(1, 6),
)
def test_nothing_that_exists_throughout_is_lost_or_called_deleted(  # noqa: PLR0917 - drawn
    schedule: Schedule,
    seed: int,
    known_before: bool,
    id_lists: bool,
    cap: int | None,
    page_size: int,
) -> None:
    store, chosen = Store(150, seed, COUNTS), schedule.types
    company = Company(store, chosen, known=known_before)
    pages = "folders" not in chosen  # all of those come at once
    behaviour = Behaviour(id_lists=id_lists, max_limit=cap if pages else None)
    with vault() as into, vault() as fresh:
        if known_before:
            extract(NearbyLooker(store, Behaviour()), into, chosen)
        at_first = {name: there_are(store, name) for name in chosen}
        happenings = Happenings(company, schedule.changes)
        looker = NearbyLooker(store, behaviour, happenings.before)
        result = extract(looker, into, chosen, page_size=page_size)
        lasting = {name: at_first[name] & there_are(store, name) for name in chosen}
        is_there_or_named(result, into, lasting, known_before=known_before)
        for name in chosen:
            for identity in into.open_ids(name) & lasting[name]:
                company.had_state(name, identity, into.body(name, identity))
        happenings.rest()
        assert root_of(store, into, chosen) == root_of(store, fresh, chosen)
        for name in chosen:
            assert into.open_ids(name) == fresh.open_ids(name)


def is_there_or_named(
    result: Result, into: Repository, lasting: dict[str, set[str]], *, known_before: bool
) -> None:
    assert result.error is None
    named = {(m.type, m.id) for m in result.end.missing}
    assert (result.end.status == "complete") is (not named)
    for name, ids in lasting.items():
        there = into.open_ids(name)
        lost = {i for i in ids - there if (name, i) not in named}
        assert (name, "*") in named or not lost, "lost without a word"
        assert not known_before or ids <= there, "called deleted, and it is not"
    for of_type in result.end.types:
        assert min(of_type.new, of_type.changed, of_type.unchanged, of_type.deleted) >= 0
        assert of_type.items == of_type.new + of_type.changed + of_type.unchanged


def root_of(store: Store, into: Repository, names: tuple[str, ...]) -> bytes | None:
    """Of a run that nobody disturbs, and for which any number of deletions is believed."""
    end = extract(NearbyLooker(store, Behaviour()), into, names, accepted=names).end
    assert end.status == "complete", end
    return end.root


@pytest.mark.parametrize("known_before", [True, False])
@pytest.mark.parametrize(
    ("name", "what"), [("alerts", "disable"), ("dashboards", "trash"), ("looks", "trash")]
)
def test_what_goes_to_the_other_part_of_a_listing_at_any_call_of_it_is_there(
    name: str, what: str, *, known_before: bool
) -> None:
    """And back at the next call."""
    store = Store(1, 8, {name: 8})
    for last in (5, 6, 7):
        Company(store, (), known=True).happen(Change(0, name, what, last, 0, None))
    for call, place in product(range(4, 10), (3, 5)):
        with vault() as into:
            if known_before:
                extract(NearbyLooker(store, Behaviour()), into, (name,))
            change = Change(call, name, what, place, 0, 1)
            happenings = Happenings(Company(store, (), known=known_before), [change])
            looker = NearbyLooker(store, Behaviour(), happenings.before)
            assert extract(looker, into, (name,)).error is None
            assert into.open_ids(name) == set(store.ids(name))


@settings(max_examples=FEW)
@given(
    seed=st.integers(0, 10),
    workers=st.integers(1, 12),
    page_size=st.integers(1, 30),
    queue_size=st.integers(1, 20),
    id_lists=st.booleans(),
    cap=st.sampled_from([None, 2, 5, 50]),
    names=st.permutations([*NAMES, "roles", "groups"]),
)
def test_the_root_is_that_of_the_content_however_it_is_read(  # noqa: PLR0917 - drawn
    seed: int,
    workers: int,
    page_size: int,
    queue_size: int,
    id_lists: bool,
    cap: int | None,
    names: list[str],
) -> None:
    store = Store(150, seed % 2, COUNTS)
    behaviour = Behaviour(id_lists=id_lists, max_limit=cap)
    with vault() as one, vault() as other:
        expected = extract(NearbyLooker(store, Behaviour()), one, tuple(sorted(names)))
        found = extract(
            NearbyLooker(store, behaviour),
            other,
            tuple(names),
            workers=workers,
            page_size=page_size,
            queue_size=queue_size,
        )
    assert expected.end.status == found.end.status == "complete"
    assert expected.end.root == found.end.root


@settings(max_examples=FEW)
@given(moment=st.integers(3, 60), workers=st.integers(1, 6), page_size=st.integers(1, 20))
def test_a_run_stopped_at_any_moment_is_made_good_by_the_next(
    moment: int, workers: int, page_size: int
) -> None:
    store = Store(150, 1, COUNTS)
    time = NoWaiting()

    def before(call: int) -> None:
        if call == moment:
            time.request()

    with vault() as into:
        orchestrator = Orchestrator(
            NearbyLooker(store, Behaviour(), before),
            into,
            parallel_config({"workers": workers, "page_size": page_size}),
            Watcher(),
            stop=time,
            clock=lambda: time.now,
        )
        types = [TYPES[name] for name in NAMES]
        request = Request(types=types, base_url=BASE_URL, program_version="0", all_due=True)
        stopped = orchestrator.run(request)
        assert stopped.end.status in ("interrupted", "complete")
        assert into.is_sealed(stopped.run)
        whole = extract(NearbyLooker(store, Behaviour()), into, NAMES)
        assert (whole.end.status, sum(one.deleted for one in whole.end.types)) == ("complete", 0)
        with vault() as fresh:
            assert (
                whole.end.root == extract(NearbyLooker(store, Behaviour()), fresh, NAMES).end.root
            )
