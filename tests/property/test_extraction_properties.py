"""Whatever happens in Looker while it is read: nothing that was there throughout is lost."""

from __future__ import annotations

import json
import random
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lookervault.config.models import parallel_config
from lookervault.content.registry import TYPES
from lookervault.demo.behaviour import Behaviour
from lookervault.demo.store import Store
from lookervault.extraction.orchestrator import Orchestrator, Result
from lookervault.extraction.request import Request
from lookervault.storage.repository import Repository
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
    client: NearbyLooker, into: Repository, names: tuple[str, ...], **config: Any
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
    types = [TYPES[name] for name in names]
    return orchestrator.run(Request(types=types, base_url=BASE_URL, program_version="0"))


@dataclass(frozen=True)
class Change:
    """What happens before a call of the run."""

    call: int
    type: str
    what: str
    place: int


@dataclass
class Company:
    """A store in which changes happen; keeps every state that each object had."""

    store: Store
    versions: dict[tuple[str, str], set[bytes]] = field(default_factory=lambda: defaultdict(set))
    moved: set[tuple[str, str]] = field(default_factory=set)

    def note(self, name: str, identity: str) -> None:
        self.versions[name, identity].add(self.store.body(name, identity))

    def note_all(self) -> None:
        for name in NAMES:
            for identity in self.store.ids(name):
                self.note(name, identity)

    def happen(self, change: Change) -> None:
        ids = self.store.ids(change.type)
        identity = ids[change.place % len(ids)]
        if change.type == "users" and identity == ids[0]:
            return  # the API's own user
        getattr(self, f"_{change.what}")(change.type, identity)
        self.note_all()

    def _create(self, name: str, identity: str) -> None:
        self.store.create(name)

    def _edit(self, name: str, identity: str) -> None:
        self.store.edit(name, identity, future_flag="edited")

    def _delete(self, name: str, identity: str) -> None:
        if len(self.store.ids(name)) > 2:
            self.store.delete(name, identity)

    def _move(self, name: str, identity: str) -> None:
        """To another folder, into the trash and out of it, or to the other half: once each."""
        if (name, identity) in self.moved:
            return
        self.moved.add((name, identity))
        body = json.loads(self.store.body(name, identity))
        if name == "alerts":
            self.store.edit(name, identity, is_disabled=not body["is_disabled"])
        elif name in ("dashboards", "looks") and body["deleted"]:
            self.store.restore(name, identity)
        elif name in ("dashboards", "looks") and int(identity) % 2:
            self.store.trash(name, identity)
        elif name in ("dashboards", "looks"):
            self.store.edit(name, identity, folder_id="1")


changes = st.builds(
    Change,
    call=st.integers(1, 45),
    type=st.sampled_from(NAMES),
    what=st.sampled_from(["create", "edit", "delete", "move", "move"]),
    place=st.integers(0, 30),
)


def people(store: Store) -> set[str]:
    """Users that are no embed users: those are a type of their own."""
    return {i for i in store.ids("users") if b'"credentials_embed":[]' in store.body("users", i)}


@settings(max_examples=FEW)
@given(
    happens=st.lists(changes, max_size=12),
    seed=st.integers(0, 40),
    known_before=st.booleans(),
    id_lists=st.booleans(),
    cap=st.sampled_from([None, 2, 3, 7]),
    page_size=st.integers(1, 6),
    names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True),
)
def test_nothing_that_exists_throughout_is_lost_or_called_deleted(  # noqa: PLR0917 - drawn
    happens: list[Change],
    seed: int,
    known_before: bool,
    id_lists: bool,
    cap: int | None,
    page_size: int,
    names: list[str],
) -> None:
    company = Company(Store(150, seed, COUNTS))
    store, chosen = company.store, tuple(names)
    behaviour = Behaviour(id_lists=id_lists, max_limit=cap)

    def before(call: int) -> None:
        for change in happens:
            if change.call == call and change.type in chosen:
                company.happen(change)

    with vault() as into:
        if known_before:
            extract(NearbyLooker(store, Behaviour()), into, chosen)
        company.note_all()
        at_first = {
            name: people(store) if name == "users" else set(store.ids(name)) for name in chosen
        }
        result = extract(NearbyLooker(store, behaviour, before), into, chosen, page_size=page_size)
        assert result.error is None
        given_up = {m.type for m in result.end.missing if m.id == "*"}
        named = {(m.type, m.id) for m in result.end.missing}
        assert (result.end.status == "complete") is (not named)
        for name in chosen:
            lasting = at_first[name] & set(store.ids(name))
            there = into.open_ids(name)
            assert name in given_up or not {i for i in lasting - there if (name, i) not in named}, (
                "lost without a word"
            )
            assert not known_before or lasting <= there, "called deleted, and it is not"
            for identity in there & lasting:
                _is_a_state_it_had(company, name, identity, into.body(name, identity))
        for of_type in result.end.types:
            assert min(of_type.new, of_type.changed, of_type.unchanged, of_type.deleted) >= 0
            assert of_type.items == of_type.new + of_type.changed + of_type.unchanged


_CUT = ("password_reset_url", "account_setup_url", "ui_state", "client_secret", "secret_parameters")


def _is_a_state_it_had(company: Company, name: str, identity: str, body: bytes | None) -> None:
    assert body is not None
    stored = _without_secrets(json.loads(body))
    states = [_without_secrets(json.loads(one)) for one in company.versions[name, identity]]
    assert stored in states, f"{name} {identity} is a mixture"


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(one) for key, one in value.items() if key not in _CUT}
    return [_without_secrets(one) for one in value] if isinstance(value, list) else value


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
        request = Request(types=types, base_url=BASE_URL, program_version="0")
        stopped = orchestrator.run(request)
        assert stopped.end.status in ("interrupted", "complete")
        assert into.is_sealed(stopped.run)
        whole = extract(NearbyLooker(store, Behaviour()), into, NAMES)
        assert (whole.end.status, sum(one.deleted for one in whole.end.types)) == ("complete", 0)
        with vault() as fresh:
            assert (
                whole.end.root == extract(NearbyLooker(store, Behaviour()), fresh, NAMES).end.root
            )
