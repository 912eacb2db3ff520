"""Telling a person how far a run is."""

from __future__ import annotations

from typing import Protocol

from lookervault.extraction.retry import Tally


class Progress(Protocol):
    """Called by the orchestrator's thread only."""

    def update(self, type_name: str, done: int, total: int, *, finished: bool) -> None: ...

    def beat(self, tally: Tally, rate: float | None) -> None: ...
