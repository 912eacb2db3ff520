"""The program is told to end while packs are on their way, and what the next push then sends."""

from __future__ import annotations

import base64
import random
import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from bench import seaweed
from lookervault.storage.repository import Repository
from tests.cli.running import ended, program, started, wait_until
from tests.snapshot.conftest import Target, own_prefix
from tests.snapshot.relay import Relay
from tests.unit.looker.stand_in import Reply, Request, serving_as
from tests.unit.storage.damaging import extract, real
from tests.unit.storage.samples import item

PACKS = 4
BYTES = 9 * 2**20
"""Of each body, compressed: no two fit into one pack."""
UNDER_WAY = 2
"""Packs at the same time."""


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "vault.db"
    rng = random.Random(1)
    noise = (base64.b64encode(rng.randbytes(BYTES)) for _ in range(PACKS))
    bodies = (b'{"id":"%d","title":"%s"}' % one for one in enumerate(noise))
    items = [msgspec.structs.replace(item(str(n)), body=body) for n, body in enumerate(bodies)]
    with Repository.open(path, write=True) as repository:
        repository.set_instance("looker.example.com")
        extract(repository, [real(one) for one in items], "users")
    return path


@dataclass
class Line(Relay):
    """Between the program and the store. All packs but the first are held, until they are let go;
    what is to become of them then, is `late`.
    """

    let_go: threading.Event = field(default_factory=threading.Event)
    dropped: bool = False

    def sent(self) -> list[str]:
        return [_name(one) for one in self.requests if _is_pack(one)]

    def reply_to(self, request: Request) -> Reply:
        if not _is_pack(request):
            return super().reply_to(request)
        with self.lock:
            self.requests.append(request)
            is_held = len(self.sent()) > 1
        if is_held and not self.let_go.is_set():
            self.let_go.wait(60)
            if self.dropped:
                return Reply(b"", "reset")
        return self._ask(request)


def _is_pack(request: Request) -> bool:
    return request.method == "PUT" and "/packs/" in request.target


def _name(request: Request) -> str:
    return request.target.partition("?")[0].rpartition("/")[2]


@pytest.fixture
def line(s3_port: int) -> Iterator[Line]:
    with serving_as(Line) as between:
        between.upstream = f"127.0.0.1:{s3_port}"
        yield between
        between.let_go.set()


@pytest.fixture
def target(line: Line) -> Target:
    return Target(f"s3://{seaweed.BUCKET}/{own_prefix()}", seaweed.env_of(line.port))


def push(vault: Path, target: Target) -> tuple[object, ...]:
    return ("snapshot", "push", "--no-encryption", "--vault", vault, "--store", target.url)


def check_pushed(vault: Path, target: Target) -> None:
    again = program(*push(vault, target), env=target.env)
    assert again.code == 0, again
    whole = program("snapshot", "verify", "--store", target.url, "--read-data", env=target.env)
    assert whole.code == 0, whole


def held(line: Line, process: subprocess.Popen[bytes]) -> None:
    """The first pack is there and listed, two are on their way."""
    wait_until(lambda: len(line.sent()) > UNDER_WAY or process.poll() is not None)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_on_its_way_arrives_and_is_not_sent_again(
    line: Line, vault: Path, target: Target, number: int
) -> None:
    with started(*push(vault, target), env=target.env) as process:
        held(line, process)
        process.send_signal(number)
        assert process.stderr is not None
        assert any(b"Stopping, after what is on its way" in said for said in process.stderr)
        line.let_go.set()
        assert ended(process).code == 130
    assert len(line.sent()) == 1 + UNDER_WAY
    check_pushed(vault, target)
    assert sorted(line.sent()) == sorted(set(line.sent()))
    assert len(line.sent()) == PACKS


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_whoever_asks_twice_does_not_wait_for_packs(
    line: Line, vault: Path, target: Target, number: int
) -> None:
    line.dropped = True
    with started(*push(vault, target), env=target.env) as process:
        held(line, process)
        process.send_signal(number)
        wait_until(lambda: process.poll() is not None or sent(process, number))
        done = ended(process)
    assert (done.code, done.out) == (130, b"")
    assert "Interrupted again: ended at once." in done.told
    first, *lost = line.sent()
    line.let_go.set()
    check_pushed(vault, target)
    assert line.sent().count(first) == 1
    assert [line.sent().count(name) for name in lost] == [2] * len(lost)  # nobody has them


def test_after_kill_9_no_pack_is_sent_that_has_arrived(
    line: Line, vault: Path, target: Target
) -> None:
    with started(*push(vault, target), env=target.env) as process:
        held(line, process)
        process.kill()
        process.wait(60)
    line.let_go.set()  # the store has all of them, and nobody heard of it
    names = line.sent()
    wait_until(lambda: {*names} <= packs_in(target))
    check_pushed(vault, target)
    assert max(line.sent().count(name) for name in names) <= 2
    assert sum(line.sent().count(name) > 1 for name in names) <= 1


def sent(process: subprocess.Popen[bytes], number: int) -> bool:
    process.send_signal(number)
    return False


def packs_in(target: Target) -> set[str]:
    return {one.name.rpartition("/")[2] for one in target.open().list("packs/")}
