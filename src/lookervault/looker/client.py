"""Calls to one Looker: the allow-listed GETs, each once, as bytes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import urlencode

from lookervault.config.settings import Settings
from lookervault.content.operations import ALLOWED, Operation
from lookervault.looker.failures import Answer, Call, check
from lookervault.looker.session import Session, Token
from lookervault.looker.transport import Transport

MOST_RENEWALS = 3
"""New tokens that one call is tried with."""


class Looker:
    """One per run, shared by all its threads.

    `pool_size` is the number of threads that call at once; more wait for a connection. `clock` is
    seconds since 1970 and reads dates in `Retry-After`; `monotonic` measures a token's life.
    `admit` may hold a body back, `before` forbid a call: see `Transport`.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        pool_size: int,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        admit: Callable[[int], None] | None = None,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        self._api = f"{settings.base_url}/api/4.0"
        self._secret = settings.client_secret
        self._clock = clock
        self._transport = Transport(settings, pool_size, admit or (lambda _: None), before)
        self._session = Session(settings, self._transport, clock, monotonic)

    @property
    def bytes_received(self) -> int:
        """Bytes of bodies, as they came over the wire."""
        return self._transport.bytes_received

    @property
    def logins(self) -> int:
        return self._session.logins

    def login(self) -> None:
        """Raises `AccessError` that names the refused settings, `TransientError` if unreachable."""
        self._session.token()

    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes:
        """The body whole, as it came (`b""` for 204). One attempt, but for an expired token.

        Raises `CallError`, or `AccessError` where a new login is needed and refused.
        """
        if ALLOWED.get(operation.id) != operation:
            raise ValueError(f"{operation.id} is not on the list of allowed calls")
        url = self._api + operation.fill(*path_args)
        call, answer = self._authorized(url, urlencode(params or {}, safe=","))
        return check(call, answer, self._clock)

    def _authorized(self, url: str, query: str) -> tuple[Call, Answer]:
        """The answer to a call with a good token; 401 only where a new token got it, too.

        A new token that others had used by then was revoked in between: that is no refusal.
        """
        token = self._session.token()
        call, answer = self._send(url, query, token)
        for _ in range(MOST_RENEWALS):
            if answer.status != HTTPStatus.UNAUTHORIZED:
                break
            token = self._session.renew(token)
            call, answer = self._send(url, query, token)
            if not token.accepted:
                break
        return call, answer

    def _send(self, url: str, query: str, token: Token) -> tuple[Call, Answer]:
        call = Call("GET", url, (token.text, self._secret.reveal()))
        full = f"{url}?{query}" if query else url
        answer = self._transport.send(call, full, {"Authorization": f"token {token.text}"})
        if answer.status != HTTPStatus.UNAUTHORIZED:
            token.accepted = True
        return call, answer

    def close(self) -> None:
        self._transport.close()
