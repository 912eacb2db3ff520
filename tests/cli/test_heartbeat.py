"""`--heartbeat`: what a service hears of a run, and what becomes of a run that it does not hear."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from lookervault.config.secret import Secret
from lookervault.config.settings import Heartbeat
from lookervault.demo.behaviour import Behaviour
from lookervault.demo.server import EmbeddedLooker
from lookervault.looker.heartbeat import Heart
from tests.cli.running import Completed, ended, program, started, wait_until
from tests.unit.looker.stand_in import AUTHORITY, Reply, Request, StandIn, reply, serving

TOKEN = "t0ken-0f-the-check"


@contextmanager
def service(certificate: str | None = None) -> Iterator[StandIn]:
    with serving(certificate) as one:
        one.login = lambda _: reply(200, b"OK")  # which is what it says to each POST
        yield one


def heard(one: StandIn) -> list[tuple[str, str]]:
    assert {request.method for request in one.requests} <= {"POST"}
    return [(request.target, request.body.decode()) for request in one.requests]


def extract(looker: EmbeddedLooker, url: str, *flags: str, **env: str) -> Completed:
    given = looker.env() | {"LOOKERVAULT_HEARTBEAT": url} | env
    done = program("extract", "boards", *flags, env=given)
    assert TOKEN not in done.err + done.text
    return done


def test_a_run_is_heard_when_it_begins_and_when_it_is_complete(looker: EmbeddedLooker) -> None:
    with service() as one:
        assert extract(looker, f"{one.url}/ping/{TOKEN}").code == 0
        assert (
            program("extract", "boards", "--heartbeat", f"{one.url}/2/", env=looker.env()).code == 0
        )
    assert heard(one) == [
        (f"/ping/{TOKEN}/start", "started"),
        (f"/ping/{TOKEN}", "complete (exit code 0)"),
        ("/2/start", "started"),
        ("/2/", "complete (exit code 0)"),
    ]


@pytest.mark.parametrize(
    ("env", "code", "words"),
    [
        ({"LOOKERSDK_CLIENT_SECRET": "wrong"}, 4, "login or permission"),
        ({"LOOKERSDK_BASE_URL": "http://127.0.0.1:9"}, 1, "failed"),
        ({"LOOKERSDK_BASE_URL": ""}, 2, "wrong usage or configuration"),
        ({"LOOKERVAULT_STORE": ""}, 2, "wrong usage or configuration"),
        ({"LOOKERVAULT_VAULT": "no/folder/v.db"}, 2, "wrong usage or configuration"),
    ],
)
def test_a_run_that_fails_is_heard_with_nothing_but_how(
    looker: EmbeddedLooker, env: dict[str, str], code: int, words: str
) -> None:
    with service() as one:
        done = extract(looker, f"{one.url}/{TOKEN}?create=1", **env)
    assert done.code == code, done
    start, end = heard(one)
    assert start == (f"/{TOKEN}/start?create=1", "started")
    assert end == (f"/{TOKEN}/fail?create=1", f"{words} (exit code {code})")


def test_an_incomplete_run_is_no_success() -> None:
    refused = Behaviour(forbidden={"all_boards": 403})
    with EmbeddedLooker(items=1, behaviour=refused) as looker, service() as one:
        assert extract(looker, f"{one.url}/{TOKEN}").code == 3
    assert heard(one)[1:] == [(f"/{TOKEN}/fail", "finished, but incomplete (exit code 3)")]


def test_a_run_that_is_stopped_is_heard() -> None:
    slow = Behaviour(latency_ms=200)
    with EmbeddedLooker(items=60, seed=1, behaviour=slow) as looker, service() as one:
        env = looker.env() | {"LOOKERVAULT_HEARTBEAT": f"{one.url}/{TOKEN}"}
        with started("extract", "--workers", "1", env=env) as process:
            wait_until(lambda: len(looker.log) > 5)
            process.send_signal(signal.SIGTERM)
            assert ended(process).code == 130
    assert heard(one)[1:] == [(f"/{TOKEN}/fail", "interrupted (exit code 130)")]


def _break_off(_: Request) -> Reply:
    return Reply(b"", "reset")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda _: reply(404, b"not found"), "it answered 404"),
        (lambda _: reply(500, TOKEN.encode()), "it answered 500"),
        (lambda _: reply(301, b"", Location=f"http://127.0.0.1:9/{TOKEN}"), "it answered 301"),
        (_break_off, "the connection broke"),
    ],
)
def test_a_service_that_does_not_hear_is_told_of_and_changes_nothing_else(
    looker: EmbeddedLooker, answer: Callable[[Request], Reply], why: str
) -> None:
    with service() as one:
        one.login = answer
        done = extract(looker, f"{one.url}/{TOKEN}", "--debug")
    assert done.code == 0
    told = f"Warning: The heartbeat (environment LOOKERVAULT_HEARTBEAT) was not heard: {why}."
    assert done.err.splitlines() == [told, told]
    assert len(one.requests) == 4  # each is tried twice


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (f"https://service.invalid/{TOKEN}", "there is no host of that name"),
        (f"http://127.0.0.1:9/{TOKEN}", "nobody listens there"),
    ],
)
def test_a_service_that_is_not_there_changes_nothing(
    looker: EmbeddedLooker, url: str, why: str
) -> None:
    done = extract(looker, url, "--json")
    assert (done.code, done.json["status"]) == (0, "complete")
    assert done.err.count(f"was not heard: {why}.") == 2
    assert "service.invalid" not in done.err


def test_its_certificate_is_checked(looker: EmbeddedLooker) -> None:
    with service("localhost.pem") as one:
        url = f"{one.url}/{TOKEN}"
        assert "its certificate is not trusted" in extract(looker, url).err
        assert heard(one) == []
        assert extract(looker, url, "--ca-file", str(AUTHORITY)).err == ""
    assert len(heard(one)) == 2


def test_nobody_is_waited_for_longer_than_a_moment() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it takes calls, and never answers
        url = Secret(f"http://127.0.0.1:{silent.getsockname()[1]}/{TOKEN}")
        settings = Heartbeat(url, "flag --heartbeat", proxy=None, ca_file=None, ca_source="default")
        why = Heart(settings, patience_s=0.1).beat("start", "started")
    assert why in ("no answer came within 0.1 seconds", "no answer came in time")


@pytest.mark.parametrize(
    "url", [f"service.example/{TOKEN}", f"ftp://x/{TOKEN}", f"https:///{TOKEN}"]
)
def test_what_is_no_url_is_wrong_usage_and_not_repeated(looker: EmbeddedLooker, url: str) -> None:
    called = len(looker.log)
    done = extract(looker, url)
    assert (done.code, done.out, len(looker.log)) == (2, b"", called)
    assert "The heartbeat's URL from environment LOOKERVAULT_HEARTBEAT cannot be used." in done.told


def test_what_is_no_run_is_not_heard(looker: EmbeddedLooker) -> None:
    with service() as one:
        env = looker.env() | {"LOOKERVAULT_HEARTBEAT": f"{one.url}/{TOKEN}"}
        assert program("extract", "boards", "--plan", env=env).code == 0
        assert program("check", "--json", env=env).code == 0
        assert program("extract", "--help", env=env).code == 0
    assert heard(one) == []


def test_check_shows_that_there_is_one_and_not_where(looker: EmbeddedLooker) -> None:
    env = looker.env() | {"LOOKERVAULT_HEARTBEAT": f"https://service.example/{TOKEN}"}
    done = program("check", "--offline", "--json", env=env)
    rows = {row["name"]: (row["value"], row["source"]) for row in done.json["settings"]}
    assert rows["heartbeat"] == ("********", "environment LOOKERVAULT_HEARTBEAT")
    assert TOKEN not in done.text
