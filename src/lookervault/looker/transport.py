"""HTTP to one host: one attempt per call, whole bodies or an exception, nothing followed."""

from __future__ import annotations

import ssl
import threading
import zlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit, urlunsplit

import certifi
import urllib3
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

import lookervault
from lookervault.config.settings import Settings
from lookervault.errors import CallError, UsageError
from lookervault.looker.failures import Answer, Call, from_exception

LARGEST_BODY = 256 * 2**20
"""Bytes of one body, on the wire and decoded. A page aims at 8 MiB."""

LARGEST_ERROR = 2**16
"""Bytes that are read of an answer other than 200."""

CONNECT_TIMEOUT = 20.0
"""Seconds for a connection, where the timeout is not even shorter."""

_GZIP = zlib.MAX_WBITS | 16
_STEP = 2**16

USER_AGENT = f"lookervault/{lookervault.__version__}"


class _UnverifiedConnection(HTTPSConnection):
    """Where verification is switched off, the program warns once, not urllib3 at each call."""

    def connect(self) -> None:
        super().connect()
        self.is_verified = True


class _UnverifiedPool(HTTPSConnectionPool):
    ConnectionCls = _UnverifiedConnection


class Transport:
    """Thread-safe: each call takes a connection of its own from the pool and gives it back."""

    def __init__(
        self,
        settings: Settings,
        pool_size: int,
        admit: Callable[[int], None],
        before: Callable[[], None] = lambda: None,
    ) -> None:
        """`before` is called before anything is sent, and may forbid it by an error.

        `admit` is called in the calling thread with the size of a body before it is read (after
        it where the answer did not tell), and with that of both before it is unpacked; it may wait
        until there is room.
        """
        self._settings = settings
        self._admit = admit
        self._before = before
        self._pool = _pool(settings, pool_size)
        self._timeout = urllib3.Timeout(
            connect=min(CONNECT_TIMEOUT, settings.timeout), read=settings.timeout
        )
        self._lock = threading.Lock()
        self._received = 0
        self._met = False  # whether anybody has ever answered; set, never unset

    @property
    def bytes_received(self) -> int:
        """Bytes of bodies, as they came over the wire."""
        with self._lock:
            return self._received

    def send(
        self, call: Call, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """One attempt. Raises `TransientError`, or `CallError` where another would not help.

        `NobodyThereError` only until somebody has answered.
        """
        self._before()
        try:
            response = self._pool.urlopen(
                call.method,
                url,
                body=body,
                headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", **headers},
                timeout=self._timeout,
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            self._met = True
            try:
                return Answer(response.status, response.headers, self._read(call, response))
            finally:  # both: a connection that is closed only would be missing in the pool
                response.close()
                response.release_conn()
        except (urllib3.exceptions.HTTPError, OSError, zlib.error) as error:
            source = self._settings.source("ca_file")
            raise from_exception(call, error, source, met=self._met) from error

    def _read(self, call: Call, response: urllib3.BaseHTTPResponse) -> bytes:
        whole = response.status == HTTPStatus.OK
        announced: int = getattr(response, "length_remaining", None) or 0
        if whole and announced > LARGEST_BODY:
            raise _too_large(call)
        room = announced if whole else min(announced, LARGEST_ERROR)
        self._admit(room)
        wire = _read_wire(call, response) if whole else response.read(LARGEST_ERROR)
        if len(wire) > room:
            self._admit(len(wire))
        with self._lock:
            self._received += len(wire)
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding in ("", "identity"):
            return wire
        if encoding not in ("gzip", "x-gzip"):
            raise CallError(f"{call} was answered in the encoding {call.quote(encoding)!r}.")
        if not whole:
            return _gunzip_start(wire)
        self._admit(len(wire) + _unpacked_size(wire))
        return _gunzip(call, wire)

    def close(self) -> None:
        self._pool.clear()


def _read_wire(call: Call, response: urllib3.BaseHTTPResponse) -> bytes:
    """The whole body. A cut one raises; where its length is known, it is one read."""
    if getattr(response, "length_remaining", None) is not None:
        return response.read()
    wire = response.read(LARGEST_BODY + 1)
    if len(wire) > LARGEST_BODY:
        raise _too_large(call)
    return wire


def _told_size(wire: bytes) -> int:
    """What a gzip stream says at its end of its size, modulo 2**32 (RFC 1952). It may be a lie."""
    return int.from_bytes(wire[-4:], "little")


def _unpacked_size(wire: bytes) -> int:
    """Bytes that `_gunzip` will hold at most, beside the stream itself."""
    told = _told_size(wire)
    return told if len(wire) <= told <= LARGEST_BODY else len(wire)


def _gunzip(call: Call, wire: bytes) -> bytes:
    """Raises `zlib.error` where the stream is damaged, cut, or has something behind its end.

    No more is unpacked than the stream says it holds: a bomb does not go off.
    """
    told = _told_size(wire)
    if told <= LARGEST_BODY:
        decoder = zlib.decompressobj(_GZIP)
        body = decoder.decompress(wire, told + 1)
        if decoder.eof and not decoder.unused_data:
            return body
    _check_unpacked_size(call, wire)
    raise zlib.error("the gzip stream breaks off or goes on behind its end")


def _check_unpacked_size(call: Call, wire: bytes) -> None:
    """Unpacks a little at a time and keeps nothing."""
    decoder, size = zlib.decompressobj(_GZIP), 0
    for start in range(0, len(wire), _STEP):
        packed = wire[start : start + _STEP]
        while packed and not decoder.eof:
            size += len(decoder.decompress(packed, _STEP))
            packed = decoder.unconsumed_tail
            if size > LARGEST_BODY:
                raise _too_large(call)


def _gunzip_start(wire: bytes) -> bytes:
    return zlib.decompressobj(_GZIP).decompress(wire, LARGEST_ERROR)


def _too_large(call: Call) -> CallError:
    return CallError(
        f"{call} was answered by more than {LARGEST_BODY // 2**20} MiB, which is not taken in.",
        hint="Lower --page-size. If that does not help, look at what Looker answers there.",
    )


def _pool(settings: Settings, size: int) -> urllib3.PoolManager:
    options: dict[str, Any] = {"num_pools": 1, "maxsize": size, "block": True}
    if settings.base_url.startswith("https:"):
        options["ssl_context"] = _ssl_context(settings)
    pool = _manager(settings, options)
    if not settings.verify_ssl:
        pool.pool_classes_by_scheme = {**pool.pool_classes_by_scheme, "https": _UnverifiedPool}
    return pool


def _manager(settings: Settings, options: dict[str, Any]) -> urllib3.PoolManager:
    if settings.proxy is None:
        return urllib3.PoolManager(**options)
    return through_proxy(settings.proxy.reveal(), options)


def through_proxy(proxy: str, options: dict[str, Any]) -> urllib3.ProxyManager:
    parts = urlsplit(proxy)
    login, _, host = parts.netloc.rpartition("@")
    return urllib3.ProxyManager(
        urlunsplit((parts.scheme, host, "", "", "")),
        proxy_headers={"Proxy-Authorization": _basic(login)} if login else None,
        **options,
    )


def _basic(login: str) -> str:
    """RFC 7617, with the bytes that a URL holds: in UTF-8, which is what curl sends, too."""
    return f"Basic {b64encode(unquote_to_bytes(login)).decode()}"


def _ssl_context(settings: Settings) -> ssl.SSLContext:
    if settings.verify_ssl:
        return trusting(settings.ca_file, settings.source("ca_file"))
    context = urllib3.util.create_urllib3_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def trusting(authorities: Path | None, source: str) -> ssl.SSLContext:
    """Trusts these certificates, without them the program's own.

    Raises `UsageError` where they cannot be read.
    """
    context = urllib3.util.create_urllib3_context()
    try:
        if authorities is None:
            context.load_verify_locations(certifi.where())
        elif authorities.is_dir():
            context.load_verify_locations(capath=authorities)
        else:
            context.load_verify_locations(authorities)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"The certificates in {authorities} ({source}) cannot be read:"
            f" {error.strerror or error}.",
            hint="Give a file of certificates in PEM form.",
        ) from None
    return context
