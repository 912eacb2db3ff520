"""A plain HTTP client for the embedded Looker: no SDK, no retries, nothing hidden."""

from __future__ import annotations

import gzip
import json
from http.client import HTTPConnection, HTTPResponse
from typing import Any, NamedTuple, Self
from urllib.parse import quote, urlencode, urlsplit

from lookervault.demo.server import EmbeddedLooker


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One connection, logged in. `get("/looks/{}", "7", fields="id")` quotes the path's values."""

    def __init__(self, looker: EmbeddedLooker, *, token: str | None = None) -> None:
        self._looker = looker
        self._connection = HTTPConnection(urlsplit(looker.base_url).netloc, timeout=10)
        self.token = self.login() if token is None else token

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def login(self, client_secret: str | None = None) -> str:
        reply = self.post_login(client_secret or self._looker.client_secret)
        assert reply.status == 200, reply.body
        token: str = reply.json()["access_token"]
        return token

    def post_login(self, client_secret: str) -> Reply:
        form = {"client_id": self._looker.client_id, "client_secret": client_secret}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._send("POST", "/login", urlencode(form), headers)

    def get(
        self, path: str, *path_args: str, headers: dict[str, str] | None = None, **query: object
    ) -> Reply:
        filled = path.format(*(quote(value, safe="") for value in path_args))
        pairs = [
            (name, each)
            for name, value in query.items()
            for each in (value if isinstance(value, list) else [value])
        ]
        target = f"{filled}?{urlencode(pairs)}" if pairs else filled
        return self._send(
            "GET", target, None, {"Authorization": f"token {self.token}"} | (headers or {})
        )

    def rows(self, path: str, *path_args: str, **query: Any) -> list[Any]:
        reply = self.get(path, *path_args, **query)
        assert reply.status == 200, reply.body
        rows: list[Any] = reply.json()
        return rows

    def ids(self, path: str, *path_args: str, **query: Any) -> list[str]:
        return [row["id"] for row in self.rows(path, *path_args, fields="id", **query)]

    def delete(self, path: str) -> Reply:
        return self._send("DELETE", path, None, {"Authorization": f"token {self.token}"})

    def _send(self, method: str, target: str, body: str | None, headers: dict[str, str]) -> Reply:
        try:
            self._connection.request(method, f"/api/4.0{target}", body, headers)
            return _read(self._connection.getresponse())
        except Exception:
            self._connection.close()  # the next request opens a new one
            raise


def _read(response: HTTPResponse) -> Reply:
    body = response.read()
    headers = {name.lower(): value for name, value in response.getheaders()}
    if headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    return Reply(response.status, headers, body)
