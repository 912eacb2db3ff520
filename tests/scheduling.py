"""Which worker runs which test."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # has no types
from xdist.workermanage import WorkerController  # type: ignore[import-untyped]  # the same

_ENOUGH = 2
"""Tests that a worker has when it gets more: that of the original."""


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # untyped
    """A module that is marked as a group goes to one worker, any other test to whichever is free.

    `--dist=loadgroup` is to do that, but pytest 9.2 does not hear of its groups any more
    (pytest-xdist 1386).
    """

    def __init__(self, config: pytest.Config, log: object) -> None:
        super().__init__(config, log)
        self._is_group = _groups(config.rootpath)

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return module if self._is_group(module) else nodeid

    def _reschedule(self, node: WorkerController) -> None:
        """Whoever has one test waits for another before it begins: a new worker gets enough,
        too, or is told that there are no more.
        """
        super()._reschedule(node)
        while not node.shutting_down and self._pending_of(self.assigned_work[node]) <= _ENOUGH:
            super()._reschedule(node)

    def remove_node(self, node: WorkerController) -> str | None:
        """The test at which the worker broke down, if it did; it is not tried again.

        What is done is not handed out again either, as the original does: whoever gets nothing to
        do never asks for more, and the others wait for it for ever.
        """
        units: dict[str, dict[str, bool]] = self.assigned_work.pop(node)
        left = (test for unit in units.values() for test, is_done in unit.items() if not is_done)
        broke_down = next(left, None)
        if broke_down is None:
            return None
        for scope, unit in units.items():
            if broke_down in unit:
                unit[broke_down] = True
            if not all(unit.values()):
                self.workqueue[scope] = unit
        for other in self.assigned_work:
            self._reschedule(other)
        return broke_down


def _groups(root: Path) -> Callable[[str], bool]:
    return cache(lambda module: "pytest.mark.xdist_group(" in (root / module).read_text())
