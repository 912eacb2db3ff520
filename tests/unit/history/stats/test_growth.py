"""Growth against a count of what each run held, one item after the other."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from lookervault.history.stats.growth import Growth, growth, most_changed, weekly
from lookervault.history.stats.state import State
from lookervault.storage.forget import forget
from lookervault.storage.repository import Repository
from lookervault.storage.retention import Choice
from tests.unit.storage.samples import body, edit, finished_run, item

RUNS = 12
type States = list[dict[tuple[str, str], int]]
"""Of each run: the state that each item, by type and id, was in."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Repository, States]]:
    """Items come, change, go and come back; looks are there from the third run on."""
    draw, states = random.Random(7), list[dict[tuple[str, str], int]]()
    with Repository.open(tmp_path_factory.mktemp("growth") / "v.db", write=True) as vault:
        held: dict[tuple[str, str], int] = {}
        for run in range(1, RUNS + 1):
            types = ("users", "looks") if run > 2 else ("users",)
            held = dict(held)
            for type in types:
                for id in map(str, range(1, 15)):
                    if draw.random() < 0.2:
                        held.pop((type, id), None)
                    elif draw.random() < 0.5:
                        held[type, id] = held.get((type, id), 0) + draw.choice((0, 0, 1))
            items = [item(id, state, type=type) for (type, id), state in held.items()]
            assert finished_run(vault, items, *types) == run
            states.append(held)
        yield vault, states


def test_each_run_is_counted_as_it_was(told: tuple[Repository, States]) -> None:
    vault, states = told
    before: dict[tuple[str, str], int] = {}
    for row, held in zip(growth(State(vault)), states, strict=True):
        began = [
            key for key in held if not any(k[0] == key[0] for s in states[: row.run - 1] for k in s)
        ]
        assert (row.items, row.bytes) == (
            len(held),
            sum(len(body(id, state)) for (_, id), state in held.items()),
        )
        assert (row.began, row.new, row.changed, row.deleted) == (
            len(began),
            len(held.keys() - before.keys()) - len(began),
            sum(held[key] != before[key] for key in held.keys() & before.keys()),
            len(before.keys() - held.keys()),
        )
        before = held


def test_a_type_is_counted_alone_and_an_earlier_run_ends_there(
    told: tuple[Repository, States],
) -> None:
    vault, states = told
    rows = growth(State(vault, 5), ["looks"], since=2)
    assert [row.run for row in rows] == [2, 3, 4, 5]
    assert [row.items for row in rows] == [
        sum(type == "looks" for type, _ in held) for held in states[1:5]
    ]


def test_the_most_changed_come_first(told: tuple[Repository, States]) -> None:
    vault, states = told
    for low, high in ((0, RUNS), (4, 9)):
        counts: Counter[tuple[str, str]] = Counter()
        for run in range(max(low, 2), high + 1):
            before, held = states[run - 2], states[run - 1]
            counts.update(k for k in held.keys() & before.keys() if held[k] != before[k])
        rows = most_changed(State(vault, high), since=low)
        assert {(row.type, row.id): row.changes for row in rows} == counts
        assert [row.changes for row in rows] == sorted(counts.values(), reverse=True)
        assert all(row.deleted == ((row.type, row.id) not in states[high - 1]) for row in rows)
        assert all(row.name == f"Üser {row.id}" for row in rows)


def test_what_a_forgotten_run_did_counts_for_the_one_after_it(
    told: tuple[Repository, States],
) -> None:
    vault, states = told
    state = State(vault)
    state.runs = [row for row in state.runs if row.run not in (4, 5)]
    rows = {row.run: row for row in growth(state)}
    assert [rows[run].items for run in rows] == [len(states[run - 1]) for run in rows]
    whole = growth(State(vault))
    assert rows[6].new == sum(row.new for row in whole[3:6])


def test_what_only_a_forgotten_run_saw_changed_did_not_change(tmp_path: Path) -> None:
    path = tmp_path / "v.db"
    with Repository.open(path, write=True) as vault:
        for state in (0, 1, 0, 1):
            finished_run(vault, [item("1", state), item("2")])
    forget(path, lambda rows: [Choice(row, ["kept"] * (row.run != 2)) for row in rows], now=0.0)
    with Repository.open(path, write=False) as vault:
        (row,) = most_changed(State(vault))
        assert (row.id, row.changes, row.first, row.last) == ("1", 1, 4, 4)
        assert [(row.run, row.items, row.changed) for row in growth(State(vault))] == [
            (1, 2, 0), (3, 2, 0), (4, 2, 1),
        ]  # fmt: skip


def test_an_item_stored_anew_as_its_body_was_lost_did_not_change(tmp_path: Path) -> None:
    with Repository.open(tmp_path / "v.db", write=True) as vault:
        finished_run(vault, [item("1")])
        edit(tmp_path / "v.db", "DELETE FROM objects")
        finished_run(vault, [item("1")])
        assert most_changed(State(vault)) == []
        assert [(row.items, row.new, row.changed) for row in growth(State(vault))] == [
            (1, 0, 0), (1, 0, 0),
        ]  # fmt: skip


def test_weeks_add_up_their_runs() -> None:
    day = 24 * 3600
    rows = [
        Growth(run, 1, 1_798_588_800.0 + run * day, "complete", 10 + run, 100, 0, run, 1, 2)
        for run in range(1, 10)
    ]  # from the last day of 2026, a Thursday; run 4 is on Sunday
    weeks = weekly(rows)
    assert [(one.week, one.runs, one.run) for one in weeks] == [
        ("2026-W53", 4, 4), ("2027-W01", 5, 9),
    ]  # fmt: skip
    assert [(one.items, one.new, one.changed, one.deleted) for one in weeks] == [
        (14, 10, 4, 8), (19, 35, 5, 10),
    ]  # fmt: skip
    assert weekly([]) == []


def test_an_empty_vault_has_nothing_to_tell(tmp_path: Path) -> None:
    with Repository.open(tmp_path / "v.db", write=True) as vault:
        assert (growth(State(vault)), most_changed(State(vault))) == ([], [])
