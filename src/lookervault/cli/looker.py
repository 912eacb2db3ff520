"""Calls to Looker outside a run: with the same retries, rate limit and bounds, and counted."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from lookervault.config.settings import Settings
    from lookervault.content.model import Reader
    from lookervault.extraction.retry import Calls
    from lookervault.storage.runs import RunRow

WORKERS = 8


class LazyCalls:
    """Logs in when something is asked for, and never if nothing is. Thread-safe."""

    def __init__(
        self, settings: Settings, vault: Callable[[], tuple[str | None, list[RunRow]]]
    ) -> None:
        """`vault` tells which Looker it has to be, and of its runs."""
        self._settings = settings
        self._vault = vault
        self._calls: Calls | None = None
        self._lock = threading.Lock()
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def for_type(self, name: str) -> Reader:
        """Raises `UsageError` where this Looker is not the one that the vault belongs to."""
        with self._lock:
            if self._calls is None:
                self._calls = self._connected()
        return self._calls.for_type(name)

    def _connected(self) -> Calls:
        from lookervault.cli.budget import counted
        from lookervault.cli.extraction import warn_about
        from lookervault.config.models import ParallelConfig
        from lookervault.extraction.rate_limiter import RateLimiter
        from lookervault.extraction.retry import Calls, Tally
        from lookervault.extraction.stop import Stop
        from lookervault.looker.client import Looker

        warn_about(self._settings)
        before = self._open.enter_context(counted(self._settings.vault))
        client = Looker(self._settings, pool_size=WORKERS, before=before)
        self._open.callback(client.close)
        stop, chance = Stop(), random.Random()  # noqa: S311  for jitter
        limiter = RateLimiter(None, clock=time.monotonic, wait=stop.wait, jitter=chance)
        config = ParallelConfig(workers=WORKERS)
        calls = Calls(client, limiter, config, stop=stop, tally=Tally(), jitter=chance)
        self._check_instance(calls)
        return calls

    def _check_instance(self, calls: Calls) -> None:
        from lookervault.cli import failures
        from lookervault.errors import UsageError
        from lookervault.extraction.identity import identity
        from lookervault.extraction.visibility import version

        owner, runs = self._vault()
        here = identity(version(calls.for_type("session")), self._settings.base_url, owner, runs)
        if not here.owns:
            raise UsageError(
                f"This vault belongs to {owner}, and {here.instance} was to be asked.",
                hint="Name the right Looker, or the right vault with --vault.",
            )
        if here.note:
            failures.note(here.note)
