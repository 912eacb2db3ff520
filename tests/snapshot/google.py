"""A stand-in for Google Cloud Storage, which nobody but Google runs.

It speaks as much of the XML API as obstore does: PUT with `x-goog-if-generation-match`, GET with
`Range`, HEAD, DELETE, lists in pages (https://cloud.google.com/storage/docs/xml-api/reference-methods).
It lets nobody in without a token: one that a service account's key signed, which it checks with
the public key, or one that it gave out itself as a machine's metadata server does.

What a test against it proves: that obstore's Google code is called, sends what is documented (the
condition above all), and that its answers and refusals arrive as they should. What it does not:
that Google answers like this. Nothing here was ever run against Google.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cache
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.snapshot.relay import Relay, replied
from tests.unit.looker.stand_in import Reply, Request, reply, serving_as

BUCKET = "snapshots"
ACCOUNT = "backup@project.iam.example"
PAGE = 1_000
_SCOPES = "https://www.googleapis.com/auth/"
_ROLES_TOKEN = "tokenOfTheMachinesRole"


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


@cache
def _key() -> rsa.RSAPrivateKey:
    return new_key()


def service_account(key: rsa.RSAPrivateKey | None = None) -> str:
    """The file that Google hands out for an account, as text."""
    pem = (key or _key()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return json.dumps(
        {
            "type": "service_account",
            "client_email": ACCOUNT,
            "private_key_id": "1",
            "private_key": pem.decode(),
        }
    )


@dataclass
class Google(Relay):
    """It has the one bucket. `spoils` are as a relay's.

    Without `deletes`, who comes lacks `storage.objects.delete`. Google's documentation does not say
    whether that, or the condition, is what a PUT of an object that is there then fails at: it is
    that right here, as it is without a condition.
    """

    objects: dict[str, bytes] = field(default_factory=dict)
    deletes: bool = True

    @property
    def endpoint(self) -> dict[str, str]:
        return {"GOOGLE_BASE_URL": f"http://127.0.0.1:{self.port}"}

    @property
    def env(self) -> dict[str, str]:
        return {**self.endpoint, "GOOGLE_SERVICE_ACCOUNT_KEY": service_account()}

    def _ask(self, request: Request) -> Reply:
        url = urlsplit(request.target)
        if url.path.startswith("/computeMetadata/"):
            return _as_metadata_server(request)
        if not _is_let_in(request.headers.get("authorization", "")):
            return _error(401, "AuthenticationRequired", "Authentication required.")
        _, bucket, name = (url.path + "/").split("/", 2)
        if unquote(bucket) != BUCKET:
            return _error(404, "NoSuchBucket", "The specified bucket does not exist.")
        with self.lock:
            if not name:
                return self._list({key: value[0] for key, value in parse_qs(url.query).items()})
            return self._object(request, unquote(name.removesuffix("/")))

    def _object(self, request: Request, name: str) -> Reply:
        if request.method == "PUT":
            return self._put(request, name)
        if name not in self.objects:
            return _error(404, "NoSuchKey", "The specified key does not exist.")
        if request.method == "DELETE":
            if not self.deletes:
                return _FORBIDDEN
            del self.objects[name]
            return reply(204)
        return _sent(self.objects[name], request.headers.get("range", ""))

    def _put(self, request: Request, name: str) -> Reply:
        condition = request.headers.get("x-goog-if-generation-match")
        if condition == "0" and name in self.objects:
            if not self.deletes:
                return _FORBIDDEN
            return _error(412, "PreconditionFailed", "At least one precondition did not hold.")
        self.objects[name] = request.body
        return replied(200, b"", _headers(request.body))

    def _list(self, query: dict[str, str]) -> Reply:
        after = query.get("continuation-token", "")
        wanted = sorted(
            name
            for name in self.objects
            if name.startswith(query.get("prefix", "")) and name > after
        )
        page, left = wanted[:PAGE], wanted[PAGE:]
        rows = "".join(
            f"<Contents><Key>{escape(name)}</Key><Size>{len(self.objects[name])}</Size>"
            "<LastModified>2026-11-28T18:00:08.000Z</LastModified>"
            f"<ETag>{_etag(self.objects[name])}</ETag></Contents>"
            for name in page
        )
        more = f"<NextContinuationToken>{page[-1]}</NextContinuationToken>" if left else ""
        body = (
            "<?xml version='1.0' encoding='UTF-8'?><ListBucketResult"
            f" xmlns='http://doc.s3.amazonaws.com/2006-03-01'><Name>{BUCKET}</Name>{rows}"
            f"<IsTruncated>{str(bool(left)).lower()}</IsTruncated>{more}</ListBucketResult>"
        )
        return reply(200, body.encode(), Content_Type="application/xml")


def _is_let_in(authorization: str) -> bool:
    token = authorization.removeprefix("Bearer ")
    return token == _ROLES_TOKEN or (token.count(".") == 2 and _is_signed(token))


def _is_signed(token: str) -> bool:
    """By the account itself, for storage: https://google.aip.dev/auth/4111."""
    signed, _, signature = token.rpartition(".")
    public = _key().public_key()
    try:
        public.verify(_decoded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    claims: dict[str, str] = json.loads(_decoded(signed.partition(".")[2]))
    return claims["iss"] == ACCOUNT and claims["scope"].startswith(_SCOPES)


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _as_metadata_server(request: Request) -> Reply:
    if request.headers.get("metadata-flavor") != "Google":
        return reply(403)
    told = {"access_token": _ROLES_TOKEN, "expires_in": 3_600, "token_type": "Bearer"}
    return reply(200, json.dumps(told).encode(), Content_Type="application/json")


def _sent(data: bytes, wanted: str) -> Reply:
    if not (match := re.fullmatch(r"bytes=(\d+)-(\d*)", wanted)):
        return replied(200, data, _headers(data))
    start, end = int(match[1]), min(int(match[2] or len(data)) + 1, len(data))
    if start >= len(data):
        return _error(416, "InvalidRange", "The requested range cannot be satisfied.")
    place = {"Content-Range": f"bytes {start}-{end - 1}/{len(data)}"}
    return replied(206, data[start:end], _headers(data) | place)


def _headers(data: bytes) -> dict[str, str]:
    return {
        "ETag": _etag(data),
        "Last-Modified": formatdate(1_795_888_808, usegmt=True),
        "x-goog-generation": "1795888808000000",
    }


def _etag(data: bytes) -> str:
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


def _error(status: int, code: str, message: str, details: str = "") -> Reply:
    body = (
        f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code>"
        f"<Message>{message}</Message><Details>{details}</Details></Error>"
    )
    return reply(status, body.encode(), Content_Type="application/xml")


_FORBIDDEN = _error(
    403,
    "AccessDenied",
    "Access denied.",
    f"{ACCOUNT} does not have storage.objects.delete access to the Google Cloud Storage object.",
)


@contextmanager
def serving() -> Iterator[Google]:
    with serving_as(Google) as google:
        yield google
