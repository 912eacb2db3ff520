"""kill -9 at a moment that a relay holds still: then the same command ends well."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bench import seaweed
from lookervault.demo.server import EmbeddedLooker
from lookervault.storage.verify import verify
from tests.cli.running import Completed, program, started, wait_until
from tests.snapshot.conftest import HASTY, Target, own_prefix
from tests.snapshot.damage import Place, made
from tests.snapshot.relay import Relay
from tests.unit.looker.stand_in import Reply, Request, serving_as

type Moment = Callable[[Request], bool]


def asks(method: str, what: str) -> Moment:
    return lambda one: one.method == method and what in one.target


@dataclass
class Gate(Relay):
    """The first request of a kind is held, and never carried out."""

    moment: Moment | None = None
    reached: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)

    def reply_to(self, request: Request) -> Reply:
        with self.lock:
            is_it = self.moment is not None and self.moment(request)
            if is_it:
                self.moment = None
        if not is_it:
            return super().reply_to(request)
        self.reached.set()
        self.let_go.wait(60)
        return Reply(b"", "reset")


@pytest.fixture
def gate(s3_port: int) -> Iterator[Gate]:
    with serving_as(Gate) as between:
        between.upstream = f"127.0.0.1:{s3_port}"
        yield between
        between.let_go.set()


@dataclass(frozen=True)
class Killed:
    """The program between a store and whoever kills it."""

    target: Target
    gate: Gate

    def at(self, moment: Moment, *arguments: object) -> bool:
        """Whether it came to that; what is held is lost with the program."""
        self.gate.reached.clear()
        self.gate.let_go.clear()
        self.gate.moment = moment
        with started(*arguments, env=self.target.env) as process:
            wait_until(lambda: self.gate.reached.is_set() or process.poll() is not None)
            process.kill()
            process.wait(60)
        self.gate.let_go.set()
        return self.gate.reached.is_set()

    def done(self, *arguments: object) -> Completed:
        found = program(*arguments, env=self.target.env)
        assert found.code == 0, found
        return found

    def check_whole(self) -> None:
        self.done("snapshot", "verify", "--read-data")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return made(tmp_path_factory.mktemp("place") / "made", encrypted=True)


@pytest.fixture
def killed(gate: Gate, template: Place) -> Killed:
    """On a store that has three snapshots."""
    url = f"s3://{seaweed.BUCKET}/{own_prefix()}"
    people = template.people
    env = {
        **seaweed.env_of(gate.port),
        "LOOKERVAULT_STORE": url,
        "LOOKERVAULT_RECIPIENTS": f"{people.recipient()} {people.recipient('boss')}",
        "LOOKERVAULT_IDENTITY": str(people.identity()),
    }
    one = Target(url, env)
    store = one.open(HASTY)
    for name in template.named():
        store.create(name, template.file(name).read_bytes())
    return Killed(one, gate)


PULL = ("snapshot", "pull", "--vault", "back.db")
PRUNE = ("snapshot", "prune", "--keep-last", "1", "--grace", "0h")
REKEY = ("snapshot", "rekey", "--reencrypt")


def check_pulled(killed: Killed) -> None:
    killed.done(*PULL)
    assert verify(Path("back.db"), deep=True).status == "ok"
    assert [one.name for one in Path().iterdir() if "pulling" in one.name] == []


@pytest.mark.parametrize(
    ("arguments", "moment"),
    [
        (PULL, asks("GET", "/packs/")),
        (PRUNE, asks("PUT", "/pruned/")),
        (REKEY, asks("PUT", "/keys/")),
    ],
    ids=["pull", "prune", "rekey"],
)
def test_the_same_command_ends_well(
    killed: Killed, arguments: tuple[str, ...], moment: Moment
) -> None:
    assert killed.at(moment, *arguments)
    killed.check_whole()
    check_pulled(killed) if arguments is PULL else killed.done(*arguments)
    killed.check_whole()


@pytest.mark.long
@pytest.mark.parametrize("arguments", [PULL, PRUNE, REKEY], ids=["pull", "prune", "rekey"])
def test_the_same_command_ends_well_wherever_it_was(
    killed: Killed, arguments: tuple[str, ...]
) -> None:
    """Killed at its first request, then at its second, and so on: each goes on from the last."""

    def number(left: int) -> Moment:
        counted = iter(range(left))
        return lambda _: next(counted, None) is None

    moments = 0
    while killed.at(number(moments), *arguments):
        killed.check_whole()
        Path("back.db").unlink(missing_ok=True)
        moments += 1
    assert moments > 5
    killed.check_whole()


@pytest.mark.parametrize("written", ["packs/", "snapshots/2"])
def test_a_night_that_is_killed_is_made_good_by_the_next(killed: Killed, written: str) -> None:
    night = ("extract", "boards", "users")
    with EmbeddedLooker(items=1) as looker:
        one = Killed(killed.target._replace(env={**killed.target.env, **looker.env()}), killed.gate)
        assert one.at(asks("PUT", f"/{written}"), *night)
        one.check_whole()
        one.done(*night)
    one.check_whole()


@pytest.mark.parametrize("number", [1, 4])
def test_a_night_into_a_folder_that_is_killed_when_a_file_appears(
    folder: Target, tmp_path: Path, number: int
) -> None:
    """The first file, and one among the objects; it may have ended by then."""
    store = tmp_path / "store"
    night = ("extract", "boards", "users", "--store", folder.url, "--no-encryption")
    with EmbeddedLooker(items=20) as looker:
        with started(*night, env=looker.env()) as process:
            wait_until(
                lambda: (
                    process.poll() is not None
                    or sum(one.is_file() for one in store.rglob("*")) >= number
                )
            )
            process.kill()
            process.wait(60)
        done = program(*night, env=looker.env())
    assert done.code == 0, done
    whole = program("snapshot", "verify", "--read-data", "--store", folder.url)
    assert whole.code == 0, whole
