from __future__ import annotations

from collections.abc import Iterator

import pytest

from lookervault.demo.server import EmbeddedLooker
from tests.integration.demo.client import Client


@pytest.fixture(scope="module")
def shared_looker() -> Iterator[EmbeddedLooker]:
    """For tests that change nothing of it."""
    with EmbeddedLooker(items=300, seed=1) as looker:
        yield looker


@pytest.fixture
def shared(shared_looker: EmbeddedLooker) -> Iterator[Client]:
    with Client(shared_looker) as client:
        yield client


@pytest.fixture
def looker() -> Iterator[EmbeddedLooker]:
    """A company of its own, to be changed and broken."""
    with EmbeddedLooker(items=300, seed=1) as looker:
        yield looker


@pytest.fixture
def client(looker: EmbeddedLooker) -> Iterator[Client]:
    with Client(looker) as client:
        yield client
