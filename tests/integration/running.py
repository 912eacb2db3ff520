"""A run as the program drives it: a vault, a client, and what came of it."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lookervault.config.models import parallel_config
from lookervault.config.settings import load
from lookervault.content.model import ContentType
from lookervault.content.operations import Operation
from lookervault.content.registry import select
from lookervault.demo.server import EmbeddedLooker
from lookervault.extraction.orchestrator import Orchestrator, Result
from lookervault.extraction.request import Request
from lookervault.extraction.retry import Client, Tally
from lookervault.extraction.stop import Stop
from lookervault.extraction.work_queue import InFlight
from lookervault.looker.client import Looker
from lookervault.storage.repository import Repository


class Silent:
    """Progress that nobody watches."""

    def update(self, type_name: str, done: int, total: int, *, finished: bool) -> None:
        pass

    def beat(self, tally: Tally, rate: float | None) -> None:
        pass


class QuickTime(Stop):
    """Time that passes when somebody waits, and not otherwise: no test sleeps."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.waits: list[float] = []
        self._lock = threading.Lock()

    def clock(self) -> float:
        with self._lock:
            return self.now

    def wait(self, seconds: float) -> None:
        with self._lock:
            self.now += seconds
            self.waits.append(seconds)
        super().wait(0)


class Meanwhile:
    """Looker, in which something happens just before the n-th call (from 1) of an operation."""

    def __init__(
        self, client: Client, happens: Mapping[tuple[str, int], Callable[[], Any]]
    ) -> None:
        self._client = client
        self._happens = dict(happens)
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()

    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes:
        with self._lock:
            number = self._counts[operation.id] = self._counts.get(operation.id, 0) + 1
            if happens := self._happens.pop((operation.id, number), None):
                happens()
        return self._client.get(operation, *path_args, params=params)

    @property
    def left(self) -> int:
        """Things that have not happened."""
        return len(self._happens)


class AtCall:
    """Looker, in which something happens just before the n-th call of all (from 1)."""

    def __init__(self, client: Client, number: int, happens: Callable[[], Any]) -> None:
        self._client = client
        self._left = number
        self._happens = happens
        self._lock = threading.Lock()

    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes:
        with self._lock:
            self._left -= 1
            if self._left == 0:
                self._happens()
        return self._client.get(operation, *path_args, params=params)


class Extraction:
    """One vault, into which one embedded Looker is extracted as often as the test likes."""

    def __init__(self, looker: EmbeddedLooker, path: Path) -> None:
        self.looker = looker
        self.path = path
        self.vault = Repository.open(path, write=True)

    def run(
        self,
        *names: str,
        exclude: list[str] | None = None,
        folders: tuple[str, ...] = (),
        recursive: bool = False,
        fresh: bool = False,
        full: bool = False,
        resume_within_s: float = 24 * 3600,
        accept_visibility: bool = False,
        accept_permissions: bool = False,
        accept_deletions: tuple[str, ...] = (),
        through: Callable[[Client], Client] = lambda client: client,
        time: QuickTime | None = None,
        **config: float,
    ) -> Result:
        """Without `time` nothing waits long either: the default one only pretends to."""
        types = select(list(names), exclude or [], in_folders=bool(folders))
        return self.run_types(
            types,
            folders=folders,
            recursive=recursive,
            fresh=fresh,
            full=full,
            resume_within_s=resume_within_s,
            accept_visibility=accept_visibility,
            accept_permissions=accept_permissions,
            accept_deletions=accept_deletions,
            through=through,
            time=time,
            **config,
        )

    def run_types(
        self,
        types: list[ContentType],
        *,
        through: Callable[[Client], Client] = lambda client: client,
        time: QuickTime | None = None,
        folders: tuple[str, ...] = (),
        recursive: bool = False,
        fresh: bool = False,
        full: bool = False,
        resume_within_s: float = 24 * 3600,
        accept_visibility: bool = False,
        accept_permissions: bool = False,
        accept_deletions: tuple[str, ...] = (),
        **config: float,
    ) -> Result:
        time = time or QuickTime()
        settings = load({}, self.looker.env(), None)
        parallel = parallel_config({"workers": 4, **config})
        in_flight = InFlight(parallel.bytes_in_flight, time.clock)
        client = Looker(settings, pool_size=parallel.workers, admit=in_flight.hold)
        try:
            orchestrator = Orchestrator(
                through(client),
                self.vault,
                parallel,
                Silent(),
                in_flight=in_flight,
                stop=time,
                clock=time.clock,
                jitter=random.Random(0),
            )
            return orchestrator.run(
                Request(
                    types=types,
                    base_url=settings.base_url,
                    program_version="0",
                    folders=folders,
                    recursive=recursive,
                    fresh=fresh,
                    full=full,
                    all_due=True,
                    resume_within_s=resume_within_s,
                    accept_visibility=accept_visibility,
                    accept_permissions=accept_permissions,
                    accept_deletions=accept_deletions,
                )
            )
        finally:
            client.close()

    def get(self, operation: Operation, *path_args: str, **params: str) -> bytes:
        """What Looker itself says."""
        client = Looker(load({}, self.looker.env(), None), pool_size=1)
        try:
            return client.get(operation, *path_args, params=params)
        finally:
            client.close()

    def stored(self, type_name: str) -> dict[str, bytes]:
        return dict(self.vault.bodies(type_name))

    def close(self) -> None:
        self.vault.close()


@contextmanager
def extraction(looker: EmbeddedLooker, path: Path) -> Iterator[Extraction]:
    one = Extraction(looker, path)
    try:
        yield one
    finally:
        one.close()


def by_type(result: Result) -> dict[str, Any]:
    return {one.type: one for one in result.end.types}
