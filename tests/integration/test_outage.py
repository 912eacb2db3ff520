"""Looker goes away and comes back: before a run it is not waited for, during a run it is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import pytest

from lookervault.demo.server import EmbeddedLooker
from lookervault.errors import NobodyThereError
from tests.integration.conftest import NewVault
from tests.integration.running import Meanwhile, QuickTime

TYPES = ("boards", "dashboards", "themes")


class Watched(QuickTime):
    """Time in which something happens before the n-th wait."""

    def __init__(self, number: int, happens: Callable[[], object]) -> None:
        super().__init__()
        self._number = number
        self._happens = happens

    def wait(self, seconds: float) -> None:
        super().wait(seconds)
        if len(self.waits) == self._number:
            self._happens()


def test_a_run_waits_for_a_looker_that_is_restarted_under_it(new_vault: NewVault) -> None:
    with ExitStack() as first, ExitStack() as second, EmbeddedLooker(items=100, seed=3) as still:
        whole = new_vault(still).run(*TYPES)
        looker = first.enter_context(EmbeddedLooker(items=100, seed=3))
        port = int(looker.base_url.rpartition(":")[2])
        again = EmbeddedLooker(items=100, seed=3, port=port)
        time = Watched(6, lambda: second.enter_context(again))
        found = new_vault(looker).run(
            *TYPES,
            workers=1,
            time=time,
            through=lambda client: Meanwhile(client, {("all_boards", 1): first.close}),
        )
        assert again.logins == 1
    assert (found.end.status, found.end.root) == ("complete", whole.end.root)
    assert found.end.retries >= 6


def test_a_run_does_not_wait_for_a_looker_that_was_never_there(new_vault: NewVault) -> None:
    with EmbeddedLooker(items=1) as gone:
        pass
    time = QuickTime()
    one = new_vault(gone)
    with pytest.raises(NobodyThereError, match="Connection refused"):
        one.run(*TYPES, time=time)
    assert len(time.waits) == 2
    assert sum(time.waits) < 1
    assert one.vault.runs() == []
