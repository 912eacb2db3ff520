"""One login for all threads: who holds the token, and what happens when Looker refuses it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass

import msgspec

from lookervault.config.settings import Settings
from lookervault.errors import (
    AccessError,
    BadAnswerError,
    ForbiddenError,
    LookerVaultError,
    NotFoundError,
    RefusedError,
    UnauthorizedError,
)
from lookervault.looker.bare_package import without_init
from lookervault.looker.failures import Answer, Call, check
from lookervault.looker.transport import Transport

RENEWED_AFTER = 0.95
"""Share of a token's life after which it is renewed without waiting for a 401."""

_SHOWN_OF_CLIENT_ID = 4


@dataclass(slots=True)
class Token:
    text: str
    expires: float
    """On the monotonic clock: an hour that the wall clock jumps is no hour of the token."""
    accepted: bool = False
    """Whether any call with it was answered otherwise than by 401. Set, never unset."""


class Session:
    """Thread-safe. `_lock` is held during a login, so that the others wait for its outcome."""

    def __init__(
        self,
        settings: Settings,
        transport: Transport,
        wall: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._wall = wall
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._attempts = 0  # logins that ended, in either way
        self._failure: LookerVaultError | None = None
        self._logins = 0

    @property
    def logins(self) -> int:
        """Logins that succeeded."""
        return self._logins

    def token(self) -> Token:
        """The current token, after a login where there is none or its time is over."""
        token = self._token
        if token is not None and self._monotonic() < token.expires:
            return token
        return self.renew(token)

    def renew(self, old: Token | None) -> Token:
        """A token other than `old`: the current one if somebody was faster, else a new login.

        Raises `AccessError` when Looker refuses the login, which is final for this session, and
        `CallError` when it could not be asked. Threads that waited meanwhile share the outcome.
        """
        seen = self._attempts
        with self._lock:
            if self._token is not None and self._token is not old:
                return self._token
            if self._failure is not None and (
                self._attempts != seen or isinstance(self._failure, AccessError)
            ):
                raise copy(self._failure)  # each thread its own traceback
            return self._login()

    def _login(self) -> Token:
        try:
            self._token = self._new_token()
        except LookerVaultError as error:
            self._failure = error
            raise
        finally:
            self._attempts += 1
        self._failure = None
        self._logins += 1
        return self._token

    def _new_token(self) -> Token:
        # Here and not above, as the SDK takes 0.1 s to import.
        with without_init("looker_sdk"):
            from lookervault.looker.sdk_login import Login  # noqa: PLC0415 - see the line above

        try:
            text, lives = Login(self._settings, self._post).token()
        except msgspec.DecodeError:
            text, lives = "", 0
        if not (text.isascii() and text.isprintable() and text):  # it becomes a header
            raise BadAnswerError(
                f"The login at {self._settings.base_url} was answered without a token.",
                hint=_IS_IT_LOOKER,
            )
        expires = self._monotonic() + RENEWED_AFTER * lives if lives > 0 else float("inf")
        return Token(text, expires)

    def _post(self, url: str, form: bytes) -> bytes:
        call = Call("POST", url, (self._settings.client_secret.reveal(),))
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self._transport.send(call, url, headers, form)
        try:
            return check(call, answer, self._wall)
        except (UnauthorizedError, ForbiddenError, NotFoundError, RefusedError) as error:
            raise self._refused(answer, error) from error

    def _refused(self, answer: Answer, error: LookerVaultError) -> AccessError:
        settings = self._settings
        if answer.body[:1] != b"{":  # Looker says no in JSON, also for an unknown API key (404)
            return AccessError(
                f"No Looker API answers at {settings.base_url}"
                f" ({settings.source('base_url')}): {error.message}",
                hint=_IS_IT_LOOKER,
            )
        return AccessError(
            f"Looker at {settings.base_url} refused the login with the client id"
            f" {settings.client_id[:_SHOWN_OF_CLIENT_ID]}… ({settings.source('client_id')})"
            f" and the client secret from {settings.source('client_secret')}. {error.message}",
            hint="Compare both with the API key under Admin > Users > Edit > API keys in Looker;"
            " its user must not be disabled.",
        )


_IS_IT_LOOKER = (
    "Is the base URL that of Looker's API? Customer-hosted Lookers have it at port 19999."
)
