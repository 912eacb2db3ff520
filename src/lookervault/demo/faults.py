"""What goes wrong, and how it looks to a client."""

from __future__ import annotations

import asyncio
import socket
import struct

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from lookervault.demo.answers import (
    Answer,
    forbidden,
    not_found,
    refusal,
    too_many,
    unauthorized,
)
from lookervault.demo.behaviour import Fault
from lookervault.demo.kind import plain

_PROXY_PAGE = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    b"<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n"
    b"</body>\r\n</html>\r\n"
)
_LOGIN_PAGE = (
    b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to go on.</body></html>"
)
_HTML = "text/html; charset=utf-8"

#: Answers that come instead of the real one.
INSTEAD: dict[Fault, Answer] = {
    Fault.ERROR_500: refusal(500, "An error has occurred.").answer,
    Fault.BAD_GATEWAY: Answer(_PROXY_PAGE, 502, "text/html"),
    Fault.UNAVAILABLE: Answer(b"upstream connect error or disconnect", 503, "text/plain"),
    Fault.EXPIRED_TOKEN: unauthorized().answer,
    Fault.HTML_200: Answer(_LOGIN_PAGE, 200, _HTML),
    Fault.EMPTY: Answer(b""),
    Fault.TOO_MANY: too_many(retry_after=1).answer,
    Fault.TOO_MANY_SILENT: too_many(retry_after=None).answer,
    Fault.NOT_FOUND: not_found().answer,
    Fault.FORBIDDEN: forbidden().answer,
}
#: Those that end the connection.
ON_THE_WIRE = (Fault.RESET, Fault.TRUNCATED, Fault.STALL)

_rows = msgspec.json.Decoder(list[msgspec.Raw])
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])


def spoil(fault: Fault, body: bytes) -> bytes:
    """The body with what the fault does to its content; others leave it as it is."""
    if fault is Fault.NOT_JSON:
        return body[: len(body) // 2]
    if fault is Fault.OTHER_ITEM:
        return _other_item(body)
    if fault in (Fault.REPEATED_ROW, Fault.SHORT_PAGE) and body[:1] == b"[":
        rows = [bytes(row) for row in _rows.decode(body)]
        again = rows[:1] if fault is Fault.REPEATED_ROW else []
        return b"[" + b",".join((again + rows)[: len(rows) - (not again)]) + b"]"
    return body


def _other_item(body: bytes) -> bytes:
    if body[:1] == b"[":
        rows = [bytes(row) for row in _rows.decode(body)]
        return b"[" + b",".join([_other_item(row) for row in rows[:1]] + rows[1:]) + b"]"
    parts = _object.decode(body)
    if "id" not in parts:
        return body
    return plain(parts | {"id": msgspec.Raw(b'"999999999"')})


class OnTheWire(Response):
    """A response that never ends as it should. The server puts the transport into the scope."""

    def __init__(
        self, fault: Fault, whole: Response, stall_s: float, stopping: asyncio.Event
    ) -> None:
        super().__init__(whole.body, whole.status_code)
        self.raw_headers = whole.raw_headers
        self._fault = fault
        self._stall_s = stall_s
        self._stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = scope["state"]["transport"]
        if self._fault is Fault.RESET:
            _reset(transport)
        else:
            await self._send_half(send)
            if self._fault is Fault.STALL:
                await self._wait(receive)
            transport.close()
        await _disconnected(receive)

    async def _send_half(self, send: Send) -> None:
        """Of a body that was announced in full."""
        start = {"type": "http.response.start", "status": self.status_code}
        await send(start | {"headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})

    async def _wait(self, receive: Receive) -> None:
        """Until the client gives up, the time is over or the server stops."""
        waiting = [
            asyncio.create_task(_disconnected(receive)),
            asyncio.create_task(self._stopping.wait()),
        ]
        await asyncio.wait(waiting, timeout=self._stall_s, return_when=asyncio.FIRST_COMPLETED)
        for each in waiting:
            each.cancel()


def _reset(transport: asyncio.Transport) -> None:
    """A connection that is closed with nothing left to linger for ends with RST."""
    connection: socket.socket = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
