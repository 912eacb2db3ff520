"""What the API user may do now, against what it could when a run was complete.

A permission holds for the models of the role that grants it, so what counts is pairs of both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from lookervault.extraction.request import Request
from lookervault.extraction.visibility import Caller
from lookervault.storage.runs import Role, RunRow

PERMISSION_LOWERED = "permission_lowered"
"""The reason of a run whose user sees less than an earlier run did."""
_ALL = "*"
_NONE = ""
"""In place of a model, where a role has none: what it permits beside models still counts."""
_SHOWN = 40
"""Names of a kind that are told."""

type Pair = tuple[str, str]
"""A permission and a model; either may be `_ALL`."""


def doubts_about(request: Request, who: Caller, *earlier: RunRow | None) -> list[str]:
    """Reasons why the listings may not show everything there is."""
    doubts = [] if who.sees_all or request.accept_visibility else _unseen(who)
    gone = "" if request.accept_permissions else lowered(who, earlier)
    return [*doubts, PERMISSION_LOWERED, gone] if gone else doubts


def _unseen(who: Caller) -> list[str]:
    return ["visibility", who.unclear] if who.unclear else ["visibility"]


def lowered(who: Caller, runs: Iterable[RunRow | None]) -> str:
    """What the user of one of these runs could and this one cannot; empty where that is nothing.

    Of runs whose user might not see its own roles nothing is known.
    """
    for row in runs:
        if row is not None and (gone := lost(row.roles, who.roles)):
            return f"{_compared(row, who)}: {gone}."
    return ""


def last_complete(rows: Sequence[RunRow]) -> RunRow | None:
    return next((row for row in reversed(rows) if row.status == "complete"), None)


def lost(then: Sequence[Role] | None, now: Sequence[Role] | None) -> str:
    """The permissions and models that are in none of the roles any more, as a list of words."""
    if then is None:
        return ""
    if now is None:
        return "its own roles, and what they permit"
    pairs = {pair for role in then for pair in _pairs(role) if not _granted(pair, now)}
    return "; ".join(_told(pairs, then, now))


def _pairs(role: Role) -> Iterator[Pair]:
    models = [_ALL] if role.all_models else role.models or [_NONE]
    for permission in (*role.permissions, *([_ALL] if role.all_permissions else [])):
        for model in models:
            yield permission, model


def _granted(pair: Pair, roles: Iterable[Role]) -> bool:
    permission, model = pair
    return any(
        (role.all_permissions or permission in role.permissions)
        and (role.all_models or model in role.models or model == _NONE)
        for role in roles
    )


def _told(pairs: set[Pair], then: Sequence[Role], now: Sequence[Role]) -> Iterator[str]:
    """A pair is told by its permission or its model where that is gone altogether."""
    if any(_sees_all(role) for role in then) and not any(_sees_all(role) for role in now):
        names = ", ".join(role.name for role in then if _sees_all(role))
        yield f"all access (role {names})"
        pairs = pairs - {(_ALL, _ALL)}
    permitted = {permission for role in now for permission in role.permissions}
    permissions = {p for p, _ in pairs if p != _ALL} - permitted
    if permissions and not any(role.all_permissions for role in now):
        yield _named("permissions", permissions)
        pairs = {pair for pair in pairs if pair[0] not in permissions}
    reachable = {model for role in now for model in role.models}
    reachable |= {_ALL} if any(role.all_models for role in now) else set()
    models = {model for _, model in pairs} - reachable - {_NONE}
    if models and _ALL not in reachable:
        yield "all models" if _ALL in models else _named("models", models)
        pairs = {pair for pair in pairs if pair[1] not in models}
    if pairs:
        yield ", ".join(_pair(*pair) for pair in sorted(pairs)[:_SHOWN]) + _more(pairs)


def _sees_all(role: Role) -> bool:
    return role.all_permissions and role.all_models


def _named(kind: str, names: Collection[str]) -> str:
    return f"{kind} {', '.join(sorted(names)[:_SHOWN])}{_more(names)}"


def _pair(permission: str, model: str) -> str:
    what = "all permissions" if permission == _ALL else permission
    if model == _NONE:
        return what
    return f"{what} on {'all models' if model == _ALL else model}"


def _more(names: Collection[object]) -> str:
    return f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""


def _compared(row: RunRow, who: Caller) -> str:
    if row.user_id == who.user_id:
        return f"The API user {who.name} has lost what it had in run {row.run}"
    return f"The API user {who.name} lacks what {row.user} had in run {row.run}"
