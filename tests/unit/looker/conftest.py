from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lookervault.config.secret import Secret
from lookervault.config.settings import Settings
from lookervault.looker.client import Looker
from tests.unit.looker.stand_in import SECRET, StandIn, serving

NOW = 1_790_000_000.0

type Connect = Callable[..., Looker]


@pytest.fixture
def server() -> Iterator[StandIn]:
    with serving() as stand_in:
        yield stand_in


@pytest.fixture
def connect() -> Iterator[Connect]:
    """A client of a URL, with settings that differ from the usual."""
    clients: list[Looker] = []

    def build(
        url: str,
        *,
        pool_size: int = 4,
        monotonic: Callable[[], float] = lambda: 0.0,
        admit: Callable[[int], None] | None = None,
        **other: Any,
    ) -> Looker:
        values: dict[str, Any] = {
            "client_id": "idOfTheKey",
            "client_secret": Secret(SECRET),
            "timeout": 5.0,
        }
        sources = {
            "base_url": "environment LOOKERSDK_BASE_URL",
            "client_id": "environment LOOKERSDK_CLIENT_ID",
            "client_secret": "looker.ini [Looker] client_secret (looker.ini)",
            "ca_file": "flag --ca-file",
        }
        settings = Settings(url, **(values | {"sources": sources} | other))
        client = Looker(
            settings, pool_size=pool_size, clock=lambda: NOW, monotonic=monotonic, admit=admit
        )
        clients.append(client)
        return client

    yield build
    for client in clients:
        client.close()


@pytest.fixture
def looker(server: StandIn, connect: Connect) -> Looker:
    return connect(server.url)


@pytest.fixture
def data() -> Path:
    return Path(__file__).parent / "data"
