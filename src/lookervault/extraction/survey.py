"""What could be extracted, without extracting it: one cheap call for most types."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from typing import Any

from lookervault.config.models import ParallelConfig
from lookervault.content.model import ContentType
from lookervault.errors import CallError, RefusedError, TransientError
from lookervault.extraction.rate_limiter import RateLimiter
from lookervault.extraction.retry import Calls, Client, Tally
from lookervault.extraction.stop import Stop
from lookervault.extraction.visibility import caller, version

_PATIENCE = ParallelConfig(workers=1, max_tries=3, max_retry_seconds=60)
_UNREACHABLE = 3
"""Types in a row for which nobody answered, after which no other is asked for."""
_OK = "ok"


def survey(client: Client, types: Iterable[ContentType]) -> dict[str, Any]:
    """Raises `LookerVaultError` where the login is refused or nobody answers."""
    calls = _calls(client)
    session = calls.for_type("session")
    looker = version(session)
    who = caller(session)
    statuses: dict[str, str] = {}
    answers = []
    for one in _those_others_need_first(types):
        statuses[one.name] = _status(calls, one, statuses)
        answers.append(
            {"type": one.name, "status": statuses[one.name], "permission": one.permission}
        )
    return {
        "instance": looker.web_url,
        "looker_version": looker.release,
        "user": who.name,
        "roles": [role.name for role in who.roles or ()],
        "sees_all": who.sees_all,
        "calls": calls.tally.calls.total(),
        "types": answers,
        "complete": who.sees_all and set(statuses.values()) <= {_OK},
    }


def _calls(client: Client) -> Calls:
    stop, chance = Stop(), random.Random()
    limiter = RateLimiter(None, clock=time.monotonic, wait=stop.wait, jitter=chance)
    return Calls(client, limiter, _PATIENCE, stop=stop, tally=Tally(), jitter=chance)


def _those_others_need_first(types: Iterable[ContentType]) -> list[ContentType]:
    waiting = list(types)
    ordered: list[ContentType] = []
    while waiting:
        names = {one.name for one in waiting}
        ready = [one for one in waiting if not names & set(one.after)]
        ordered += ready
        waiting = [one for one in waiting if one not in ready]
    return ordered


def _status(calls: Calls, one: ContentType, known: dict[str, str]) -> str:
    """`ok`, the reason why its listing was refused, or which refused types it is found in."""
    if lost := [name for name in one.after if known.get(name, _OK) != _OK]:
        return f"needs {', '.join(lost)}"
    if one.after:
        return _OK  # nothing to list: it is found in those
    try:
        _ask(calls, one)
    except TransientError as error:
        latest = list(known.values())[1 - _UNREACHABLE :]
        if len(latest) == _UNREACHABLE - 1 and set(latest) == {error.reason}:
            raise
        return error.reason
    except RefusedError:
        return _OK  # the question was not understood, and the user may ask
    except CallError as error:
        return error.reason
    return _OK


def _ask(calls: Calls, one: ContentType) -> None:
    """Each call that needs nothing to be known: mostly one, the settings' are several."""
    for operation in one.source.operations:
        if "{" not in operation.path:
            params = {"limit": "1", "fields": one.key or "id"}
            calls.for_type(one.name).get(operation, params=params)
