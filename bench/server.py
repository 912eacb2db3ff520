"""A server of prepared bytes that speaks what the pipeline asks for, at as little CPU as it can.

    python -m bench.server FOLDER

One thread, one event loop, HTTP/1.1 read and written by hand, bodies as slices of a mapped file.
An answer that takes its time is a timer. `/bench/set` sets how it behaves and starts the counts
anew, `/bench/stats` tells them.
"""

from __future__ import annotations

import asyncio
import json
import mmap
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from urllib.parse import parse_qsl

from bench.prepared import Index, Span, load
from lookervault.content.operations import ALLOWED
from lookervault.content.registry import TYPES

type Body = list[bytes | memoryview[int]]

TOKEN = b'{"access_token":"bench","token_type":"Bearer","expires_in":86400,"refresh_token":null}'
_TARGET = re.compile(rb"(GET|POST) (?:/api/4\.0)?(/[^ ]*) ")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_LISTINGS = {one.path for one in ALLOWED.values() if "{" not in one.path} - {
    one.path for one in TYPES["settings"].source.operations
}
"""Paths that name no object; their parameters may."""


@dataclass(slots=True)
class Behaviour:
    """Seconds that an answer takes: `latency`, more per object and per census row in it."""

    latency: float = 0.0
    per_object: float = 0.0
    per_row: float = 0.0
    rate: float = 0.0
    """Calls a second that are allowed, in bursts of a second's worth; 0 is no limit."""
    retry_after: int = 0
    """Seconds that a 429 asks to wait; 0: it does not say."""


@dataclass(slots=True)
class Counts:
    """Since the last `/bench/set`. Pages are answers of a search that hold objects.

    `named` are the calls for objects that they name; the others log in or ask what there is.
    """

    calls: int = 0
    named: int = 0
    refused: int = 0
    unknown: int = 0
    pages: int = 0
    bytes: int = 0
    waited: float = 0.0
    """Seconds that answers were held back, summed over all of them."""
    first_call: float = 0.0
    last_call: float = 0.0
    first_page: float = 0.0
    last_page: float = 0.0


class Answers:
    """What the index answers with: the body as slices, and how many objects and rows of a search
    it holds."""

    def __init__(self, index: Index, data: memoryview[int]) -> None:
        self._index = index
        self._data = data
        self._places = {
            path: {identity: place for place, identity in enumerate(table.ids)}
            for path, table in index.tables.items()
        }

    def find(self, target: str) -> tuple[Body, int, int] | None:
        if (span := self._index.exact.get(target)) is not None:
            return [self._data[span[0] : span[1]]], 0, 0
        path, _, query = target.partition("?")
        table = self._index.tables.get(path)
        if table is None and path in self._index.windows:
            table = self._index.tables[self._index.windows[path]]
        if table is None:
            return None
        params = dict(parse_qsl(query))
        if "id" in params:
            return self._by_ids(path, params["id"])
        if params.get("deleted") == "true" or params.get("embed_user") == "true":
            return [b"[]"], 0, 0
        spans = table.rows if "fields" in params else table.spans
        first = int(params.get("offset", 0))
        chosen = spans[first : first + int(params.get("limit", len(spans)))]
        counts = (0, len(chosen)) if "fields" in params else (len(chosen), 0)
        return (self._array([(chosen[0][0], chosen[-1][1])] if chosen else []), *counts)

    def _by_ids(self, path: str, ids: str) -> tuple[Body, int, int]:
        places = self._places[path]
        found = sorted(places[i] for i in ids.split(",") if i in places)
        spans = self._index.tables[path].spans
        runs: list[Span] = []
        last = -2
        for place in found:
            start, end = spans[place]
            if place == last + 1:
                start = runs.pop()[0]
            runs.append((start, end))
            last = place
        return self._array(runs), len(found), 0

    def _array(self, runs: list[Span]) -> Body:
        body: Body = [b"["]
        for start, end in runs:
            body += (self._data[start:end], b",")
        if runs:
            body.pop()
        return [*body, b"]"]


class Service:
    def __init__(self, answers: Answers, clock: Callable[[], float]) -> None:
        self._answers = answers
        self._clock = clock
        self.behaviour = Behaviour()
        self.counts = Counts()
        self._tokens = 0.0
        self._filled = clock()
        self._cpu = _cpu()

    def answer(self, method: str, target: str) -> tuple[int, Body, float]:
        """Status, body, seconds until it is sent."""
        if target.startswith("/bench/"):
            return self._control(target)
        now = self._clock()
        counts = self.counts
        counts.calls += 1
        counts.first_call = counts.first_call or now
        counts.last_call = now
        if method == "POST":
            return 200, [TOKEN], self._held(now, 0, 0)
        if not self._allowed(now):
            counts.refused += 1
            return 429, [b'{"message":"Too many requests"}'], 0.0
        counts.named += _names_objects(target)
        found = self._answers.find(target)
        if found is None:
            counts.unknown += 1
            sys.stderr.write(f"not prepared: {target[:300]}\n")
            return 404, [b'{"message":"Not found"}'], self._held(now, 0, 0)
        body, objects, rows = found
        return 200, body, self._held(now, objects, rows)

    def _held(self, now: float, objects: int, rows: int) -> float:
        behaviour, counts = self.behaviour, self.counts
        seconds = behaviour.latency + behaviour.per_object * objects + behaviour.per_row * rows
        counts.waited += seconds
        if objects:
            counts.pages += 1
            counts.first_page = counts.first_page or now
            counts.last_page = max(counts.last_page, now + seconds)
        return seconds

    def _allowed(self, now: float) -> bool:
        rate = self.behaviour.rate
        if not rate:
            return True
        self._tokens = min(max(rate, 1.0), self._tokens + (now - self._filled) * rate)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _control(self, target: str) -> tuple[int, Body, float]:
        path, _, query = target.partition("?")
        if path == "/bench/set":
            kinds = {one.name: float for one in fields(Behaviour)}
            given = {name: kinds[name](value) for name, value in parse_qsl(query)}
            self.behaviour = Behaviour(**given)  # type: ignore[arg-type]  # seconds may be whole
            self.counts = Counts(unknown=self.counts.unknown)  # nobody may overlook those
            self._tokens, self._filled = self.behaviour.rate, self._clock()
            self._cpu = _cpu()
        stats = {**asdict(self.counts), "cpu": _cpu() - self._cpu}
        return 200, [json.dumps(stats).encode()], 0.0


def _names_objects(target: str) -> bool:
    path, _, query = target.partition("?")
    return path not in _LISTINGS or "&id=" in f"&{query}" or "content_metadata_id=" in query


def _cpu() -> float:
    times = os.times()
    return times.user + times.system


class Connection(asyncio.Protocol):
    """One request after the other, as the pipeline's clients send them."""

    def __init__(self, service: Service, loop: asyncio.AbstractEventLoop) -> None:
        self._service = service
        self._loop = loop
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=2**26)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._received += data
        head = self._received.find(b"\r\n\r\n")
        if head < 0:
            return
        length = _LENGTH.search(self._received, 0, head)
        if len(self._received) < head + 4 + (int(length[1]) if length else 0):
            return
        request = _TARGET.match(self._received)
        assert request is not None, self._received[:200]
        self._received = b""
        status, body, seconds = self._service.answer(request[1].decode(), request[2].decode())
        if seconds:
            self._loop.call_later(seconds, self._send, status, body)
        else:
            self._send(status, body)

    def _send(self, status: int, body: Body) -> None:
        if self._transport is None:
            return
        size = sum(map(len, body))
        counts = self._service.counts
        counts.bytes += size
        retry_after = int(self._service.behaviour.retry_after) if status == 429 else 0
        wait = b"Retry-After: %d\r\n" % retry_after if retry_after else b""
        head = (
            b"HTTP/1.1 %d Answer\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n"
            % (status, wait, size)
        )
        if not self._transport.is_closing():  # the client may be gone by now
            self._transport.writelines([head, *body])


async def _serve(folder: Path) -> None:
    loop = asyncio.get_running_loop()
    with (folder / "bytes").open("rb") as file:
        data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    service = Service(Answers(load(folder), data), time.monotonic)
    server = await loop.create_server(lambda: Connection(service, loop), "127.0.0.1", 0)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    print(server.sockets[0].getsockname()[1], flush=True)
    await stop.wait()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
