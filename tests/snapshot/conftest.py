"""A store of each kind, empty, on a server that all workers share.

What cannot be started here is skipped with the reason, unless TEST_STORES=all is set: then that
is a failure, as in CI.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from bench import seaweed
from lookervault.snapshot.clouds import Patience
from lookervault.snapshot.store import Store
from lookervault.snapshot.targets import open_store
from tests.cli.running import Completed, program
from tests.snapshot import azurite, google, relay

HASTY = Patience(attempt=20, retrying=2, first_wait=0.01, longest_wait=0.1)
"""Seconds of `attempt` are for a busy machine; a test that waits for them sets fewer."""

VOLUMES = 100
"""Each bucket takes seven."""

VAULT = Path(__file__).parents[1] / "data/vaults/format-1.db"

_numbers = itertools.count()


class Target(NamedTuple):
    """Where a test has a store of its own, and with what in the environment."""

    url: str
    env: Mapping[str, str]
    page: int = 1_000
    """How many a list has in one answer, at the most."""

    def open(self, patience: Patience = HASTY, **env: str) -> Store:
        return open_store(self.url, {**self.env, **env}, patience)


def snapshot(target: Target, *arguments: object) -> Completed:
    return program("snapshot", *arguments, "--store", target.url, "--json", env=target.env)


def own_prefix() -> str:
    return f"test-{os.getpid()}-{next(_numbers)}"


def not_here(reason: str) -> None:
    if os.environ.get("TEST_STORES") == "all":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def vault(own_directory: Path) -> Path:
    return Path(shutil.copy(VAULT, own_directory / "vault.db"))


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def s3_port(shared_folder: Path) -> Iterator[int]:
    if not seaweed.WEED.exists():
        not_here("SeaweedFS is not installed: requirements-dev.lock has it for Linux")
    with seaweed.serving(shared_folder / "seaweed", VOLUMES) as port:
        yield port


@pytest.fixture(name="relay")
def between(s3_port: int) -> Iterator[relay.Relay]:
    """To S3; it spoils what a test wants."""
    with relay.relayed(s3_port) as one:
        yield one


@pytest.fixture(scope="session")
def azure_port(shared_folder: Path) -> Iterator[int]:
    if reason := azurite.why_not():
        not_here(reason)
    with azurite.serving(shared_folder / "azurite") as port:
        yield port


@pytest.fixture
def folder(tmp_path: Path) -> Target:
    return Target((tmp_path / "store").as_uri(), {}, page=100)


@pytest.fixture
def s3(s3_port: int) -> Target:
    return Target(f"s3://{seaweed.BUCKET}/{own_prefix()}", seaweed.env_of(s3_port))


@pytest.fixture
def azure(azure_port: int) -> Iterator[Target]:
    with relay.relayed(azure_port) as between:
        between.otherwise = azurite.in_pages
        env = azurite.env_of(between.port)
        yield Target(f"az://{azurite.CONTAINER}/{own_prefix()}", env, azurite.PAGE)


@pytest.fixture
def gcs() -> Iterator[Target]:
    with google.serving() as server:
        yield Target(f"gs://{google.BUCKET}/{own_prefix()}", server.env)


@pytest.fixture(params=["folder", "s3", "gcs", "azure"])
def target(request: pytest.FixtureRequest) -> Target:
    found: Target = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def store(target: Target) -> Store:
    return target.open()
