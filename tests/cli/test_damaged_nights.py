"""Nights from an empty disk, into a store in which something is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lookervault.demo.server import EmbeddedLooker
from lookervault.storage.repository import Repository
from lookervault.storage.verify import verify
from tests.cli.machine import TYPES, Machine
from tests.cli.running import Completed, program


@pytest.fixture
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(items=60, seed=5) as one:
        yield one


@pytest.fixture
def machine(tmp_path: Path, looker: EmbeddedLooker) -> Machine:
    """With a store of two nights."""
    one = Machine(tmp_path, looker)
    for title in ("First", "Second"):
        looker.store.edit("dashboards", looker.store.ids("dashboards")[0], title=title)
        one.night("--prove", 0)
    return one


def damage(machine: Machine, *folders: str, newest: bool = False) -> list[str]:
    """All objects in these folders, or the last ones; returns their names."""
    found = []
    for folder in folders:
        files = sorted((machine.folder / "store" / folder).iterdir())
        for file in files[-1:] if newest else files:
            data = bytearray(file.read_bytes())
            data[len(data) // 2] ^= 1
            file.write_bytes(data)
            found.append(file.name)
    return found


def night(machine: Machine, *arguments: object, **env: str) -> Completed:
    """Nothing is left behind."""
    arguments = ("extract", *TYPES, "--prove", 0, "--json", *arguments)
    done = program(*arguments, env=machine.env | env, cwd=machine.disk)
    assert list(machine.disk.iterdir()) == []
    return done


def shown(machine: Machine) -> Any:
    return machine.asked("snapshot", "show", "latest", "--json").json


def check_back(machine: Machine, looker: EmbeddedLooker, runs: list[int]) -> None:
    back = machine.folder / "back.db"
    assert machine.asked("snapshot", "pull", "--vault", back).code == 0
    assert verify(back, deep=True).status == "ok"
    assert [one["run"] for one in program("runs", "--json", "--vault", back).json] == runs
    with Repository.open(back, write=False) as vault:
        bodies = dict(vault.bodies("dashboards"))
    assert bodies == {
        id: looker.store.body("dashboards", id) for id in looker.store.ids("dashboards")
    }


def test_a_night_goes_on_from_the_newest_whole_snapshot_and_says_so(
    machine: Machine, looker: EmbeddedLooker
) -> None:
    first = machine.asked("snapshot", "show", machine_ids(machine)[0], "--json").json
    (lost,) = damage(machine, "snapshots", newest=True)
    done = night(machine)
    assert (done.code, done.json["status"], done.json["run"]) == (5, "complete", 2)
    assert done.json["error"]["code"] == 5
    assert done.json["types"]["dashboards"]["changed"] == 1
    assert done.told.startswith(f"Warning: snapshots/{lost} in the store is damaged: ")
    assert f"as they are damaged: snapshots {lost}. The run goes on from {first['id']}" in done.told
    assert f"Snapshot {done.json['snapshot']['id']} is whole." in done.told
    new = shown(machine)
    assert (new["parent"], new["gaps"], new["certificates"]) == (first["id"], [lost], 2)
    check_back(machine, looker, [1, 2])
    # it is told of as long as there is this history, but only once as damage
    again = night(machine)
    assert (again.code, again.err, shown(machine)["gaps"]) == (0, "", [lost])
    assert [one["status"] for one in machine.asked("snapshot", "list", "--json").json] == [
        "complete",
        "complete",
        "damaged",
        "complete",
    ]


def machine_ids(machine: Machine) -> list[str]:
    return sorted(file.name for file in (machine.folder / "store" / "snapshots").iterdir())


@pytest.mark.parametrize("folder", ["snapshots", "rows", "index"])
def test_where_none_is_whole_the_night_begins_from_nothing(
    machine: Machine, looker: EmbeddedLooker, folder: str
) -> None:
    gone = machine_ids(machine)[::-1]
    damage(machine, folder)
    done = night(machine)
    assert (done.code, done.json["status"], done.json["run"]) == (5, "complete", 1), done
    assert "No other is of this Looker: the run begins from nothing" in done.told
    new = shown(machine)
    assert (new["parent"], new["gaps"], new["certificates"]) == (None, gone, 1)
    check_back(machine, looker, [1])
    assert night(machine).code == 0


def test_what_is_there_is_not_sent_again_for_a_damaged_manifest(machine: Machine) -> None:
    packs = machine.folder / "store" / "packs"
    before = {file.name for file in packs.iterdir()}
    damage(machine, "snapshots")
    assert night(machine).code == 5
    sent = {file.stat().st_size for file in packs.iterdir() if file.name not in before}
    assert sum(sent) < sum((packs / name).stat().st_size for name in before) / 10


def test_an_older_snapshot_whose_index_is_whole_is_gone_on_from(
    machine: Machine, looker: EmbeddedLooker
) -> None:
    """What only a damaged piece tells of would be missing from the new snapshot."""
    first, second = machine_ids(machine)
    own = {piece.name for piece in (machine.folder / "store" / "index").iterdir()}
    looker.store.edit("dashboards", looker.store.ids("dashboards")[1], title="Third")
    machine.night("--prove", 0)
    (third,) = {*machine_ids(machine)} - {first, second}
    for piece in (machine.folder / "store" / "index").iterdir():
        if piece.name not in own:
            piece.write_bytes(b"x")
    done = night(machine)
    assert (done.code, done.json["run"], shown(machine)["gaps"]) == (5, 3, [third])
    check_back(machine, looker, [1, 2, 3])


def test_where_nobody_knows_how_many_calls_are_left_none_is_sent(
    machine: Machine, looker: EmbeddedLooker
) -> None:
    damage(machine, "snapshots")
    looker.log.clear()
    done = night(machine, LOOKERVAULT_MONTHLY_CALLS="100000")
    assert (done.code, done.json["status"], len(looker.log)) == (5, "failed", 0), done
    assert "Nothing was called. Give --max-calls N" in done.told
    limited = night(machine, "--max-calls", 5000, LOOKERVAULT_MONTHLY_CALLS="100000")
    assert (limited.code, limited.json["status"]) == (5, "complete")


def test_a_push_that_passes_damage_over_ends_with_5(machine: Machine) -> None:
    vault = machine.folder / "own.db"
    machine.asked("snapshot", "pull", "--vault", vault)
    (lost,) = damage(machine, "snapshots", newest=True)
    done = machine.asked("snapshot", "push", "--vault", vault, "--json")
    assert (done.code, done.json["status"], len(done.json["passed_over"])) == (5, "complete", 1)
    assert f"snapshots/{lost} in the store is damaged" in done.told
    assert shown(machine)["gaps"] == []  # the vault has it all
    again = machine.asked("snapshot", "push", "--vault", vault, "--json")
    assert (again.code, again.json["new"], again.err) == (0, False, "")


def lose(machine: Machine, how: str) -> list[str]:
    """The packs of the store, or the end of each; returns their names."""
    files = sorted((machine.folder / "store" / "packs").iterdir())
    for file in files:
        if how == "gone":
            file.unlink()
        else:
            file.write_bytes(file.read_bytes()[:-1])
    return [file.name for file in files]


@pytest.mark.parametrize("how", ["gone", "cut off"])
def test_nothing_is_built_on_packs_that_are_lost(
    machine: Machine, looker: EmbeddedLooker, how: str
) -> None:
    lost = lose(machine, how)
    done = night(machine)
    assert (done.code, done.json["status"], done.json["run"]) == (5, "complete", 1), done
    assert any(f"packs/{name} in the store is damaged: it " in done.told for name in lost)
    check_back(machine, looker, [1])
    again = night(machine)
    assert (again.code, again.err) == (0, "")


@pytest.mark.parametrize("how", ["gone", "cut off"])
def test_packs_that_are_lost_are_sent_again_from_a_vault_that_has_it_all(
    machine: Machine, looker: EmbeddedLooker, how: str
) -> None:
    vault = machine.folder / "own.db"
    machine.asked("snapshot", "pull", "--vault", vault)
    lost = lose(machine, how)
    done = machine.asked("snapshot", "push", "--vault", vault, "--json")
    assert (done.code, done.json["new"]) == (5, True), done
    for name in lost:
        assert f"packs/{name} in the store is damaged: it " in done.told
    check_back(machine, looker, [1, 2])
    again = machine.asked("snapshot", "push", "--vault", vault, "--json")
    assert (again.code, again.json["new"], again.err) == (0, False, "")
