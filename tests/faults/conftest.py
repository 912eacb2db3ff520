"""A small company, and what an undisturbed run brings of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from lookervault.demo.behaviour import Behaviour
from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import program

TYPES = ("dashboards", "looks", "users", "boards", "roles", "groups")
FLAGS = ("--page-size", "3", "--json")


class Company(NamedTuple):
    """`root` and `items` by type are those of an undisturbed run, `vault` is what it made."""

    looker: EmbeddedLooker
    root: str
    items: Mapping[str, int]
    vault: Path

    @property
    def bytes(self) -> int:
        return self.vault.stat().st_size

    @property
    def env(self) -> Mapping[str, str]:
        return self.looker.env()


def new_looker(
    behaviour: Behaviour | None = None,
    *,
    clock: Callable[[], float] = time.monotonic,
    port: int = 0,
) -> EmbeddedLooker:
    """The same company each time."""
    return EmbeddedLooker(items=80, seed=7, behaviour=behaviour, clock=clock, port=port)


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """Nobody changes it. Tests that do have a `new_looker()`."""
    vault = tmp_path_factory.mktemp("undisturbed") / "vault.db"
    with new_looker() as looker:
        done = program("extract", *TYPES, *FLAGS, "--vault", vault, env=looker.env())
        assert done.code == 0, done.err
        items = {name: one["items"] for name, one in done.json["types"].items()}
        yield Company(looker, done.json["root_hash"], items, vault)


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    return tmp_path / "vault.db"
