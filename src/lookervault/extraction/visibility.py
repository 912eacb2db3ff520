"""Whether the API user can see everything: without that, no listing proves completeness."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import msgspec

from lookervault.content import operations as op
from lookervault.content.operations import Operation
from lookervault.decoding import decodable
from lookervault.errors import BadAnswerError, ForbiddenError, NotFoundError
from lookervault.storage.runs import Role


class Reader(Protocol):
    def get(
        self, operation: Operation, *path_args: str, params: Mapping[str, str] | None = None
    ) -> bytes: ...


class Caller(NamedTuple):
    """Who calls. `roles` is None where nobody can tell which it has."""

    user_id: str
    name: str
    roles: list[Role] | None
    unclear: str = ""
    """Why nobody can tell, where it is not that the user may not even see its own."""

    @property
    def sees_all(self) -> bool:
        """One role must have both: a permission holds for the models of its own role."""
        return any(role.all_permissions and role.all_models for role in self.roles or ())


def caller(read: Reader) -> Caller:
    """Two calls: the user, and the roles it has directly or through groups."""
    me = decoded(read.get(op.ME), op.ME, dict[str, Any])
    user_id = str(me.get("id"))
    shown = me.get("display_name") or me.get("email") or user_id
    return _with_roles(Caller(user_id, str(shown), None), read)


def _with_roles(who: Caller, read: Reader) -> Caller:
    """What cannot be understood is no reason to do without a backup, but no proof of rights."""
    try:
        body = read.get(op.USER_ROLES, who.user_id)
    except (ForbiddenError, NotFoundError):
        return who
    try:
        answered = decoded(body, op.USER_ROLES, list[msgspec.Raw])
    except BadAnswerError as error:
        return who._replace(unclear=f"{_UNCLEAR}: {error.message}.")
    return _with_understood(who, answered)


def _with_understood(who: Caller, answered: list[msgspec.Raw]) -> Caller:
    """A role that cannot be understood does no harm beside one that has all access."""
    roles, odd = [], ""
    for place, raw in enumerate(answered, start=1):
        try:
            roles.append(_role(decoded(bytes(raw), op.USER_ROLES, _Answered), place))
        except BadAnswerError as error:
            odd = odd or f"{_UNCLEAR}, role {place} of {len(answered)}: {error.message}."
    known = who._replace(roles=roles)
    return who._replace(unclear=odd) if odd and not known.sees_all else known


_UNCLEAR = "What the API user may do cannot be told from Looker's answer"


class _Permissions(msgspec.Struct):
    permissions: list[str] | None = None
    all_access: bool | None = None


class _Models(msgspec.Struct):
    models: list[str] | None = None
    all_access: bool | None = None


@decodable
class _Answered(msgspec.Struct):
    """A role as far as it matters here. Without its sets nobody knows what it grants."""

    permission_set: _Permissions
    model_set: _Models
    name: str | None = None


def _role(row: _Answered, place: int) -> Role:
    return Role(
        name=row.name or f"no. {place}, without a name",
        permissions=sorted(row.permission_set.permissions or ()),
        models=sorted(row.model_set.models or ()),
        all_permissions=row.permission_set.all_access is True,
        all_models=row.model_set.all_access is True,
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
