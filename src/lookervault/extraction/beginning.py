"""How a run begins: anew, or where an unfinished one stopped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from lookervault.extraction.permissions import lost
from lookervault.extraction.request import Request
from lookervault.storage.repository import Repository
from lookervault.storage.runs import RESUMABLE, RunEnd, RunRow, RunStart


class Beginning(NamedTuple):
    """`earlier` is the run as it stood before it was resumed, None for a new one."""

    run: int
    earlier: RunRow | None = None
    notes: tuple[str, ...] = ()


def begin(vault: Repository, start: RunStart, request: Request) -> Beginning:
    """Only the newest run can be gone on with, and only by the same question to the same Looker."""
    rows = vault.runs()
    last = rows[-1] if rows else None
    if last is None or last.status not in RESUMABLE:
        return Beginning(vault.begin_run(start))
    why_not = _why_not(last, start, request)
    if not why_not:
        fewer = lost(last.roles, start.roles)
        keeps = fewer and not request.accept_permissions
        vault.resume_run(last.run, None if keeps else start.roles)
        return Beginning(last.run, last, (f"Going on with run {last.run}.",))
    if last.finished is None:
        _end(vault, last, start.started)
    else:
        vault.close_run(last.run)
    run = vault.begin_run(start)
    note = f"Run {last.run} is not gone on with: {why_not}. It is closed as partial."
    return Beginning(run, None, (note,))


def _why_not(last: RunRow, start: RunStart, request: Request) -> str:
    if request.fresh:
        return "a fresh start was asked for"
    if start.started - last.started > request.resume_within_s:
        return f"it is older than {request.resume_within_s / 3600:g} hours"
    asked = {
        "its types are others": (last.types, start.types),
        "its folders are others": (last.scope, start.scope),
        "its Looker is another": (last.instance, start.instance),
        "its API user is another": (last.user_id, start.user_id),
        "only one of them is full": (_is_full(last.arguments), _is_full(start.arguments)),
    }
    return ", ".join(reason for reason, (then, now) in asked.items() if then != now)


def _is_full(arguments: Mapping[str, Any]) -> bool:
    return bool(arguments.get("full"))


def _end(vault: Repository, row: RunRow, now: float) -> None:
    """A run that was killed has no end yet. What it confirmed stays, and it is partial."""
    root, _ = vault.root(row.run, row.types)
    items = sum(len(vault.confirmed(row.run, name)) for name in row.types)
    end = RunEnd(finished=now, status="partial", reasons=["interrupted"], items=items, root=root)
    vault.end_run(row.run, end)
