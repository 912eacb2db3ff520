"""Whether the API user can see everything: without that, no listing proves completeness."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import msgspec

from lookervault.content import operations as op
from lookervault.content.operations import Operation
from lookervault.errors import BadAnswerError, ForbiddenError, NotFoundError


class Reader(Protocol):
    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes: ...


class Caller(NamedTuple):
    """Who calls, and what it was told of the Looker it calls."""

    user_id: str
    name: str
    sees_all: bool
    roles: tuple[str, ...]


def caller(read: Reader) -> Caller:
    """Two calls: the user, and the roles it has directly or through groups.

    Who may not even see its own roles does not see everything.
    """
    me = decoded(read.get(op.ME), op.ME, dict[str, Any])
    user_id = str(me.get("id"))
    roles = _roles(read, user_id)
    names = tuple(str(role.get("name")) for role in roles)
    shown = me.get("display_name") or me.get("email") or user_id
    return Caller(user_id, str(shown), any(_all_access(role) for role in roles), names)


def _roles(read: Reader, user_id: str) -> list[dict[str, Any]]:
    try:
        body = read.get(op.USER_ROLES, user_id)
    except (ForbiddenError, NotFoundError):
        return []
    return decoded(body, op.USER_ROLES, list[dict[str, Any]])


def _all_access(role: dict[str, Any]) -> bool:
    sets = (role.get("permission_set") or {}, role.get("model_set") or {})
    return all(one.get("all_access") is True for one in sets)


class Version(NamedTuple):
    release: str
    web_url: str


def version(read: Reader) -> Version:
    """One call."""
    answer = decoded(read.get(op.VERSIONS), op.VERSIONS, dict[str, Any])
    release, url = answer.get("looker_release_version"), answer.get("web_server_url")
    return Version(str(release or "unknown"), str(url or "").rstrip("/"))


def decoded[T](body: bytes, operation: Operation, kind: type[T]) -> T:
    """Raises `BadAnswerError` where the body is no JSON of that kind."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadAnswerError(f"{operation.id} did not answer as described ({error})") from error
