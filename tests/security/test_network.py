"""Whom the program talks to, and what it takes along."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from lookervault.config.settings import load
from lookervault.content.operations import CONNECTION
from lookervault.demo.server import EmbeddedLooker
from lookervault.looker.client import Looker
from tests.again import Again, again
from tests.cli.running import program
from tests.security.running import written
from tests.unit.looker.stand_in import SECRET, Reply, Request, StandIn, reply, serving

WATCHED = """
import os, sys

_EVENTS = {
    "socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo",
    "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo",
}

def _watch(event, args):
    if event in _EVENTS:
        said = (event, [a for a in args if type(a).__name__ != "socket"])
        with open(os.environ["WATCHED_SOCKETS"], "a") as log:
            print(repr(said), file=log)

sys.addaudithook(_watch)
"""


HAS_IPV6 = "'socket.bind', [('::1', 0)]"
"""urllib3 finds out whether the machine has it: a socket of its own, which never calls anybody."""


class Watched:
    """The program again and again in one process, with each use of the network noted by the
    interpreter itself.
    """

    def __init__(self, process: Again, log: Path) -> None:
        self._process = process
        self._log = log

    def run(self, *arguments: object) -> list[str]:
        """The lines that the run added; the first one has those of the imports, too."""
        done = self._process.run(*arguments)
        assert "Traceback" not in done.err, done.err
        lines = self._log.read_text().splitlines()
        self._log.write_text("")
        return lines


@contextmanager
def watching(folder: Path, env: Mapping[str, str]) -> Iterator[Watched]:
    (folder / "sitecustomize.py").write_text(WATCHED)
    log = folder / "sockets"
    log.touch()
    with again({**env, "PYTHONPATH": str(folder), "WATCHED_SOCKETS": str(log)}) as process:
        yield Watched(process, log)


@pytest.fixture
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(items=60, seed=1) as one:
        yield one


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    one = tmp_path / "watch"
    one.mkdir()
    return one


@pytest.fixture
def watched(looker: EmbeddedLooker, folder: Path) -> Iterator[Watched]:
    """As if the machine stood in a company: whatever a library would look for by itself."""
    with watching(folder, {**looker.env(), "HTTPS_PROXY": "http://proxy.invalid:3128"}) as one:
        yield one


def test_nobody_but_looker_is_called(
    looker: EmbeddedLooker, watched: Watched, tmp_path: Path
) -> None:
    port = urlsplit(looker.base_url).port
    for arguments in (
        ["check"],
        ["check", "--json", "--debug"],
        ["extract", "boards", "users", "dashboards"],
        ["extract"],
        ["verify", "--against-looker"],
    ):
        seen = watched.run(*arguments)
        assert any("socket.connect" in line for line in seen)
        for line in seen:
            assert HAS_IPV6 in line or ("'127.0.0.1'" in line and str(port) in line), line


def test_what_needs_no_looker_calls_nobody(looker: EmbeddedLooker, watched: Watched) -> None:
    assert watched.run("extract", "boards", "users")
    shutil.copy("lookervault.db", "damaged.db")
    for arguments in (
        ["--version"],
        ["--help"],
        ["check", "--offline"],
        ["types"],
        ["list", "users"],
        ["show", "users", "1"],
        ["runs", "show", "1"],
        ["status", "--max-age", "26h"],
        ["certificate", "show", "1", "--export", "1.certificate"],
        ["certificate", "check", "1.certificate"],
        ["key", "new"],
        ["verify", "--deep"],
        ["verify", "--repair"],
        ["salvage", "damaged.db", "rescued.db"],
    ):
        assert watched.run(*arguments) == [], arguments


def test_the_demo_stays_on_this_machine(watched: Watched) -> None:
    seen = watched.run("demo", "--items", "60", "-q")
    assert {"socket.bind", "socket.connect"} <= {line.split("'")[1] for line in seen}
    assert [line for line in seen if "'127.0.0.1'" not in line and HAS_IPV6 not in line] == []


def test_the_watch_sees_a_name_that_is_looked_up(looker: EmbeddedLooker, folder: Path) -> None:
    with watching(folder, {**looker.env(), "LOOKERSDK_BASE_URL": "https://looker.invalid"}) as one:
        seen = one.run("check")
    assert any("looker.invalid" in line for line in seen)


# ── redirects ───────────────────────────────────────────────────────────────────────────────────

STATUSES = (301, 302, 307)
ENV = {"LOOKERSDK_CLIENT_ID": "id", "LOOKERSDK_CLIENT_SECRET": SECRET}


def elsewhere(server: StandIn, host: str) -> str:
    return f"http://{host}:{server.port}/api/4.0/there"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"], ids=["other host", "other port"])
@pytest.mark.parametrize("status", STATUSES)
def test_the_token_is_taken_nowhere_by_a_redirect(status: int, host: str) -> None:
    with serving() as looker, serving() as other:
        looker.answer = lambda _: reply(status, location=elsewhere(other, host))
        done = program("extract", "boards", "--base-url", looker.url, env=ENV)
        assert (other.connections, other.requests) == (0, [])
    assert done.code == 1
    assert looker.count("GET") > 0
    assert f"was redirected to {elsewhere(other, host)}, which is not followed" in done.told


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"], ids=["other host", "other port"])
@pytest.mark.parametrize("status", STATUSES)
def test_the_client_secret_is_taken_nowhere_by_a_redirect(status: int, host: str) -> None:
    with serving() as looker, serving() as other:
        looker.login = lambda _: reply(status, location=elsewhere(other, host))
        done = program("extract", "boards", "--base-url", looker.url, env=ENV)
        assert (other.connections, other.requests) == (0, [])
    assert done.code == 4
    assert len(looker.requests) == 1


def test_a_redirect_within_looker_is_not_followed_either() -> None:
    with serving() as looker:
        looker.answer = lambda _: reply(302, location="/login")
        program("check", "--base-url", looker.url, env=ENV)
        assert not any(request.target == "/login" for request in looker.requests)


PATHS = ("..", ".", "../../x", "/etc/passwd", "%2e%2e", "a b?c#d", "x/../y", "\r\nHost: other")


@pytest.mark.parametrize("id", PATHS)
def test_no_id_leads_to_another_call_than_the_one_that_was_meant(id: str) -> None:
    with serving() as looker:
        client = Looker(load({"base_url": looker.url}, ENV), pool_size=1)
        try:
            client.get(CONNECTION, id)
        finally:
            client.close()
        target = looker.requests[-1].target
    prefix = "/api/4.0/connections/"
    assert target.startswith(prefix)
    segment = target.removeprefix(prefix)
    assert not set("/?# ") & set(segment)
    assert segment not in (".", "..")
    assert unquote(segment) == id


# ── answers that repeat what they were sent ─────────────────────────────────────────────────────


def repeating(request: Request) -> bytes:
    """What the client sent, far enough behind for a quotation to end in the middle of it."""
    sent = request.headers.get("authorization", "").removeprefix("token ").encode()
    return sent or request.body.partition(b"client_secret=")[2].partition(b"&")[0]


def in_all_places(status: int, sent: bytes, filler: int) -> Reply:
    text = sent.decode()
    body = b"x" * filler + b" " + sent
    return reply(status, body, content_type=f"text/{text}", content_encoding=f"identity, {text}")


def in_the_message(status: int, sent: bytes, filler: int) -> Reply:
    told = b'{"message":"%b %b","errors":[{"field":"%b","message":"%b"}]}'
    return reply(status, told % (b"x" * filler, sent, sent, sent))


def in_the_body(status: int, sent: bytes, filler: int) -> Reply:
    return reply(status, b"x" * filler + b" " + sent, content_type="text/plain")


def in_the_target(status: int, sent: bytes, filler: int) -> Reply:
    return reply(status, location=f"http://127.0.0.1:9/{'x' * filler}/{sent.decode()}")


@pytest.mark.parametrize(
    ("status", "answer", "filler"),
    [
        (200, in_all_places, 0),
        (200, in_the_body, 0),
        (200, in_the_body, 190),
        (403, in_all_places, 0),
        (403, in_the_message, 290),
        (422, in_the_message, 0),
        (302, in_the_target, 0),
        (302, in_the_target, 270),
    ],
)
def test_what_looker_repeats_of_token_or_secret_is_not_shown(
    status: int, answer: object, filler: int
) -> None:
    assert callable(answer)
    long = "s3cretThatIsLongEnoughToBeCutInTheMiddleOfIt"
    env = ENV | {"LOOKERSDK_CLIENT_SECRET": long}
    with serving() as looker:
        looker.secret = long
        looker.answer = lambda request: answer(status, repeating(request), filler)
        looker.tokens.add(f"token {long}")
        looker.login = lambda _: reply(200, b'{"access_token":"%b"}' % long.encode())
        of_the_token = written("check", "--debug", "--base-url", looker.url, env=env)
        looker.login = lambda request: answer(status, repeating(request), filler)
        of_the_secret = written("check", "--debug", "--base-url", looker.url, env=env)
    for done in (of_the_token, of_the_secret):
        assert done.returncode in (1, 4)
        shown = done.stdout + done.stderr
        assert b"Error: " in shown
        assert long[:8].encode() not in shown


@pytest.mark.parametrize("body", [b"access_token=%b", b'{"access_token":"%b"', b'{"token":"%b"}'])
def test_a_login_that_is_answered_in_another_form_shows_no_token(body: bytes) -> None:
    token = b"t0kenThatNobodyMaySee"
    with serving() as looker:
        looker.login = lambda _: reply(200, body % token, content_type="text/plain")
        done = written("check", "--debug", "--base-url", looker.url, env=ENV)
    assert done.returncode == 1
    assert token[:8] not in done.stdout + done.stderr
