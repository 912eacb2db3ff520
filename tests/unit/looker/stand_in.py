"""A server that says exactly what a test wants, byte by byte, over real sockets."""

from __future__ import annotations

import io
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

DATA = Path(__file__).parent / "data"
AUTHORITY = DATA / "authority.pem"
SECRET = "s3cretOfTheKey"


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """Bytes as they go out. `then`: keep, close (after them), reset, stall (until the end)."""

    raw: bytes
    then: str = "keep"


def reply(
    status: int = 200, body: bytes = b"", *, length: int | None = None, **headers: str
) -> Reply:
    """A whole answer; `length` announces another length than the body has."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {length or len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    raw = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
    return Reply(raw, "keep" if length is None else "close")


def chunked(*chunks: bytes, whole: bool = True, **headers: str) -> Reply:
    lines = ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    parts = [b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks]
    end = b"0\r\n\r\n" if whole else b""
    return Reply(
        "\r\n".join(lines).encode() + b"\r\n\r\n" + b"".join(parts) + end,
        "keep" if whole else "close",
    )


def looker_error(status: int, message: str, **headers: str) -> Reply:
    body = {"message": message, "documentation_url": "https://docs.example", "errors": []}
    return reply(status, json.dumps(body).encode(), length=None, **headers)


@dataclass
class StandIn:
    """`answer` is what a GET with a good token gets; it may be changed while the server runs."""

    port: int
    scheme: str
    answer: Callable[[Request], Reply] = lambda _: reply(200, b'{"ok":true}')
    login: Callable[[Request], Reply] | None = None
    expires_in: int = 3600
    secret: str = SECRET
    tokens: set[str] = field(default_factory=set)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.port}"

    def count(self, method: str) -> int:
        return sum(request.method == method for request in self.requests)

    def revoke(self) -> None:
        with self.lock:
            self.tokens.clear()

    def reply_to(self, request: Request) -> Reply:
        with self.lock:
            self.requests.append(request)
            if request.method == "POST":
                return self.login(request) if self.login else self._log_in(request)
            if request.headers.get("authorization", "") not in self.tokens:
                return looker_error(401, "Requires authentication.")
        return self.answer(request)

    def _log_in(self, request: Request) -> Reply:
        form = parse_qs(request.body.decode())
        if form.get("client_secret") != [self.secret]:
            return looker_error(404, "Not found")
        token = f"token{len(self.requests)}"
        self.tokens.add(f"token {token}")
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": self.expires_in}
        return reply(200, json.dumps(answer).encode())


def serving(certificate: str | None = None) -> AbstractContextManager[StandIn]:
    return serving_as(StandIn, certificate)


@contextmanager
def serving_as[Kind: StandIn](kind: type[Kind], certificate: str | None = None) -> Iterator[Kind]:
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(DATA / certificate)
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        stand_in = kind(listener.getsockname()[1], "https" if context else "http")
        threads: list[threading.Thread] = []
        open_sockets: list[socket.socket] = []

        def accept() -> None:
            while True:
                client, _ = listener.accept()
                if stand_in.ended.is_set():
                    client.close()
                    return
                stand_in.connections += 1
                open_sockets.append(client)
                thread = threading.Thread(target=_serve, args=(stand_in, client, context))
                threads.append(thread)
                thread.start()

        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield stand_in
        finally:
            stand_in.ended.set()
            socket.create_connection(("127.0.0.1", stand_in.port)).close()
            acceptor.join()
            for client in open_sockets:
                with suppress(OSError):  # it is closed already
                    client.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()


def _serve(stand_in: StandIn, client: socket.socket, context: ssl.SSLContext | None) -> None:
    # A client that goes away, or does not trust us, is what some tests are about.
    with suppress(OSError), client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is None:
            _talk(stand_in, client)
            return
        with context.wrap_socket(client, server_side=True) as encrypted:
            _talk(stand_in, encrypted)


def _talk(stand_in: StandIn, client: socket.socket) -> None:
    with client.makefile("rb") as stream:
        while request := _read(stream):
            said = stand_in.reply_to(request)
            client.sendall(said.raw)
            if said.then == "stall":
                stand_in.ended.wait()
            if said.then == "reset":
                # Zero seconds to linger: the kernel sends RST instead of FIN.
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            if said.then != "keep":
                return


def _read(stream: io.BufferedReader) -> Request | None:
    line = stream.readline().decode("latin-1").split()
    if len(line) != 3:
        return None
    headers = {}
    while text := stream.readline().decode("latin-1").strip():
        name, _, value = text.partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    return Request(line[0], line[1], headers, body)
