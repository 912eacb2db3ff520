"""Who is logged in, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from lookervault.demo.draw import draw


class Sessions:
    """Every method may be called from any thread. `clock` is in seconds, only differences count."""

    def __init__(self, seed: int, clock: Callable[[], float]) -> None:
        self.client_id = draw(seed, "client id").slug(20)
        self.client_secret = draw(seed, "client secret").slug(24)
        self.logins = 0
        self._seed = seed
        self._clock = clock
        self._lock = Lock()
        self._ends: dict[str, float] = {}

    def login(self, client_id: str, client_secret: str, *, lifetime_s: float) -> str | None:
        """A new token, None for wrong credentials."""
        if (client_id, client_secret) != (self.client_id, self.client_secret):
            return None
        with self._lock:
            self.logins += 1
            token = draw(self._seed, "token", self.logins).slug(40)
            self._ends[token] = self._clock() + lifetime_s
            return token

    def knows(self, token: str) -> bool:
        with self._lock:
            return self._ends.get(token, float("-inf")) > self._clock()

    def logout(self, token: str) -> bool:
        """Whether there was such a session."""
        with self._lock:
            return self._ends.pop(token, None) is not None

    def revoke_all(self) -> None:
        with self._lock:
            self._ends.clear()
