from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lookervault.storage.repository import Repository
from tests.unit.storage.damaging import make


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    return tmp_path / "lookervault.db"


@pytest.fixture
def repo(vault: Path) -> Iterator[Repository]:
    with Repository.open(vault, write=True) as repository:
        yield repository


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault with several runs. Nobody writes to it."""
    path = tmp_path_factory.mktemp("made") / "lookervault.db"
    make(path)
    return path


@pytest.fixture
def copy(made: Path, vault: Path) -> Path:
    shutil.copy(made, vault)
    return vault
