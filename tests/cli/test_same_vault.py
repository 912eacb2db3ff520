"""Who may write to a vault that is there: the same Looker, one program at a time."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from lookervault.demo.behaviour import Behaviour
from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import ended, program, started, wait_until


def test_another_looker_is_refused_unless_it_is_the_same_one_renamed() -> None:
    with EmbeddedLooker(items=1, seed=1) as first, EmbeddedLooker(items=1, seed=2) as second:
        assert program("extract", "themes", env=first.env()).code == 0
        refused = program("extract", "themes", env=second.env())
        assert (refused.code, refused.out) == (2, b"")
        assert "--same-instance" in refused.told
        assert len(program("runs", "--json").json) == 1
        moved = program("extract", "themes", "--same-instance", "--json", env=second.env())
        assert (moved.code, moved.json["run"]) == (0, 2)


def test_a_vault_is_written_by_one_program_at_a_time_and_read_meanwhile() -> None:
    with (
        EmbeddedLooker(items=1, seed=1, behaviour=Behaviour(latency_ms=200)) as looker,
        started("extract", "--workers", "1", env=looker.env()) as process,
    ):
        wait_until(lambda: len(looker.log) > 5)
        second = program("extract", "--json", env=looker.env())
        assert second.code == 1
        assert second.json["status"] == "failed"
        assert "in use" in second.told
        assert program("runs", "--json").json[0]["status"] == "running"
        process.send_signal(signal.SIGINT)
        assert ended(process).code == 130


@pytest.mark.parametrize("pid", [1, 2**22 + 1], ids=["of another program", "of nobody"])
def test_a_lock_that_was_left_is_no_obstacle(looker: EmbeddedLooker, pid: int) -> None:
    """Whoever has the number now: a lock is held by a process, not by what is written in it."""
    Path("lookervault.db.lock").write_text(f"process {pid} since 2020-01-01 00:00:00 UTC\n")
    for _ in range(2):
        done = program("extract", "themes", "--json", env=looker.env())
        assert (done.code, done.json["status"]) == (0, "complete"), done
    assert program("verify").code == 0


def test_a_lock_that_a_killed_run_left_is_no_obstacle() -> None:
    with EmbeddedLooker(items=1, seed=1, behaviour=Behaviour(latency_ms=200)) as looker:
        with started("extract", "--workers", "1", env=looker.env()) as process:
            wait_until(lambda: len(looker.log) > 5)
            process.kill()
            process.communicate()
        assert f"process {process.pid} since" in Path("lookervault.db.lock").read_text()
        looker.behaviour.latency_ms = 0
        done = program("extract", "--json", env=looker.env())
    assert (done.code, done.json["run"], done.json["status"]) == (0, 1, "complete"), done


def test_a_fresh_run_leaves_the_stopped_one_behind() -> None:
    with EmbeddedLooker(items=1, seed=1, behaviour=Behaviour(latency_ms=200)) as looker:
        with started("extract", "--workers", "1", env=looker.env()) as process:
            wait_until(lambda: len(looker.log) > 5)
            process.send_signal(signal.SIGINT)
            assert ended(process).code == 130
        looker.behaviour.latency_ms = 0
        done = program("extract", "themes", "--fresh", "--json", env=looker.env())
    assert (done.code, done.json["run"], done.json["status"]) == (0, 2, "complete")
    statuses = {run["run"]: run["status"] for run in program("runs", "--json").json}
    assert statuses == {1: "partial", 2: "complete"}
    assert program("verify", "--quiet").code == 0
    assert "Going on" not in done.told
    assert "Run 1 is not gone on with: a fresh start was asked for. It is closed as partial" in (
        " ".join(done.told.split())
    )
