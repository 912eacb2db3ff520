"""Pings a service that raises the alarm when a run fails, and when none comes at all.

As https://healthchecks.io/docs/http_api/ has it, and others after it: the URL itself for success,
with `/start` and `/fail` behind it for the rest.
"""

from __future__ import annotations

import threading
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3 import exceptions

from lookervault.config.settings import Heartbeat
from lookervault.looker.transport import USER_AGENT, through_proxy, trusting

PATIENCE_S = 5.0
"""Seconds that a ping may hold a run up, whatever the network does."""
_TRIES = 2


class Heart:
    """For one thread. No message names anything of the URL: it is as good as a password."""

    def __init__(self, settings: Heartbeat, patience_s: float = PATIENCE_S) -> None:
        """Raises `UsageError` where the certificates of an authority cannot be read."""
        self.source = settings.source
        self._url = settings.url
        self._patience_s = patience_s
        options: dict[str, Any] = {"num_pools": 1}
        if self._url.reveal().startswith("https:"):
            options["ssl_context"] = trusting(settings.ca_file, settings.ca_source)
        if settings.proxy is None:
            self._pool = urllib3.PoolManager(**options)
        else:
            self._pool = through_proxy(settings.proxy.reveal(), options)

    def beat(self, event: str, words: str) -> str:
        """Why it was not heard, empty where it was. `event` is `start`, `fail` or nothing.

        A thread sends it: no limit of a socket covers the search for a host's address.
        """
        answers: list[str] = []
        thread = threading.Thread(
            target=lambda: answers.append(self._sent(event, words)), daemon=True
        )
        thread.start()
        thread.join(self._patience_s)
        return answers[0] if answers else f"no answer came within {self._patience_s:g} seconds"

    def _sent(self, event: str, words: str) -> str:
        why = ""
        for _ in range(_TRIES):
            why = self._try(event, words)
            if not why:
                break
        return why

    def _try(self, event: str, words: str) -> str:
        url = urlsplit(self._url.reveal())
        path = f"{url.path.rstrip('/')}/{event}" if event else url.path
        try:
            response = self._pool.request(
                "POST",
                url._replace(path=path).geturl(),
                body=words.encode(),
                headers={"User-Agent": USER_AGENT, "Content-Type": "text/plain"},
                timeout=urllib3.Timeout(total=self._patience_s),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            response.close()
        except Exception as error:  # noqa: BLE001 -- whatever it is, its text may hold the URL
            return _reason(error)
        return (
            ""
            if response.status < HTTPStatus.MULTIPLE_CHOICES
            else f"it answered {response.status}"
        )


def _reason(error: Exception) -> str:
    reasons: dict[type[Exception], str] = {
        exceptions.NameResolutionError: "there is no host of that name",
        exceptions.NewConnectionError: "nobody listens there",  # which is a timeout to urllib3
        exceptions.TimeoutError: "no answer came in time",
        exceptions.SSLError: "its certificate is not trusted, or it speaks no TLS",
        exceptions.ProxyError: "the proxy did not let it through",
    }
    found = (why for kind, why in reasons.items() if isinstance(error, kind))
    return next(found, "the connection broke")
