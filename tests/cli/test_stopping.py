"""Ctrl-C and SIGTERM: what was read stays, the run is recorded, the next one goes on with it."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from lookervault.demo.behaviour import Behaviour
from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import COMMAND, Completed, ended, program, started, wait_until
from tests.cli.test_extract import check_shape


@pytest.fixture
def slow() -> Iterator[EmbeddedLooker]:
    """A run over all of it takes half a minute with one worker."""
    with EmbeddedLooker(items=60, seed=1, behaviour=Behaviour(latency_ms=200)) as server:
        yield server


def stopped(looker: EmbeddedLooker, number: int, *flags: str) -> Completed:
    with started("extract", "--workers", "1", *flags, env=looker.env()) as process:
        wait_until(lambda: len(looker.log) > 5)
        process.send_signal(number)
        return ended(process)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_ends_with_130_and_is_recorded(
    slow: EmbeddedLooker, number: int
) -> None:
    done = stopped(slow, number, "--json")
    assert done.code == 130, done
    check_shape(done.json)
    assert done.json["status"] == "interrupted"
    assert done.json["error"]["code"] == 130
    assert done.told.startswith("Stopping, after the calls under way.")
    assert "Run the same command to go on." in done.told
    assert program("runs", "--json").json[0]["status"] == "interrupted"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_was_stopped_tells_how_far_it_came(slow: EmbeddedLooker, number: int) -> None:
    with started("extract", "--workers", "4", env=slow.env()) as process:
        wait_until(lambda: len(slow.log) > 60)
        process.send_signal(number)
        ended(process)
    (run,) = program("runs", "--json").json
    assert run["status"] == "interrupted"
    assert run["items"] > 0
    if number == signal.SIGKILL:  # it could not say of how many
        assert run["census"] is None
    else:
        assert run["items"] < run["census"]
        assert f"{run['items']:,} of {run['census']:,}" in program("runs").text


def test_a_run_that_was_stopped_is_gone_on_with(slow: EmbeddedLooker) -> None:
    done = stopped(slow, signal.SIGINT)
    assert done.code == 130
    assert "interrupted: what was stored stays" in done.text
    slow.behaviour.latency_ms = 0
    done = program("extract", "--json", env=slow.env())
    assert (done.code, done.json["run"], done.json["status"]) == (0, 1, "complete")
    assert done.told == "Going on with run 1."


def test_a_run_is_stopped_also_where_nobody_reads_what_it_says(slow: EmbeddedLooker) -> None:
    with started("extract", "--workers", "1", env=slow.env()) as process:
        wait_until(lambda: len(slow.log) > 5)
        assert process.stderr is not None
        process.stderr.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 130
    assert program("runs", "--json").json[0]["status"] == "interrupted"


def test_a_wait_of_an_hour_is_not_begun_and_the_run_goes_on_later(slow: EmbeddedLooker) -> None:
    with started("extract", "--workers", "1", "--json", env=slow.env()) as process:
        wait_until(lambda: len(slow.log) > 8)
        slow.behaviour.rps = 1 / 3600
        done = ended(process)
    assert done.code == 3, done
    check_shape(done.json)
    assert (done.json["status"], done.json["error"]["code"]) == ("interrupted", 3)
    assert "Looker asks not to be called for 3,6" in done.told
    assert "Run the same command after that time" in done.told
    slow.behaviour.rps, slow.behaviour.latency_ms = None, 0
    done = program("extract", "--json", env=slow.env())
    assert (done.code, done.json["run"], done.json["status"]) == (0, 1, "complete")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_whoever_asks_twice_does_not_wait_for_an_answer(slow: EmbeddedLooker, number: int) -> None:
    with started("extract", "--workers", "1", env=slow.env()) as process:
        wait_until(lambda: len(slow.log) > 5)
        slow.behaviour.latency_ms = 30_000
        wait_until(lambda: _is_still(slow))
        process.send_signal(number)
        wait_until(lambda: process.poll() is not None or _sent(process.send_signal, number))
        done = ended(process)
    assert (done.code, done.out) == (130, b"")
    assert "Interrupted again" in done.told
    slow.behaviour.latency_ms = 0
    again = program("extract", "--json", env=slow.env())
    assert (again.code, again.json["status"]) == (0, "complete")


def _is_still(looker: EmbeddedLooker) -> bool:
    """No answer for a second: a call is waiting for the one that takes long."""
    answered = len(looker.log)
    time.sleep(1)
    return len(looker.log) == answered


def _sent(send: object, number: int) -> bool:
    assert callable(send)
    send(number)
    return False


def test_the_login_can_be_interrupted_too() -> None:
    with (
        EmbeddedLooker(items=1, behaviour=Behaviour(rps=0.001)) as looker,
        started("extract", "--json", "--max-wait", "9999", env=looker.env()) as process,
    ):
        wait_until(lambda: looker.log)
        process.send_signal(signal.SIGINT)
        done = ended(process)
    assert done.code == 130, done
    check_shape(done.json, begun=False)
    assert done.json["status"] == "interrupted"
    assert done.json["error"]["code"] == 130


def test_a_check_can_be_interrupted() -> None:
    with (
        EmbeddedLooker(items=1, behaviour=Behaviour(latency_ms=300)) as looker,
        started("check", "--json", env=looker.env()) as process,
    ):
        wait_until(lambda: looker.log)
        process.send_signal(signal.SIGINT)
        done = ended(process)
    assert done.code == 130, done
    assert done.json["status"] == "interrupted"
    assert done.told == "Interrupted."


def test_a_run_that_is_to_ignore_ctrl_c_goes_on(slow: EmbeddedLooker) -> None:
    """As one in the background of a script, which the shell starts so."""
    deaf = ["/bin/sh", "-c", 'trap "" INT; exec "$@"', "sh", *COMMAND]
    with started("extract", "boards", "--json", env=slow.env(), command=deaf) as process:
        wait_until(lambda: len(slow.log) > 1)
        process.send_signal(signal.SIGINT)
        done = ended(process)
    assert (done.code, done.json["status"]) == (0, "complete"), done
