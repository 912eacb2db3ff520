"""Whether the API user can see everything: without that, no listing proves completeness."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import msgspec

from lookervault.content import operations as op
from lookervault.content.operations import Operation
from lookervault.errors import BadAnswerError, ForbiddenError, NotFoundError
from lookervault.storage.runs import Role


class Reader(Protocol):
    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes: ...


class Caller(NamedTuple):
    """Who calls. `roles` is None where the user may not even see its own."""

    user_id: str
    name: str
    roles: list[Role] | None

    @property
    def sees_all(self) -> bool:
        """One role must have both: a permission holds for the models of its own role."""
        return any(role.all_permissions and role.all_models for role in self.roles or ())


def caller(read: Reader) -> Caller:
    """Two calls: the user, and the roles it has directly or through groups."""
    me = decoded(read.get(op.ME), op.ME, dict[str, Any])
    user_id = str(me.get("id"))
    shown = me.get("display_name") or me.get("email") or user_id
    return Caller(user_id, str(shown), _roles(read, user_id))


def _roles(read: Reader, user_id: str) -> list[Role] | None:
    try:
        body = read.get(op.USER_ROLES, user_id)
    except (ForbiddenError, NotFoundError):
        return None
    return [_role(one) for one in decoded(body, op.USER_ROLES, list[dict[str, Any]])]


def _role(row: dict[str, Any]) -> Role:
    permissions, models = row.get("permission_set") or {}, row.get("model_set") or {}
    return Role(
        name=str(row.get("name")),
        permissions=sorted(map(str, permissions.get("permissions") or ())),
        models=sorted(map(str, models.get("models") or ())),
        all_permissions=permissions.get("all_access") is True,
        all_models=models.get("all_access") is True,
    )


class Version(NamedTuple):
    """What Looker says of itself; empty where it does not."""

    release: str
    web_url: str


def version(read: Reader) -> Version:
    """One call. An API user may be refused it, and can read all content nevertheless."""
    try:
        body = read.get(op.VERSIONS)
    except (ForbiddenError, NotFoundError):
        return Version("", "")
    answer = decoded(body, op.VERSIONS, dict[str, Any])
    release, url = answer.get("looker_release_version"), answer.get("web_server_url")
    return Version(str(release or ""), str(url or "").rstrip("/"))


def decoded[T](body: bytes, operation: Operation, kind: type[T]) -> T:
    """Raises `BadAnswerError` where the body is no JSON of that kind."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadAnswerError(f"{operation.id} did not answer as described ({error})") from error
