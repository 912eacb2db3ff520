"""The embedded Looker over HTTP, in a thread of this process."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Callable, Mapping
from threading import Event, Thread
from types import FrameType, TracebackType
from typing import Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from lookervault.demo.behaviour import Behaviour
from lookervault.demo.request_log import RequestLog
from lookervault.demo.service import Service
from lookervault.demo.sessions import Sessions
from lookervault.demo.store import Store
from lookervault.errors import LookerVaultError


class EmbeddedLooker:
    """Serves while its `with` block runs; `store` and `behaviour` may be changed meanwhile.

    `items` objects in all, computed from `seed`; `counts` names types one by one. `port` 0 is a
    free port.
    """

    def __init__(
        self,
        items: int = 300,
        seed: int = 0,
        behaviour: Behaviour | None = None,
        *,
        counts: Mapping[str, int] | None = None,
        port: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.behaviour = behaviour or Behaviour()
        self.store = Store(items, seed, counts)
        self._sessions = Sessions(seed, clock)
        self._service = Service(self.store, self.behaviour, self._sessions, clock)
        self._port = port
        self.base_url = ""
        self.client_id = self._sessions.client_id
        self.client_secret = self._sessions.client_secret

    @property
    def log(self) -> RequestLog:
        return self._service.log

    @property
    def logins(self) -> int:
        """How many have succeeded."""
        return self._sessions.logins

    def env(self) -> dict[str, str]:
        """What points a client at this server."""
        return {
            "LOOKERSDK_BASE_URL": self.base_url,
            "LOOKERSDK_CLIENT_ID": self.client_id,
            "LOOKERSDK_CLIENT_SECRET": self.client_secret,
        }

    def revoke_tokens(self) -> None:
        """Every client has to log in again."""
        self._sessions.revoke_all()

    def __enter__(self) -> Self:
        listener = _listen(self._port)
        self.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._server = _Server(self._service)
        self._thread = Thread(
            target=self._server.run, args=([listener],), name="embedded Looker", daemon=True
        )
        self._thread.start()
        self._server.ready.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.stop()
        self._thread.join()


def _listen(port: int) -> socket.socket:
    # The protocol is named: where it is not, asyncio leaves Nagle's algorithm on, and every answer
    # waits 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise LookerVaultError(
            f"The embedded Looker cannot listen on port {port}: {error.strerror}.",
            hint="Choose another --port, or 0 for any free one.",
        ) from error
    listener.listen(128)
    return listener


class _Protocol(H11Protocol):
    """Hands the transport to the application: faults break connections."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in H11Protocol
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class _Server(uvicorn.Server):
    """uvicorn, started and stopped from another thread without polling."""

    _loop: asyncio.AbstractEventLoop

    def __init__(self, service: Service) -> None:
        super().__init__(
            uvicorn.Config(
                service.application(),
                log_config=None,
                log_level="error",
                access_log=False,
                lifespan="off",
                http=_Protocol,
            )
        )
        self.ready = Event()
        self._service = service

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.ready.set()
        await self._service.stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, without its pause of 100 ms: tests start and stop many servers."""
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=1)

    def stop(self) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(self._service.stopping.set)


def serve(
    port: int,
    items: int,
    seed: int,
    behaviour: Behaviour,
    on_ready: Callable[[EmbeddedLooker], None],
) -> None:
    """Serves until SIGINT or SIGTERM; to be called from the main thread.

    `on_ready` is called once the server listens. Raises LookerVaultError where the port is taken.
    """
    asked_to_stop = Event()

    def stop(signal_number: int, frame: FrameType | None) -> None:
        asked_to_stop.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with EmbeddedLooker(items, seed, behaviour, port=port) as looker:
            on_ready(looker)
            asked_to_stop.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
