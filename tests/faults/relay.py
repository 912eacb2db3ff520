"""What stands between the program and Looker, and spoils answers on their way."""

from __future__ import annotations

import gzip
import http.client
import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import msgspec

from lookervault.demo.server import EmbeddedLooker
from tests.unit.looker.stand_in import Reply, Request, StandIn, looker_error, reply, serving

JSON = "application/json; charset=utf-8"
PAGE = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body>Later.</body></html>"

type Spoil = Callable[[bytes], Reply]
"""What goes out instead of a good body."""


def good(body: bytes) -> Reply:
    return reply(200, body, content_type=JSON)


def error_500(body: bytes) -> Reply:
    return looker_error(500, "An error has occurred.")


def bad_gateway(body: bytes) -> Reply:
    return reply(502, PAGE, content_type="text/html")


def unavailable(body: bytes) -> Reply:
    return reply(503, b"upstream connect error or disconnect", content_type="text/plain")


def reset(body: bytes) -> Reply:
    return Reply(b"", "reset")


def cut(body: bytes) -> Reply:
    return reply(200, body[: len(body) // 2], length=len(body), content_type=JSON)


def error_page(body: bytes) -> Reply:
    return reply(200, PAGE, content_type="text/html")


def cut_gzip(body: bytes) -> Reply:
    packed = gzip.compress(body, mtime=0)
    return reply(200, packed[: len(packed) // 2], content_type=JSON, content_encoding="gzip")


def stall(body: bytes) -> Reply:
    whole = good(body).raw
    return Reply(whole[: len(whole) - len(body) // 2 - 1], "stall")


def length_too_long(body: bytes) -> Reply:
    return reply(200, body, length=len(body) + 9, content_type=JSON)


def length_too_short(body: bytes) -> Reply:
    return reply(200, body, length=len(body) - 1, content_type=JSON)


def rows_twice(body: bytes) -> Reply:
    """Another row is left out for it, as when pages shift."""
    rows = _rows(body)
    return good(_list([*rows[:1], *rows[:-1]]))


def rows_missing(body: bytes) -> Reply:
    return good(_list(_rows(body)[:-1]))


def another_order(body: bytes) -> Reply:
    return good(_list(_rows(body)[::-1]))


def _rows(body: bytes) -> list[msgspec.Raw]:
    return msgspec.json.decode(body, type=list[msgspec.Raw])


def _list(rows: list[msgspec.Raw]) -> bytes:
    return b"[" + b",".join(map(bytes, rows)) + b"]"


def is_page(request: Request) -> bool:
    return "/search" in request.target


class Relay:
    """Asks the real server, with one login of its own, and spoils what `spoils` says of it.

    `spoils` is called with the number of the call, from 1 on, in whatever thread serves it.
    """

    def __init__(self, looker: EmbeddedLooker, spoils: Callable[[int, Request], Spoil]) -> None:
        self._host = urlsplit(looker.base_url).netloc
        self._spoils = spoils
        self._numbers = itertools.count(1)
        self._token = ""
        login = urlencode({"client_id": looker.client_id, "client_secret": looker.client_secret})
        self._token = json.loads(self._ask("POST", "/api/4.0/login", login) or b"")["access_token"]
        self.spoiled = 0

    def answer(self, request: Request) -> Reply:
        spoil = self._spoils(next(self._numbers), request)
        body = self._ask("GET", request.target)
        if body is None:
            return looker_error(404, "Not found")
        self.spoiled += spoil is not good
        return spoil(body)

    def _ask(self, method: str, target: str, form: str | None = None) -> bytes | None:
        connection = http.client.HTTPConnection(self._host, timeout=30)
        try:
            connection.request(method, target, form, {"Authorization": f"token {self._token}"})
            answer = connection.getresponse()
            return answer.read() if answer.status == 200 else None
        finally:
            connection.close()


@contextmanager
def relayed(
    looker: EmbeddedLooker,
    spoils: Callable[[int, Request], Spoil] = lambda _, __: good,
    certificate: Path | None = None,
) -> Iterator[tuple[StandIn, Relay]]:
    """The relay as a server of its own, with TLS where there is a certificate."""
    relay = Relay(looker, spoils)
    with serving(str(certificate) if certificate else None) as server:
        server.answer = relay.answer
        server.secret = looker.client_secret
        yield server, relay


def env_of(server: StandIn, looker: EmbeddedLooker) -> dict[str, str]:
    return looker.env() | {"LOOKERSDK_BASE_URL": server.url}
