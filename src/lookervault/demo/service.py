"""The ASGI application: login, limits and faults in front of the operations."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import parse_qsl, unquote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from lookervault.demo.answers import (
    Answer,
    Refusal,
    forbidden,
    not_found,
    refusal,
    too_many,
    unauthorized,
)
from lookervault.demo.behaviour import RANDOM_FAULTS, Behaviour, Fault
from lookervault.demo.catalogue import OPERATIONS
from lookervault.demo.draw import draw
from lookervault.demo.faults import INSTEAD, ON_THE_WIRE, OnTheWire, spoil
from lookervault.demo.kind import encode
from lookervault.demo.limiter import Limiter
from lookervault.demo.operations import Call, Handler
from lookervault.demo.params import Params
from lookervault.demo.request_log import RequestLog, Served
from lookervault.demo.sessions import Sessions
from lookervault.demo.store import Store

ROOT = "/api/4.0"
_WORTH_COMPRESSING = 1000  # bytes


class Service:
    """Everything here runs in the event loop's thread; what it shares has locks of its own."""

    def __init__(
        self, store: Store, behaviour: Behaviour, sessions: Sessions, clock: Callable[[], float]
    ) -> None:
        self.store = store
        self.behaviour = behaviour
        self.sessions = sessions
        self.log = RequestLog()
        self.stopping = asyncio.Event()
        self._limiter = Limiter(clock)
        self._requests = 0

    def application(self) -> ASGIApp:
        ordered = sorted(OPERATIONS, key=lambda operation: operation.path.count("{"))
        routes = [Route(ROOT + each.path, self._get(each.id, each.handler)) for each in ordered]
        routes.append(Route(f"{ROOT}/login", self._login, methods=["POST"]))
        routes.append(Route(f"{ROOT}/logout", self._logout, methods=["DELETE"]))
        return _undecoded(Starlette(routes=routes, exception_handlers={HTTPException: _no_route}))

    def _get(self, operation_id: str, handler: Handler) -> Callable[[Request], object]:
        async def endpoint(request: Request) -> Response:
            fault = self._fault(operation_id)
            return await self._respond(
                request, operation_id, fault, lambda: self._answer(operation_id, handler, request)
            )

        return endpoint

    async def _login(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        fault = self.behaviour.aimed_fault("login")
        return await self._respond(request, "login", fault, lambda: self._new_token(form))

    def _new_token(self, form: dict[str, str]) -> Answer:
        lifetime_s = self.behaviour.token_lifetime_s
        client_id, client_secret = form.get("client_id", ""), form.get("client_secret", "")
        token = self.sessions.login(client_id, client_secret, lifetime_s=lifetime_s)
        if token is None:
            return not_found().answer
        row = {"access_token": token, "token_type": "Bearer", "expires_in": int(lifetime_s)}
        return Answer(encode(row | {"refresh_token": None}))

    async def _logout(self, request: Request) -> Response:
        known = self.sessions.logout(_token(request))
        answer = Answer(b"", 204) if known else unauthorized().answer
        return await self._respond(request, "logout", None, lambda: answer)

    # From a request to its response

    async def _respond(
        self, request: Request, operation_id: str, fault: Fault | None, real: Callable[[], Answer]
    ) -> Response:
        await self._wait(self.behaviour.latency_ms / 1000)
        if fault is Fault.EXPIRED_TOKEN:
            self.sessions.logout(_token(request))
        answer = INSTEAD.get(fault) if fault else None
        answer = answer or real()
        self._note(request, operation_id, 0 if fault is Fault.RESET else answer.status)
        response = self._response(request, answer, fault)
        if fault in ON_THE_WIRE:
            return OnTheWire(fault, response, self.behaviour.stall_s, self.stopping)
        return response

    async def _wait(self, seconds: float) -> None:
        """Less when the server stops."""
        if seconds:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), seconds)

    def _note(self, request: Request, operation_id: str, status: int) -> None:
        path = request.url.path.removeprefix(ROOT)
        self.log.add(Served(operation_id, path, dict(request.query_params), status))

    def _response(self, request: Request, answer: Answer, fault: Fault | None) -> Response:
        body, headers = answer.body, dict(answer.headers)
        if fault and answer.status == 200:
            body = spoil(fault, body)
        accepted = "gzip" in request.headers.get("accept-encoding", "")
        if self.behaviour.gzip and accepted and len(body) > _WORTH_COMPRESSING:
            body = gzip.compress(body, 1, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return Response(body, answer.status, headers, answer.content_type)

    def _fault(self, operation_id: str) -> Fault | None:
        self._requests += 1
        aimed = self.behaviour.aimed_fault(operation_id)
        if aimed or not self.behaviour.fault_rate:
            return aimed
        about = draw(self.behaviour.fault_seed, "fault", self._requests)
        return about.pick(RANDOM_FAULTS) if about.chance(self.behaviour.fault_rate) else None

    def _answer(self, operation_id: str, handler: Handler, request: Request) -> Answer:
        try:
            self._check(operation_id, request)
            params = Params(request.query_params.multi_items())
            arguments = tuple(unquote(value) for value in request.path_params.values())
            with self.store.lock:
                return handler(Call(self.store, self.behaviour, params, arguments))
        except Refusal as refused:
            return refused.answer

    def _check(self, operation_id: str, request: Request) -> None:
        rps = self.behaviour.rps
        if rps is not None and not self._limiter.admits(rps):
            wait = self._limiter.seconds_to_wait(rps) if self._limiter.says_when() else None
            raise too_many(retry_after=wait)
        if not self.sessions.knows(_token(request)):
            raise unauthorized()
        refused = self.behaviour.forbidden.get(operation_id)
        if refused is not None:
            raise forbidden() if refused == 403 else not_found()


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() in ("token", "bearer") else ""


def _no_route(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    answer = refusal(status, "Not found").answer
    return Response(answer.body, answer.status, media_type=answer.content_type)


def _undecoded(application: ASGIApp) -> ASGIApp:
    """Routes by the path as it was sent: an id may hold a quoted slash."""

    async def routed(scope: Scope, receive: Receive, send: Send) -> None:
        as_sent = {**scope, "path": scope["raw_path"].decode("ascii")}
        await application(as_sent, receive, send)

    return routed
