"""One embedded Looker for all modules, and a vault with what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import program


@pytest.fixture(scope="session")
def looker() -> Iterator[EmbeddedLooker]:
    """Tests that change how it behaves have one of their own."""
    with EmbeddedLooker(items=60, seed=1) as server:
        yield server


@pytest.fixture(scope="session")
def vault(looker: EmbeddedLooker, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds one complete run over a few types; nobody writes to it."""
    path = tmp_path_factory.mktemp("vault") / "vault.db"
    done = program(
        "extract", "boards", "users", "dashboards", "--vault", str(path), env=looker.env()
    )
    assert done.code == 0, done.err
    return path
