"""What could be extracted, without extracting it: one cheap call for most types.

A type that is found in others is asked for by an id that those brought, as a run would.
"""

from __future__ import annotations

import random
import time
from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from typing import Any, NamedTuple

from lookervault.config.models import ParallelConfig
from lookervault.content.model import ContentType, Entry, Listed, Reader, Scope, View
from lookervault.content.sources import Each
from lookervault.errors import CallError, RefusedError, TransientError
from lookervault.extraction.identity import identity
from lookervault.extraction.rate_limiter import RateLimiter
from lookervault.extraction.retry import Calls, Client, Tally
from lookervault.extraction.sample import Sample
from lookervault.extraction.stop import Stop
from lookervault.extraction.visibility import caller, decoded, version

_PATIENCE = ParallelConfig(workers=1, max_tries=3, max_retry_seconds=60)
_UNREACHABLE = 3
"""Types in a row for which nobody answered, after which no other is asked for."""
OK = "ok"
NOT_CHECKED = "not checked"
"""No id was at hand by which to ask."""


class _Asked(NamedTuple):
    """How a type is listed here: `fields` are what types that are found in it are found by."""

    fields: str
    parts: tuple[Mapping[str, str], ...] = ({},)
    rows: int = 100


TILES = "id,dashboard_elements(query_id,merge_result_id,result_maker(query_id,merge_result_id))"
"""Of dashboards: what queries and merged queries are found by."""
_WITH_TRASH = ({"deleted": "false"}, {"deleted": "true"})
HALVES = tuple({"all_owners": "true", "disabled": value} for value in ("false", "true"))
_ASKED = {
    "dashboards": _Asked(TILES, _WITH_TRASH),
    "looks": _Asked("id,query_id", _WITH_TRASH),
    "folders": _Asked("id,parent_id,content_metadata_id"),
    "boards": _Asked("id,content_metadata_id"),
    "alerts": _Asked("id,query_id", HALVES),
    "scheduled_plans": _Asked("id,query_id", ({"all_users": "true"},)),
}
"""Of all others, one row is asked for."""
_NOT_KEPT_AS_LISTED = ("looks",)
"""Types whose search shows less than is kept, so that a run asks for each in another way."""


def survey(client: Client, types: Iterable[ContentType], base_url: str) -> dict[str, Any]:
    """Raises `LookerVaultError` where the login is refused or nobody answers."""
    calls = calls_of(client)
    session = calls.for_type("session")
    looker = version(session)
    here = identity(looker, base_url, None, ())
    who = caller(session)
    statuses: dict[str, str] = {}
    answers = []
    ordered = those_others_need_first(types)
    sample = Sample(ordered)
    for one in ordered:
        statuses[one.name] = _status(calls, one, sample, statuses)
        answers.append(
            {"type": one.name, "status": statuses[one.name], "permission": one.permission}
        )
    return {
        "instance": here.instance,
        "looker_version": looker.release,
        "user": who.name,
        "roles": [role.name for role in who.roles or ()],
        "sees_all": who.sees_all,
        "notes": [note for note in (here.note, who.unclear) if note],
        "calls": calls.tally.calls.total(),
        "types": answers,
        "complete": _complete(statuses.values(), sees_all=who.sees_all),
    }


def calls_of(client: Client) -> Calls:
    stop, chance = Stop(), random.Random()
    limiter = RateLimiter(None, clock=time.monotonic, wait=stop.wait, jitter=chance)
    return Calls(client, limiter, _PATIENCE, stop=stop, tally=Tally(), jitter=chance)


def those_others_need_first(types: Iterable[ContentType]) -> list[ContentType]:
    waiting = list(types)
    ordered: list[ContentType] = []
    while waiting:
        names = {one.name for one in waiting}
        ready = [one for one in waiting if not names & set(one.after)]
        ordered += ready
        waiting = [one for one in waiting if one not in ready]
    return ordered


def _status(calls: Calls, one: ContentType, sample: Sample, known: Mapping[str, str]) -> str:
    """`ok`, `not checked`, why it was refused, or which refused types it is found in."""
    if lost := [name for name in one.after if known.get(name, OK) not in (OK, NOT_CHECKED)]:
        return f"needs {', '.join(lost)}"
    read = calls.for_type(one.name)
    try:
        if one.after or isinstance(one.source, Each):
            return OK if _ask_by_id(read, one, sample) else NOT_CHECKED
        _list(read, one, sample)
        if one.name in _NOT_KEPT_AS_LISTED:
            _ask_for_first(read, one, sample)
    except TransientError as error:
        latest = list(known.values())[1 - _UNREACHABLE :]
        if len(latest) == _UNREACHABLE - 1 and set(latest) == {error.reason}:
            raise
        return error.reason
    except CallError as error:
        return error.reason
    return OK


def _list(read: Reader, one: ContentType, sample: Sample) -> None:
    """One call, or one for each part of the listing: a few rows of a few columns."""
    operation = one.source.operations[0]
    asked = _ASKED.get(one.name, _Asked(one.key or "id", rows=1))
    whole = True
    for part in asked.parts:
        params = {**part, "fields": asked.fields, "limit": str(asked.rows)}
        try:
            body = read.get(operation, params=params)
        except RefusedError:  # it may be the columns that were not understood
            body = read.get(operation, params={**part, "limit": "1"})
            whole = False
        rows = decoded(body, operation, list[dict[str, Any]])
        sample.add(one.name, {str(row.get(one.key or "id")): row for row in rows})
        whole = whole and len(rows) != asked.rows  # more: the listing knows no limit
    if whole:
        sample.whole.add(one.name)


def _ask_for_first(read: Reader, one: ContentType, sample: Sample) -> None:
    for first, _ in islice(sample.objects(one.name), 1):
        one.source.fetch_one(read, Entry(first))


def _ask_by_id(read: Reader, one: ContentType, sample: Sample) -> bool:
    """A call for each operation, with ids that are at hand. False where none is, but may be."""
    census = one.source.census(View(read, sample, Scope()))
    entries = [entry for part in census if isinstance(part, Listed) for entry in part.entries]
    asked = entries[: len(one.source.operations)]
    for entry in asked:
        body = one.source.fetch_one(read, entry).body
        sample.add(one.name, {entry.id: _object(one, body)})
    whole = sample.whole >= set(one.after)
    if whole and asked == entries:
        sample.whole.add(one.name)
    return whole or bool(entries)


def _object(one: ContentType, body: bytes) -> object:
    operation = one.source.operations[-1]
    if one.schema.endswith("[]"):
        return decoded(body, operation, list[dict[str, Any]])
    return decoded(body, operation, object)


def _complete(statuses: Collection[str], *, sees_all: bool) -> bool | None:
    """None: nothing stands in the way of what was checked, but not all could be."""
    if not sees_all or not set(statuses) <= {OK, NOT_CHECKED}:
        return False
    return None if NOT_CHECKED in statuses else True
