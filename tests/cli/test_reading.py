"""`list`, `show` and `runs`: what is in a vault, and what is said where there is none."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import program

pytestmark = pytest.mark.xdist_group("reading")


@dataclass(frozen=True, slots=True)
class Filled:
    """Two runs over boards and dashboards; `id`'s body was another one in the first."""

    looker: EmbeddedLooker
    vault: Path
    id: str
    before: bytes
    after: bytes


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    vault = tmp_path_factory.mktemp("filled") / "vault.db"
    extract = ["extract", "boards", "dashboards", "--vault", str(vault)]
    with EmbeddedLooker(items=60, seed=1) as looker:
        id = looker.store.ids("dashboards")[0]
        before = looker.store.body("dashboards", id)
        assert program(*extract, env=looker.env()).code == 0
        looker.store.edit("dashboards", id, title="Umsatz – 収益 📈")
        assert program(*extract, env=looker.env()).code == 0
        yield Filled(looker, vault, id, before, looker.store.body("dashboards", id))


def test_list_has_a_row_for_each_item(filled: Filled) -> None:
    rows = program("list", "dashboards", "--json", "--vault", filled.vault).json
    assert {row["id"] for row in rows} == set(filled.looker.store.ids("dashboards"))
    told = {"type", "id", "name", "updated_at", "deleted", "hash", "size"}
    assert set(rows[0]) == told | {"proven_run", "proven_at", "exact"}
    changed = next(row for row in rows if row["id"] == filled.id)
    assert changed["name"] == "Umsatz – 収益 📈"
    assert changed["size"] == len(filled.after)

    head, *lines = program("list", "dashboards", "--vault", filled.vault).text.splitlines()
    assert head.split() == ["id", "updated_at", "deleted", "size", "name"]
    assert len(lines) == len(rows)
    assert any("Umsatz – 収益 📈" in line for line in lines)


def test_list_goes_back_to_an_older_run(filled: Filled) -> None:
    rows = program("list", "dashboards", "--run", "1", "--json", "--vault", filled.vault).json
    old = next(row for row in rows if row["id"] == filled.id)
    assert old["size"] == len(filled.before)


def test_show_prints_the_very_bytes(filled: Filled) -> None:
    show = ["show", "dashboards", filled.id, "--vault", str(filled.vault)]
    assert program(*show).out == filled.after
    assert program(*show, "--run", "2").out == filled.after
    assert program(*show, "--run", "1").out == filled.before != filled.after
    for id in filled.looker.store.ids("boards"):
        shown = program("show", "boards", id, "--vault", filled.vault).out
        assert shown == filled.looker.store.body("boards", id)


def test_an_id_that_is_not_there_meets_those_that_are(filled: Filled) -> None:
    done = program("show", "boards", "none", "--vault", filled.vault)
    assert (done.code, done.out) == (1, b"")
    assert "boards with the id none" in done.told
    assert filled.looker.store.ids("boards")[0] in done.told
    empty = program("show", "themes", "1", "--vault", filled.vault)
    assert (empty.code, empty.out) == (1, b"")
    assert "no themes" in empty.told


@pytest.mark.parametrize(
    "command", [["list", "boards", "--run"], ["show", "boards", "1", "--run"], ["runs", "show"]]
)
def test_a_run_that_never_was_meets_those_that_were(filled: Filled, command: list[str]) -> None:
    done = program(*command, "99", "--vault", filled.vault)
    assert (done.code, done.out) == (2, b"")
    assert "no run 99" in done.told
    assert "1, 2" in done.told


def test_runs_are_listed_and_shown(filled: Filled) -> None:
    runs = program("runs", "--json", "--vault", filled.vault).json
    assert sorted(run["run"] for run in runs) == [1, 2]
    assert {run["status"] for run in runs} == {"complete"}
    assert len({run["root_hash"] for run in runs}) == 2
    assert len({run["instance"] for run in runs}) == 1

    table, months = program("runs", "--vault", filled.vault).text.split("\n\n")
    head, *lines = table.splitlines()
    assert head.split()[:3] == ["run", "started", "status"]
    assert len(lines) == 2
    calls = sum(run["calls"] for run in runs) + 2, "and two logins"
    assert months.split() == [
        *("month", "calls", "outside", "runs"),
        *(runs[0]["month"], str(calls[0]), "0"),
    ]
    assert {run["month_calls_outside_runs"] for run in runs} == {0}
    assert {run["month_calls"] for run in runs} == {calls[0]}

    second = program("runs", "show", "2", "--json", "--vault", filled.vault).json
    assert second["types"]["dashboards"]["changed"] == 1
    told = program("runs", "show", "2", "--vault", filled.vault)
    assert second["root_hash"] in told.text
    assert "changed" in told.text


READERS = [["list", "boards"], ["show", "boards", "1"], ["runs"], ["runs", "show", "1"]]


@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_where_there_is_no_vault_none_is_made(command: list[str], tmp_path: Path) -> None:
    done = program(*command, "--vault", "nowhere.db")
    assert (done.code, done.out) == (2, b"")
    assert "nowhere.db (flag --vault)" in done.told
    assert not any(tmp_path.iterdir())


def _other_sqlite(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("create table notes (text)")
        other.commit()


NO_VAULTS: dict[str, Callable[[Path], object]] = {
    "a text": lambda path: path.write_text("Dear Sir or Madam,\n" * 100),
    "nothing": lambda path: path.write_bytes(b""),
    "another program's": _other_sqlite,
    "a folder": lambda path: path.mkdir(),
}


@pytest.mark.parametrize("make", NO_VAULTS.values(), ids=NO_VAULTS)
def test_a_file_that_is_no_vault_is_left_alone(
    make: Callable[[Path], object], tmp_path: Path
) -> None:
    path = tmp_path / "other.db"
    make(path)
    held = path.read_bytes() if path.is_file() else None
    for command in (["list", "boards"], ["runs"]):
        done = program(*command, "--vault", path)
        assert done.code in (1, 5), done
        assert done.out == b""
        assert "other.db" in done.told
        assert "should not have happened" not in done.told
    assert held is None or path.read_bytes() == held


def test_a_vault_of_a_newer_program_is_not_touched(filled: Filled, tmp_path: Path) -> None:
    path = tmp_path / "newer.db"
    shutil.copy(filled.vault, path)
    with closing(sqlite3.connect(path)) as vault:
        vault.execute("pragma user_version = 9999")
    done = program("runs", "--vault", path)
    assert (done.code, done.out) == (1, b"")
    assert "newer" in done.told


def test_a_damaged_vault_ends_with_5(filled: Filled, tmp_path: Path) -> None:
    path = tmp_path / "damaged.db"
    held = bytearray(filled.vault.read_bytes())
    start = len(held) // 8
    held[start:] = bytes(byte ^ 0xFF for byte in held[start:])
    path.write_bytes(held)
    done = program("show", "dashboards", filled.id, "--vault", path)
    assert (done.code, done.out) == (5, b""), done
    assert len(done.err.splitlines()) >= 2


@pytest.mark.parametrize("command", [["runs"], ["runs", "show", "1"]])
def test_a_run_at_a_time_beyond_any_calendar_is_damage(
    filled: Filled, tmp_path: Path, command: list[str]
) -> None:
    path = tmp_path / "damaged.db"
    path.write_bytes(filled.vault.read_bytes())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE runs SET started = 1e300")
    done = program(*command, "--vault", path)
    assert (done.code, done.out) == (5, b""), done
    assert "beyond any calendar" in done.told


def test_what_nothing_has_read_since_is_listed(filled: Filled) -> None:
    def listed(*more: str) -> list[dict[str, object]]:
        rows: list[dict[str, object]] = program(
            "list", "dashboards", *more, "--json", "--vault", filled.vault
        ).json
        return rows

    everything = listed("--unproven-since", "now")
    assert everything == listed()
    assert {row["proven_run"] for row in everything if row["id"] == filled.id} == {2}
    assert 1 in {row["proven_run"] for row in everything}
    assert listed("--unproven-since", "-1d") == []
    refused = program("list", "dashboards", "--unproven-since", "soon", "--vault", filled.vault)
    assert (refused.code, "is no time" in refused.err) == (2, True)
