"""A command line that cannot be meant: exit 2, nothing on stdout, and nobody was called."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import program


@pytest.fixture(scope="module")
def looker() -> Iterator[EmbeddedLooker]:
    """Nothing in this module may call it."""
    with EmbeddedLooker(items=1) as server:
        yield server


WRONG = {
    "an unknown command": (["extrakt"], "extrakt"),
    "an unknown flag": (["extract", "--colour"], "--colour"),
    "an unknown type": (["extract", "dashbords"], "dashboards"),
    "an unknown type to leave out": (["extract", "--exclude", "dashbords"], "dashboards"),
    "nothing left": (["extract", "boards", "--exclude", "boards"], "type"),
    "no workers": (["extract", "--workers", "0"], "workers"),
    "too many workers": (["extract", "--workers", "51"], "workers"),
    "workers that are no number": (["extract", "--workers", "many"], "--workers"),
    "an empty page": (["extract", "--page-size", "0"], "page"),
    "too large a page": (["extract", "--page-size", "1001"], "page"),
    "no calls a second": (["extract", "--rate", "0"], "rate"),
    "a rate that is not finite": (["extract", "--rate", "nan"], "rate"),
    "a queue without room": (["extract", "--queue-size", "0"], "queue"),
    "more deleted than there is": (["extract", "--max-deletions", "101"], "--max-deletions"),
    "an unknown type to believe": (["extract", "--accept-deletions", "dashbords"], "dashboards"),
    "a type to believe that is not looked at": (
        ["extract", "users", "--accept-deletions", "looks"],
        "looks",
    ),
    "deletions in folders": (
        ["extract", "--folder", "1", "--accept-deletions", "looks"],
        "--folder",
    ),
    "an age below zero": (["extract", "--resume-within", "-1"], "resume-within"),
    "--recursive alone": (["extract", "--recursive"], "--folder"),
    "a type that lies in no folder": (["extract", "users", "--folder", "1"], "users"),
    "a vault in no folder": (["extract", "--vault", "not/there/x.db"], "not/there"),
    "a vault that is a folder": (["extract", "--vault", "."], "folder"),
    "a base URL that is none": (["extract", "--base-url", "looker"], "looker"),
    "a base URL of another kind": (["extract", "--base-url", "ftp://looker.example"], "ftp"),
    "certificates that are not there": (["extract", "--ca-file", "none.pem"], "none.pem"),
    "the same for check": (["check", "--ca-file", "none.pem"], "none.pem"),
    "a store and a vault": (["list", "users", "--store", "/s", "--vault", "v.db"], "--store and"),
    "the same for status": (["status", "--store", "/s", "--vault", "v.db"], "--store and"),
    "an instance of all": (
        ["snapshot", "verify", "all", "--store", "/s", "--instance", "nope.example"],
        "--instance",
    ),
    "no type": (["list"], "TYPE"),
    "no id": (["show", "dashboards"], "ID"),
    "a type that cannot be listed": (["list", "dashbords"], "dashboards"),
    "a type that cannot be shown": (["show", "dashbords", "1"], "dashboards"),
    "one thing too many": (["show", "dashboards", "1", "2"], "2"),
    "a run that is no number": (["runs", "show", "first"], "N"),
    "a demo of nothing": (["demo", "--items", "0"], "items"),
    "a port that is none": (["demo", "serve", "--port", "eight"], "--port"),
    "a port beyond all": (["demo", "serve", "--port", "65536"], "port"),
    "more faults than answers": (["demo", "serve", "--fault", "2"], "fault"),
    "a limit below zero": (["demo", "serve", "--rps", "-1"], "rps"),
    "time that runs backwards": (["demo", "serve", "--latency-ms", "-1"], "latency"),
}


@pytest.mark.parametrize(("arguments", "named"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_meant_ends_with_2_and_calls_nobody(
    looker: EmbeddedLooker, arguments: list[str], named: str
) -> None:
    looker.log.clear()
    done = program(*arguments, env=looker.env())
    assert (done.code, done.out) == (2, b""), done
    assert done.told.startswith("Error: ")
    assert named in done.told
    assert len(done.err.splitlines()) >= 2  # what to do now
    assert len(looker.log) == 0


def test_secrets_that_are_not_set_are_named() -> None:
    done = program("extract", "--base-url", "https://looker.example")
    assert (done.code, done.out) == (2, b"")
    assert "LOOKERSDK_CLIENT_ID" in done.told


def test_http_to_another_machine_needs_to_be_permitted() -> None:
    env = {"LOOKERSDK_CLIENT_ID": "id", "LOOKERSDK_CLIENT_SECRET": "hidden-word"}
    done = program("extract", "--base-url", "http://looker.example", env=env)
    assert (done.code, done.out) == (2, b"")
    assert "--allow-http" in done.told
    assert "hidden-word" not in done.err


def test_a_slip_of_the_fingers_is_told_before_a_setting_that_is_missing() -> None:
    for wrong, named in ((["dashbords"], "Did you mean dashboards?"), (["--workers", "0"], "0")):
        done = program("extract", *wrong)
        assert (done.code, done.out) == (2, b"")
        assert named in done.told
        assert "base URL" not in done.told
