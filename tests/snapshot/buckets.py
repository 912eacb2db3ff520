"""Buckets of SeaweedFS with versions, locks and policies, made as S3's own tools make them."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlsplit

from bench import seaweed

_VERSIONED = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
_LOCKED = (
    "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>"
    "<DefaultRetention><Mode>COMPLIANCE</Mode><Days>30</Days></DefaultRetention></Rule>"
    "</ObjectLockConfiguration>"
)
_VERSION = re.compile(
    r"<(Version|DeleteMarker)><Key>([^<]+)</Key><VersionId>([^<]+)</VersionId>"
    r"<IsLatest>(true|false)"
)


class Version(NamedTuple):
    name: str
    id: str
    is_marker: bool
    is_newest: bool


class Bucket:
    """Of a server at a port of this machine."""

    def __init__(self, port: int, name: str, headers: Mapping[str, str] | None = None) -> None:
        self.name = name
        self._port = port
        self.ask("PUT", headers=headers)

    def ask(
        self, method: str, path: str = "", body: str = "", headers: Mapping[str, str] | None = None
    ) -> str:
        status, answer = self.asked(method, path, body, headers)
        assert status < 300, answer
        return answer

    def asked(
        self, method: str, path: str = "", body: str = "", headers: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        target, sent = f"/{self.name}{path}", body.encode()
        signed = _signed(self._port, method, target, sent, headers or {})
        try:
            connection.request(method, target, sent, signed)
            with connection.getresponse() as answer:
                return answer.status, answer.read().decode()
        finally:
            connection.close()

    def allow_guests(self, policy: Mapping[str, Any]) -> None:
        """What a policy for the bucket `company-looker` says, for this one."""
        guests = {"Principal": {"AWS": ["arn:aws:iam::000000000000:user/guest"]}}
        statements = [one | guests for one in policy["Statement"]]
        text = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.ask("PUT", "?policy=", text.replace("company-looker", self.name))

    def versions(self, prefix: str = "") -> list[Version]:
        """Also of what was deleted: then the newest one says so."""
        answer = self.ask("GET", f"?max-keys=10000&prefix={quote(prefix, safe='')}&versions=")
        return [
            Version(name, id, kind == "DeleteMarker", newest == "true")
            for kind, name, id, newest in _VERSION.findall(answer)
        ]

    def delete_version(self, one: Version) -> int:
        """What S3 says to it."""
        status, _ = self.asked("DELETE", f"/{one.name}?versionId={one.id}")
        return status


def versioned(port: int, name: str) -> Bucket:
    bucket = Bucket(port, name)
    bucket.ask("PUT", "?versioning=", _VERSIONED)
    return bucket


def locked(port: int, name: str) -> Bucket:
    """With Object Lock: for thirty days nobody may delete a version of anything."""
    bucket = Bucket(port, name, {"x-amz-bucket-object-lock-enabled": "true"})
    bucket.ask("PUT", "?object-lock=", _LOCKED)
    return bucket


type Make = Callable[[int, str], Bucket]


def _signed(
    port: int, method: str, target: str, body: bytes, headers: Mapping[str, str]
) -> dict[str, str]:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html"""
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    content = hashlib.sha256(body).hexdigest()
    all_headers = {
        "host": f"127.0.0.1:{port}",
        "x-amz-content-sha256": content,
        "x-amz-date": moment,
        **headers,
    }
    names = ";".join(sorted(all_headers))
    url = urlsplit(target)
    query = "&".join(
        f"{name}={quote(value, safe='')}"
        for name, value in sorted(parse_qsl(url.query, keep_blank_values=True))
    )
    lines = [f"{name}:{all_headers[name]}" for name in sorted(all_headers)]
    request = "\n".join([method, url.path, query, *lines, "", names, content])
    scope = f"{moment[:8]}/us-east-1/s3/aws4_request"
    key = b"AWS4" + seaweed.secret_of("everything").encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    told = "\n".join(
        ["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(request.encode()).hexdigest()]
    )
    signature = hmac.digest(key, told.encode(), "sha256").hex()
    login = f"AWS4-HMAC-SHA256 Credential=everything/{scope}"
    return all_headers | {"authorization": f"{login}, SignedHeaders={names}, Signature={signature}"}
