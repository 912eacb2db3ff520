"""Extractions into vaults of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from lookervault.demo.server import EmbeddedLooker
from tests.integration.running import Extraction, extraction

type NewVault = Callable[[EmbeddedLooker], Extraction]


@pytest.fixture
def new_vault(tmp_path: Path) -> Iterator[NewVault]:
    """Makes an empty vault, each time another one."""
    with ExitStack() as stack:
        count = 0

        def make(looker: EmbeddedLooker) -> Extraction:
            nonlocal count
            count += 1
            return stack.enter_context(extraction(looker, tmp_path / f"{count}.db"))

        yield make
