"""A Looker without a wire: a client that answers from what it is given."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from lookervault.config.models import parallel_config
from lookervault.content import operations as op
from lookervault.content.model import ContentType
from lookervault.content.operations import Operation
from lookervault.content.registry import TYPES
from lookervault.errors import NotFoundError
from lookervault.extraction.orchestrator import Orchestrator, Result
from lookervault.extraction.request import Request
from lookervault.extraction.retry import Tally
from lookervault.extraction.stop import Stop
from lookervault.storage.repository import Repository

ALL_ACCESS = {"permission_set": {"all_access": True}, "model_set": {"all_access": True}}
SESSION: dict[Operation, Any] = {
    op.VERSIONS: {"looker_release_version": "26.12", "web_server_url": "https://looker.example"},
    op.ME: {"id": "1", "display_name": "Tester"},
    op.USER_ROLES: [{"id": "2", "name": "Admin"} | ALL_ACCESS],
}
SEARCHES = {
    op.SEARCH_ROLES: "roles",
    op.SEARCH_MODEL_SETS: "model_sets",
    op.SEARCH_PERMISSION_SETS: "permission_sets",
}
LISTS = {op.ALL_THEMES: "themes", op.ALL_BOARDS: "boards"}
BY_ID = {
    op.ROLE: "roles",
    op.MODEL_SET: "model_sets",
    op.PERMISSION_SET: "permission_sets",
    op.THEME: "themes",
    op.BOARD: "boards",
}


class Library:
    """`before` is called ahead of each call with its number (from 1) and the operation."""

    def __init__(
        self,
        content: Mapping[str, int],
        before: Callable[[int, Operation], None] = lambda number, operation: None,
    ) -> None:
        self.content = {
            name: {str(i): {"id": str(i), "name": f"{name} {i}"} for i in range(1, count + 1)}
            for name, count in content.items()
        }
        self.asked: list[str] = []
        self._before = before
        self._lock = threading.Lock()

    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes:
        with self._lock:
            self.asked.append(operation.id)
            number = len(self.asked)
        self._before(number, operation)
        return msgspec.json.encode(self._answer(operation, path_args, params or {}))

    def _answer(
        self, operation: Operation, path_args: tuple[str, ...], params: Mapping[str, str]
    ) -> Any:
        if operation in SESSION:
            return SESSION[operation]
        if operation in LISTS:
            return list(self._of(LISTS[operation]).values())
        if operation in SEARCHES:
            return self._search(SEARCHES[operation], params)
        if operation in (op.ROLE_GROUPS, op.ROLE_USERS):
            return [{"id": "7"}]
        found = self._of(BY_ID[operation]).get(path_args[0])
        if found is None:
            raise NotFoundError(f"{operation.id} {path_args[0]}")
        return found

    def _search(self, name: str, params: Mapping[str, str]) -> list[Any]:
        rows = list(self._of(name).values())
        if "id" in params:
            wanted = params["id"].split(",")
            rows = [row for row in rows if row["id"] in wanted]
        start = int(params.get("offset", 0))
        return rows[start : start + int(params["limit"])]

    def _of(self, name: str) -> dict[str, Any]:
        return self.content.get(name, {})


class Watcher:
    """Progress, as a list of what was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int, int, bool]] = []

    def update(self, type_name: str, done: int, total: int, *, finished: bool) -> None:
        self.told.append((type_name, done, total, finished))

    def beat(self, tally: Tally, rate: float | None) -> None:
        pass


class NoWaiting(Stop):
    """Nobody waits: what would be waited for passes at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def wait(self, seconds: float) -> None:
        self.now += seconds
        super().wait(0)


def extract(
    library: Library,
    vault: Repository,
    *names: str,
    types: list[ContentType] | None = None,
    progress: Watcher | None = None,
    stop: NoWaiting | None = None,
    **config: object,
) -> Result:
    stop = stop or NoWaiting()
    orchestrator = Orchestrator(
        library,
        vault,
        parallel_config({"workers": 4, **config}),
        progress or Watcher(),
        stop=stop,
        clock=lambda: stop.now,
        now=lambda: 1_800_000_000.0,
        jitter=random.Random(0),
    )
    chosen = types or [TYPES[name] for name in names]
    return orchestrator.run(
        Request(types=chosen, base_url="https://looker.example", program_version="0")
    )
