from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lookervault.storage.repository import Repository


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    return tmp_path / "lookervault.db"


@pytest.fixture
def repo(vault: Path) -> Iterator[Repository]:
    with Repository.open(vault, write=True) as repository:
        yield repository
