"""The vault against a model: a dict for each run, whatever the sequence of runs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import batched
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from lookervault.content.model import Item
from lookervault.storage import merkle
from lookervault.storage.repository import Repository
from tests.unit.storage.samples import end, start

type State = tuple[int, bool]
"""What an item holds, and whether it is in the trash."""

IDS = st.sampled_from(["1", "2", "10", "a", "é"])
STATES = st.tuples(st.integers(0, 2), st.booleans())
CONTENT = st.dictionaries(IDS, STATES)
TYPES = ("looks", "users")


@contextmanager
def new_vault() -> Iterator[Repository]:
    with (
        tempfile.TemporaryDirectory() as name,
        Repository.open(Path(name, "v.db"), write=True) as repo,
    ):
        yield repo


def item(type: str, id: str, state: State) -> Item:
    body = f"{type} {id} {state[0]}".encode()
    return Item(type, id, body, sha256(body).digest(), trashed=state[1])


def extract(repo: Repository, content: dict[str, dict[str, State]], size: int) -> int:
    """A complete run in pages of a size."""
    run = repo.begin_run(start(*TYPES))
    for type, items in content.items():
        for page in batched(items, size, strict=False):
            repo.store(run, repo.pack([item(type, each, items[each]) for each in page]), None)
        repo.vanish(run, type, repo.open_ids(type) - repo.confirmed(run, type))
    repo.end_run(run, end(root=repo.root(run, TYPES)[0]))
    return run


def held(repo: Repository, type: str, run: int | None) -> dict[str, State]:
    found = {}
    for row in repo.items(type, run):
        body = repo.body(type, row.id, run)
        assert body is not None
        assert row.hash == sha256(body).digest()
        found[row.id] = (int(body.split()[-1]), row.trashed)
    return found


@settings(max_examples=30)
@given(
    runs=st.lists(st.fixed_dictionaries(dict.fromkeys(TYPES, CONTENT)), min_size=1, max_size=6),
    size=st.integers(1, 4),
)
def test_each_run_shows_what_it_saw_for_ever(
    runs: list[dict[str, dict[str, State]]], size: int
) -> None:
    with new_vault() as repo:
        numbers = [extract(repo, content, size) for content in runs]
        for run, content in zip(numbers, runs, strict=True):
            assert {type: held(repo, type, run) for type in TYPES} == content
            row = repo.run(run)
            assert row is not None
            assert row.root == repo.root(run, TYPES)[0] == expected_root(content)
            assert repo.is_sealed(run)
        assert {type: held(repo, type, None) for type in TYPES} == runs[-1]


def expected_root(content: dict[str, dict[str, State]]) -> bytes:
    roots = {}
    for type, items in content.items():
        ids = sorted(items, key=str.encode)
        roots[type] = merkle.type_root(type, [(n, item(type, n, items[n]).hash) for n in ids])
    return merkle.run_root(roots)


@settings(max_examples=20)
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("store"), st.dictionaries(IDS, STATES, min_size=1)),
            st.tuples(st.just("vanish"), st.sets(IDS)),
            st.tuples(st.just("touch"), st.sets(IDS)),
            st.tuples(st.just("next run"), st.none()),
        ),
        max_size=25,
    )
)
def test_any_sequence_of_steps_leaves_what_a_dict_would_hold(
    steps: list[tuple[str, dict[str, State] | set[str] | None]],
) -> None:
    with new_vault() as repo:
        run = repo.begin_run(start())
        present: dict[str, State] = {}
        last: dict[str, State] = {}  # also of what vanished
        seen: set[str] = set()
        for name, what in steps:
            if name == "next run":
                run, seen = repo.begin_run(start()), set()
            elif name == "store":
                assert isinstance(what, dict)
                repo.store(run, repo.pack([item("users", n, s) for n, s in what.items()]), None)
                present |= what
                last |= what
                seen |= what.keys()
            elif name == "vanish":
                gone = set(what or ())
                assert repo.vanish(run, "users", gone) == len(gone & present.keys())
                present = {n: state for n, state in present.items() if n not in gone}
            else:
                back = set(what or ()) & last.keys()
                repo.touch(run, "users", back)
                present |= {n: last[n] for n in back}
                seen |= back
            assert held(repo, "users", None) == held(repo, "users", run) == present
            assert repo.open_ids("users") == present.keys()
            assert repo.confirmed(run, "users") == seen & present.keys()


@given(leaves=st.lists(st.binary(min_size=32, max_size=32), max_size=40))
def test_the_streamed_root_tells_any_two_lists_apart(leaves: list[bytes]) -> None:
    root = merkle.tree_hash(leaves)
    for changed in (leaves[1:], leaves[:-1], leaves[::-1], [*leaves, bytes(32)]):
        assert (merkle.tree_hash(changed) == root) == (changed == leaves)


@settings(max_examples=30)
@given(bodies=st.lists(st.binary(max_size=300), min_size=1, max_size=60, unique=True))
def test_any_bytes_come_back(bodies: list[bytes]) -> None:
    with new_vault() as repo:
        run = repo.begin_run(start())
        for number, body in enumerate(bodies):
            one = Item("users", str(number), body, sha256(body).digest())
            repo.store(run, repo.pack([one]), None)
        assert [body for _, body in repo.bodies("users")] == bodies
