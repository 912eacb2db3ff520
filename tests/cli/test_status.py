"""`status`: what a monitor goes by. It calls nobody, and waits for nobody."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lookervault.demo.behaviour import Behaviour
from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import program, started, wait_until

RECIPIENT = "age1csw03kjuq6tn6au3jmn7cra2ukkuqh35kk96ay3zr8zhq0tmcppq8pu0uh"
SHAPE = {
    "status",
    "vault",
    "vault_bytes",
    "in_use",
    "last_complete",
    "last_run",
    "items",
    "types",
    "due",
    "certificates",
    "findings",
    "month",
    "month_calls",
    "monthly_calls",
    "store",
}


@pytest.fixture
def own(vault: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(vault, tmp_path / "lookervault.db"))


def status(*flags: str, code: int, **env: str) -> dict[str, Any]:
    done = program("status", "--json", *flags, env=env)
    assert (done.code, done.err) == (code, ""), done
    assert done.json.keys() == SHAPE
    assert program("status", *flags, env=env).code == code
    found: dict[str, Any] = done.json
    return found


def test_a_vault_whose_newest_run_is_complete_is_well(own: Path) -> None:
    found = status(code=0, LOOKERVAULT_MONTHLY_CALLS="10000")
    assert found["status"] == "ok"
    assert found["last_complete"]["run"] == found["last_run"]["run"] == 1
    assert found["vault_bytes"] == own.stat().st_size
    assert (found["in_use"], found["findings"], found["certificates"]) == (False, [], 1)
    assert found["due"] == {"boards": None, "dashboards": None, "users": None}
    assert found["month_calls"] > 0
    assert found["monthly_calls"] == 10_000
    page = program("status", env={"LOOKERVAULT_MONTHLY_CALLS": "10000"}).text
    assert re.search(r"^Status +ok", page, re.MULTILINE)
    assert re.search(r"^Last complete +run 1, .+ ago$", page, re.MULTILINE)
    assert re.search(r"^Calls +[\d,]+ of 10,000 in \d{4}-\d{2}$", page, re.MULTILINE)


def test_a_run_that_is_older_than_is_allowed_ends_with_1(own: Path) -> None:
    assert status("--max-age", "26h", code=0)["status"] == "ok"
    assert status("--max-age", "0h", code=1)["status"] == "too_old"
    done = program("status", "--max-age", "yesterday")
    assert (done.code, done.out) == (2, b"")
    assert "is no length of time" in done.told


def test_without_a_vault_nothing_can_be_told() -> None:
    done = program("status", "--json")
    assert (done.code, done.out) == (2, b"")
    assert "There is no vault at lookervault.db" in done.told


def test_a_vault_in_which_no_run_was_complete_is_not_well() -> None:
    behaviour = Behaviour(forbidden={"all_themes": 403})
    with EmbeddedLooker(items=1, behaviour=behaviour) as looker:
        env = looker.env()
        assert program("extract", env=env).code == 3
        found = status(code=1)
        assert (found["status"], found["last_complete"]) == ("none", None)
        assert (found["last_run"]["status"], found["last_run"]["missing"]) == ("partial", 1)
        looker.behaviour.forbidden = {}
        assert program("extract", env=env).code == 0
        assert status(code=0)["last_complete"]["run"] == 2
        looker.behaviour.forbidden = {"all_themes": 403}
        assert program("extract", env=env).code == 3
        found = status("--max-age", "26h", code=1)
        assert (found["status"], found["last_complete"]["run"]) == ("partial", 2)


def test_runs_over_a_part_do_not_count_where_there_are_others() -> None:
    with EmbeddedLooker(items=1) as looker:
        env = looker.env()
        assert program("extract", "boards", env=env).code == 0
        assert status(code=0)["last_complete"]["run"] == 1
        looker.behaviour.forbidden = {"all_themes": 403}
        assert program("extract", env=env).code == 3
        assert program("extract", "boards", env=env).code == 0
        assert program("extract", "--folder", "1", env=env).code == 0
    found = status(code=1)
    assert (found["status"], found["last_run"]["run"]) == ("none", 2)


def test_a_vault_in_use_is_looked_at_all_the_same() -> None:
    with EmbeddedLooker(items=60, seed=1) as looker:
        env = looker.env()
        assert program("extract", env=env).code == 0
        looker.behaviour.latency_ms = 200
        called = len(looker.log)
        with started("extract", "--full", "--workers", "1", env=env):
            wait_until(lambda: len(looker.log) > called + 5)
            found = status(code=0)
            assert found["in_use"] is True
            assert found["last_run"]["run"] == 1
    found = status(code=1)  # it was killed
    assert (found["in_use"], found["status"], found["last_run"]["finished"]) == (
        False,
        "interrupted",
        None,
    )


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("UPDATE runs SET items = items + 1", "run"),
        (
            "UPDATE certificates SET statement = replace(statement, 'complete', 'partial!')",
            "certificate",
        ),
        ("DELETE FROM certificates", "certificate"),
    ],
)
def test_runs_that_are_not_as_they_were_certified_end_with_5(
    own: Path, change: str, kind: str
) -> None:
    with closing(sqlite3.connect(own)) as vault:
        vault.execute(change)
        vault.commit()
    found = status(code=5)
    assert found["status"] == "damaged"
    assert {one["kind"] for one in found["findings"]} == {kind}
    assert "Found:" in program("status").text


def test_a_vault_that_cannot_be_read_ends_with_5(own: Path) -> None:
    own.write_bytes(bytes(4096))
    done = program("status", "--json")
    assert done.code == 5
    assert done.json["error"]["code"] == 5


def test_types_that_are_read_seldom_have_a_time(looker: EmbeddedLooker) -> None:
    every = ("--every", "users=7d", "--every", "settings=run")
    assert program("extract", "--exclude", "themes", *every, env=looker.env()).code == 0
    due = status(code=0)["due"]
    assert due["dashboards"] is due["settings"] is None
    assert due["users"] == due["connections"] > program("runs", "--json").json[0]["started"]
    page = program("status").text
    assert re.search(
        r"^Next due +\d+ types in every run; connections, .*users.*: 20", page, re.MULTILINE
    )


@pytest.fixture
def store(looker: EmbeddedLooker, tmp_path: Path) -> dict[str, str]:
    """With a snapshot; the vault that it is of was there for the run only."""
    (tmp_path / "store").mkdir()
    env = {"LOOKERVAULT_STORE": f"file://{tmp_path}/store"}
    done = program("extract", "boards", "--no-encryption", env=looker.env() | env)
    assert done.code == 0, done
    return env


def test_a_store_is_looked_at_where_there_is_no_vault(store: dict[str, str]) -> None:
    found = status("--max-age", "26h", "--metrics", "status.prom", code=0, **store)
    assert (found["status"], found["vault"], found["vault_bytes"]) == ("ok", None, None)
    assert (found["store"]["url"], found["store"]["reachable"]) == (
        store["LOOKERVAULT_STORE"],
        True,
    )
    assert found["store"]["snapshot"]["run"] == found["last_complete"]["run"] == 1
    figures = Path("status.prom").read_text()
    assert f'lookervault_status_success{{vault="{store["LOOKERVAULT_STORE"]}"}} 1' in figures
    assert "lookervault_status_last_complete_timestamp_seconds" in figures
    assert "vault_bytes" not in figures
    assert status("--max-age", "0h", code=1, **store)["status"] == "too_old"
    page = program("status", "--store", Path("store").absolute()).text
    stored = r"snapshot \S+ of run 1, \d+\.\d kB"
    url = store["LOOKERVAULT_STORE"]
    assert re.search(rf"^Store +{url}, {stored}$", page, re.MULTILINE)
    assert not re.search(r"^Vault", page, re.MULTILINE)


@pytest.mark.parametrize("with_vault", [True, False])
def test_a_store_that_cannot_be_reached_is_not_well_though_the_vault_is(
    own: Path, *, with_vault: bool
) -> None:
    if not with_vault:
        own.unlink()
    store = f"file://{Path.cwd()}/unmounted/store"
    found = status("--metrics", "status.prom", code=1, LOOKERVAULT_STORE=store)
    assert (found["status"], found["store"]["reachable"]) == ("unreachable", False)
    assert "unmounted" in found["store"]["error"]
    assert found["vault"] == (own.name if with_vault else None)
    assert ("lookervault_status_items" in Path("status.prom").read_text()) == with_vault
    named = status("--store", store, code=1)
    assert (named["status"], named["vault"]) == ("unreachable", None)


def test_a_store_without_snapshots_has_none(own: Path, tmp_path: Path) -> None:
    env = {"LOOKERVAULT_STORE": f"file://{tmp_path}/empty"}
    found = status(code=1, **env)
    assert (found["status"], found["store"]["reachable"]) == ("not_pushed", True)
    assert "empty, no snapshot of this vault" in program("status", env=env).text
    own.unlink()
    found = status(code=1, **env)
    assert (found["status"], found["last_run"], found["store"]["snapshot"]) == ("none", None, None)


def test_a_store_that_no_key_opens_is_a_wrong_configuration(own: Path, tmp_path: Path) -> None:
    env = {"LOOKERVAULT_STORE": f"file://{tmp_path}/sealed"}
    key = ("--recipient", RECIPIENT, "--index-key", tmp_path / "index.key")
    assert program("snapshot", "push", *key, env=env).code == 0
    for _ in range(2):
        done = program("status", "--json", env=env)
        assert (done.code, done.out) == (2, b"")
        assert "is encrypted, and no key is given" in done.told
        own.unlink(missing_ok=True)


def test_a_vault_that_is_ahead_of_the_store_is_not_well(
    own: Path, store: dict[str, str], looker: EmbeddedLooker
) -> None:
    """Neither is one whose store has only ever seen another vault."""
    found = status("--metrics", "status.prom", code=1, **store)
    assert (found["status"], found["store"]["snapshot"]) == ("not_pushed", None)
    assert "lookervault_status_success" in (figures := Path("status.prom").read_text())
    assert re.search(r"^lookervault_status_exit_code\S+ 1$", figures, re.MULTILINE)
    pushed = program("snapshot", "push", "--json", env=store).json["id"]
    assert status(code=0, **store)["store"]["snapshot"]["id"] == pushed
    assert program("extract", "boards", env=looker.env()).code == 0
    found = status(code=1, **store)
    assert (found["status"], found["store"]["snapshot"]["id"]) == ("not_pushed", pushed)
    assert "`lookervault snapshot push` sends it" in program("status", env=store).text
    assert program("snapshot", "push", env=store).code == 0
    assert status(code=0, **store)["status"] == "ok"
    own.unlink()
    assert program("snapshot", "pull", pushed, env=store).code == 0
    assert status(code=0, **store)["status"] == "ok", "the store is ahead of the vault"


@pytest.mark.parametrize("with_vault", [True, False])
def test_a_store_whose_newest_snapshot_is_damaged_is_told_of_as_such(
    own: Path, store: dict[str, str], *, with_vault: bool
) -> None:
    if not with_vault:
        own.unlink()
    (manifest,) = Path("store/snapshots").iterdir()
    manifest.write_bytes(b"x")
    found = status(code=5, **store)
    assert (found["status"], found["store"]["reachable"]) == ("store_damaged", True)
    assert f"snapshots/{manifest.name} in the store is damaged" in found["store"]["error"]
    assert found["store"]["error"] in program("status", env=store).text
