"""The ASGI application: login, limits and faults in front of the operations."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lookervault.demo.answers import Answer, Refusal, forbidden, not_found, unauthorized
from lookervault.demo.behaviour import Behaviour
from lookervault.demo.catalogue import OPERATIONS, Operation
from lookervault.demo.kind import encode
from lookervault.demo.operations import Call
from lookervault.demo.params import Params
from lookervault.demo.request_log import RequestLog, Served
from lookervault.demo.sessions import Sessions
from lookervault.demo.store import Store

ROOT = "/api/4.0"


class Service:
    def __init__(self, store: Store, behaviour: Behaviour, sessions: Sessions) -> None:
        self.store = store
        self.behaviour = behaviour
        self.sessions = sessions
        self.log = RequestLog()

    def application(self) -> Starlette:
        ordered = sorted(OPERATIONS, key=lambda operation: operation.path.count("{"))
        return Starlette(
            routes=[
                Route(f"{ROOT}/login", self._login, methods=["POST"]),
                Route(f"{ROOT}/logout", self._logout, methods=["DELETE"]),
                *(Route(ROOT + each.path, self._endpoint(each)) for each in ordered),
            ]
        )

    def _endpoint(self, operation: Operation) -> Callable[[Request], object]:
        async def endpoint(request: Request) -> Response:
            if self.behaviour.latency_ms:
                await asyncio.sleep(self.behaviour.latency_ms / 1000)
            answer = self._answer(operation, request)
            path = request.url.path.removeprefix(ROOT)
            self.log.add(Served(operation.id, path, dict(request.query_params), answer.status))
            return self._response(request, answer)

        return endpoint

    def _answer(self, operation: Operation, request: Request) -> Answer:
        try:
            if not self.sessions.knows(_token(request)):
                raise unauthorized()
            refused = self.behaviour.forbidden.get(operation.id)
            if refused is not None:
                raise forbidden() if refused == 403 else not_found()
            params = Params(request.query_params.multi_items())
            arguments = tuple(request.path_params.values())
            with self.store.lock:
                return operation.handler(Call(self.store, self.behaviour, params, arguments))
        except Refusal as refused_by:
            return refused_by.answer

    async def _login(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        given = str(form.get("client_id", "")), str(form.get("client_secret", ""))
        token = self.sessions.login(*given, lifetime_s=self.behaviour.token_lifetime_s)
        answer = (
            not_found().answer
            if token is None
            else Answer(
                encode(
                    {
                        "access_token": token,
                        "token_type": "Bearer",
                        "expires_in": int(self.behaviour.token_lifetime_s),
                        "refresh_token": None,
                    }
                )
            )
        )
        self.log.add(Served("login", "/login", {}, answer.status))
        return self._response(request, answer)

    async def _logout(self, request: Request) -> Response:
        self.sessions.logout(_token(request))
        self.log.add(Served("logout", "/logout", {}, 204))
        return Response(status_code=204)

    def _response(self, request: Request, answer: Answer) -> Response:
        body, headers = answer.body, dict(answer.headers)
        accepted = "gzip" in request.headers.get("accept-encoding", "")
        if self.behaviour.gzip and accepted and len(body) > 1000:
            body = gzip.compress(body, 1, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return Response(body, answer.status, headers, answer.content_type)


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() in ("token", "bearer") else ""
