"""What reads a store fetches what it needs, and no more."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from bench import seaweed
from lookervault.storage.repository import Repository
from tests.cli.running import Completed, program
from tests.snapshot.conftest import Target, own_prefix
from tests.snapshot.relay import Relay
from tests.unit.looker.stand_in import Reply, Request, serving_as
from tests.unit.snapshot.stores import People
from tests.unit.storage.damaging import extract, real
from tests.unit.storage.samples import item

ITEMS = 300
NOISE = 20_000
"""Bytes of each body, which nothing compresses."""
CHANGED = 7


@dataclass
class Scales(Relay):
    """Between the program and the store: what came of each request."""

    answers: list[tuple[Request, int]] = field(default_factory=list)

    def reply_to(self, request: Request) -> Reply:
        found = super().reply_to(request)
        with self.lock:
            self.answers.append((request, len(found.raw)))
        return found

    def parts(self) -> list[tuple[str, str | None]]:
        """Of packs: which one, and what was asked for."""
        return [
            (path.rpartition("/")[2], request.headers.get("range"))
            for request, _ in self.answers
            if "/packs/" in (path := urlsplit(request.target).path)
        ]

    def weight(self) -> int:
        return sum(size for _, size in self.answers)


@dataclass(frozen=True)
class Weighed:
    target: Target
    scales: Scales

    def asked(self, *arguments: object) -> Completed:
        self.scales.answers.clear()
        done = program(*arguments, "--store", self.target.url, env=self.target.env)
        assert done.code == 0, done
        return done

    def weight(self) -> int:
        """Of the whole store."""
        return sum(one.size for one in self.target.open().list(""))

    def packs(self) -> list[str]:
        """That of the first night, and the small one of the second."""
        found = sorted(self.target.open().list("packs/"), key=lambda one: -one.size)
        return [one.name.rpartition("/")[2] for one in found]


@pytest.fixture(scope="module")
def weighed(s3_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weighed]:
    """Two nights, between which one item has changed."""
    folder = tmp_path_factory.mktemp("weighed")
    rng, people, vault = random.Random(1), People(folder), folder / "vault.db"
    noise = [base64.b64encode(rng.randbytes(NOISE * 3 // 4)).decode() for _ in range(ITEMS)]
    with serving_as(Scales) as scales:
        scales.upstream = f"127.0.0.1:{s3_port}"
        env = seaweed.env_of(scales.port) | {
            "LOOKERVAULT_RECIPIENTS": people.recipient(),
            "LOOKERVAULT_IDENTITY": str(people.identity()),
            "LOOKERVAULT_INDEX_KEY": str(people.index_key),
        }
        one = Weighed(Target(f"s3://{seaweed.BUCKET}/{own_prefix()}", env), scales)
        for night in (1, 2):
            night_of(vault, noise, night)
            one.asked("snapshot", "push", "--vault", vault)
        yield one


def night_of(vault: Path, noise: list[str], night: int) -> None:
    def body(number: int) -> bytes:
        changed = night == 2 and number == CHANGED
        name = "Renamed" if changed else f"Name {number}"
        return msgspec.json.encode({"id": str(number), "name": name, "noise": noise[number]})

    items = [msgspec.structs.replace(item(str(n)), body=body(n)) for n in range(ITEMS)]
    with Repository.open(vault, write=True) as repository:
        repository.set_instance("looker.example.com")
        extract(repository, [real(one) for one in items], "users")


@pytest.mark.parametrize(
    "arguments", [("snapshot", "list"), ("snapshot", "show", "latest"), ("list", "users")]
)
def test_lists_come_without_a_byte_of_content(weighed: Weighed, arguments: tuple[str, ...]) -> None:
    weighed.asked(*arguments)
    assert weighed.scales.parts() == []
    assert weighed.scales.weight() < weighed.weight() / 50
    assert len(weighed.scales.answers) <= 12


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "users", CHANGED),
        ("show", "users", 9, "--run", 1),
        ("log", "users", CHANGED),
        ("log", "--all"),
        ("diff", 1, 2),
    ],
)
def test_of_content_a_few_parts_are_fetched(
    weighed: Weighed, arguments: tuple[object, ...]
) -> None:
    weighed.asked(*arguments)
    large, small = weighed.packs()
    parts = weighed.scales.parts()
    assert all(asked for pack, asked in parts if pack == large), "never whole"
    assert {pack for pack, _ in parts} <= {large, small}
    assert weighed.scales.weight() < weighed.weight() / 20
    assert len(weighed.scales.answers) <= 20


def test_who_wants_much_of_a_pack_fetches_it_whole_and_once(weighed: Weighed) -> None:
    weighed.asked("export", "tree")
    large, _ = weighed.packs()
    asked = [one for pack, one in weighed.scales.parts() if pack == large]
    assert asked.count(None) == 1
    assert weighed.scales.weight() < 2 * weighed.weight()
