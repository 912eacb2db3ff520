"""What stands between the program and a store, and spoils requests and answers on their way."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.unit.looker.stand_in import Reply, Request, StandIn, serving_as

type Ask = Callable[[Request], Reply]
type Spoil = Callable[[Request, Ask], Reply]
"""What comes back of a request. `ask` has the server carry it out."""


def good(request: Request, ask: Ask) -> Reply:
    return ask(request)


def lost(request: Request, ask: Ask) -> Reply:
    """Carried out, and nobody hears of it."""
    ask(request)
    return Reply(b"", "reset")


def silent(request: Request, ask: Ask) -> Reply:
    """Carried out, and nothing more is heard."""
    ask(request)
    return Reply(b"", "stall")


def dropped(request: Request, ask: Ask) -> Reply:
    """Never carried out."""
    return Reply(b"", "reset")


def cut(request: Request, ask: Ask) -> Reply:
    """Half of the answer's body."""
    whole = ask(request).raw
    head, _, body = whole.partition(b"\r\n\r\n")
    return Reply(head + b"\r\n\r\n" + body[: len(body) // 2], "close")


def error(status: int, code: str, message: str = "") -> Spoil:
    """As S3, and Google in its XML API, say it; Azure's differs in blanks only."""
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code>'
        f"<Message>{message}</Message><RequestId>4442587FB7D0A2F9</RequestId></Error>"
    )
    return answer(status, body.encode())


def answer(status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Spoil:
    said = replied(status, body, headers or {})
    return lambda *_: said


def replied(status: int, body: bytes, headers: Mapping[str, str], length: str = "") -> Reply:
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {length or len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return Reply("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)


@dataclass
class Relay(StandIn):
    """`spoils` are for the next requests, one each; `otherwise` is for those after them."""

    upstream: str = ""
    spoils: list[Spoil] = field(default_factory=list)
    otherwise: Spoil = good

    def reply_to(self, request: Request) -> Reply:
        with self.lock:
            self.requests.append(request)
            spoil = self.spoils.pop(0) if self.spoils else self.otherwise
        return spoil(request, self._ask)

    def _ask(self, request: Request) -> Reply:
        connection = http.client.HTTPConnection(self.upstream, timeout=30)
        try:
            connection.putrequest(
                request.method, request.target, skip_host=True, skip_accept_encoding=True
            )
            for name, value in request.headers.items():
                connection.putheader(name, value)
            connection.endheaders(request.body)
            answered = connection.getresponse()
            return _copied(request, answered, answered.read())
        finally:
            connection.close()


def _copied(request: Request, answered: http.client.HTTPResponse, body: bytes) -> Reply:
    kept = {
        name: value
        for name, value in answered.getheaders()
        if name.lower() not in ("connection", "transfer-encoding", "content-length")
    }
    length = answered.headers.get("Content-Length", "") if request.method == "HEAD" else ""
    return replied(answered.status, body, kept, length)


@contextmanager
def relayed(upstream: int) -> Iterator[Relay]:
    with serving_as(Relay) as relay:
        relay.upstream = f"127.0.0.1:{upstream}"
        yield relay
