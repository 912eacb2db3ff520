"""The embedded Looker without its wire: as a client, for tests that need thousands of calls."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from lookervault.content.operations import Operation
from lookervault.demo.answers import Refusal
from lookervault.demo.behaviour import Behaviour
from lookervault.demo.catalogue import OPERATIONS
from lookervault.demo.operations import Call
from lookervault.demo.params import Params
from lookervault.demo.store import Store
from lookervault.errors import ForbiddenError, NotFoundError, RefusedError

_HANDLERS = {operation.id: operation.handler for operation in OPERATIONS}
_ERRORS = {403: ForbiddenError, 404: NotFoundError}


class NearbyLooker:
    """`before` is called ahead of each call with its number, from 1. Thread-safe."""

    def __init__(
        self, store: Store, behaviour: Behaviour, before: Callable[[int], None] = lambda _: None
    ) -> None:
        self.calls = 0
        self._store = store
        self._behaviour = behaviour
        self._before = before
        self._lock = threading.Lock()

    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes:
        with self._lock:
            self.calls += 1
            self._before(self.calls)
            given = Params(list((params or {}).items()))
            try:
                call = Call(self._store, self._behaviour, given, path_args)
                return _HANDLERS[operation.id](call).body
            except Refusal as refused:
                status = refused.answer.status
                raise _ERRORS.get(status, RefusedError)(f"{operation.id}: {status}") from refused
