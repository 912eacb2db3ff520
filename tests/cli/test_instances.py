"""Two Lookers in one store: which one is meant is never guessed, and none hides the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from lookervault.cli.instances import host
from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import Completed, program
from tests.cli.terminals import in_terminal


class Two(NamedTuple):
    """`stopped` made the first snapshot, `working` those after it."""

    stopped: EmbeddedLooker
    working: EmbeddedLooker
    env: dict[str, str]

    def asked(self, *arguments: object, **env: str) -> Completed:
        return program(*arguments, env=self.env | env)

    def id_of(self, looker: EmbeddedLooker) -> str:
        ids: list[str] = [
            one["id"]
            for one in self.asked("snapshot", "list", "--json").json
            if one["instance"] == looker.store.world.host
        ]
        return ids[0]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    folder = tmp_path_factory.mktemp("two")
    env = {"LOOKERVAULT_STORE": f"file://{folder}/store"}
    with EmbeddedLooker(items=1, seed=1) as stopped, EmbeddedLooker(items=1, seed=2) as working:
        for looker in (stopped, working, working):
            done = program(
                "extract", "boards", "themes", "--no-encryption", env=looker.env() | env, cwd=folder
            )
            assert done.code == 0, done
        yield Two(stopped, working, env)


def test_lists_tell_which_instance_a_snapshot_is_of(two: Two) -> None:
    hosts = [host(one.store.world.host) for one in (two.working, two.working, two.stopped)]
    header, *rows = two.asked("snapshot", "list").text.splitlines()
    assert header.split()[-1] == "instance"
    assert [row.split()[-1] for row in rows] == hosts
    asked = ("snapshot", "list", "--json")
    assert [host(one["instance"]) for one in two.asked(*asked).json] == hosts


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_ids_are_never_cut(two: Two, columns: int) -> None:
    ids = [one["id"] for one in two.asked("snapshot", "list", "--json").json]
    shown = in_terminal("snapshot", "list", columns=columns, env=two.env)
    assert shown.widest <= columns
    rows = [line.split() for line in shown.lines[1:] if line]
    assert [row[0] for row in rows] == ids
    whole = {host(one.store.world.host) for one in two[:2]}
    assert {row[-1] for row in rows} == (whole if columns > 40 else {*ids})


@pytest.mark.parametrize(
    "command",
    [
        ("list", "boards"),
        ("log", "--all"),
        ("snapshot", "pull", "--vault", "back.db"),
        ("snapshot", "show"),
        ("snapshot", "show", "now"),
        ("snapshot", "rehearse"),
        ("snapshot", "verify", "latest"),
    ],
)
def test_which_of_them_is_meant_is_not_guessed(two: Two, command: tuple[str, ...]) -> None:
    hosts = sorted(host(one.store.world.host) for one in (two.working, two.stopped))
    done = two.asked(*command)
    assert (done.code, done.out) == (2, b"")
    assert f"snapshots of several instances: {', '.join(hosts)}." in done.told
    assert "--instance" in done.told
    assert two.asked(*command, "--instance", hosts[0]).code == 0


def test_an_instance_is_named_by_its_host_or_a_url(two: Two) -> None:
    for looker in (two.stopped, two.working):
        id, name = two.id_of(looker), looker.store.world.host
        for named in (name, host(name).upper(), looker.base_url, host(looker.base_url)):
            shown = two.asked("snapshot", "show", "--instance", named, "--json")
            assert shown.json["id"] == id, named
    done = two.asked("snapshot", "show", "--instance", "nobody.example")
    assert (done.code, "There is no snapshot of nobody.example in" in done.told) == (2, True)


def test_an_instance_that_stopped_is_not_hidden_by_one_that_works(two: Two) -> None:
    hosts = {one: one.store.world.host for one in (two.stopped, two.working)}
    worst = two.asked("status", "--json").json["store"]
    assert worst["snapshot"]["instance"] == hosts[two.stopped]
    assert worst["instances"] == sorted(hosts.values())
    told = " ".join(two.asked("status").text.split())
    assert f"whose newest is the oldest; also there: {hosts[two.working]}" in told
    for looker, name in hosts.items():
        chosen = two.asked("status", "--json", "--instance", name).json
        settings = two.asked("status", "--json", LOOKERSDK_BASE_URL=looker.base_url).json
        assert chosen["store"]["snapshot"] == settings["store"]["snapshot"]
        assert chosen["store"]["instance"] == name
    other = two.asked("status", LOOKERSDK_BASE_URL="https://other.example")
    assert other.code == 1
    assert "no snapshot of https://other.example" in " ".join(other.text.split())


def test_an_instance_chooses_nothing_where_a_vault_is_read(two: Two, vault: Path) -> None:
    done = two.asked("list", "boards", "--vault", vault, "--instance", "x.example")
    assert (done.code, "and a vault is read" in done.told) == (2, True)


def test_a_looker_that_moved_is_one_and_the_same(two: Two, tmp_path: Path) -> None:
    """Its vault went on under another name."""
    env = {"LOOKERVAULT_STORE": f"file://{tmp_path}/store", "LOOKERVAULT_VAULT": "moved.db"}
    for looker, *flags in ((two.stopped, "--no-encryption"), (two.working, "--same-instance")):
        done = program("extract", "boards", *flags, env=looker.env() | env)
        assert done.code == 0, done
    shown = program("snapshot", "show", "--json", env=env).json
    assert shown["instance"] == two.working.store.world.host
