"""How a run begins: anew, or where an unfinished one stopped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from lookervault.extraction.budget import LEFT_OUT
from lookervault.extraction.cadence import Due, due
from lookervault.extraction.permissions import lost
from lookervault.extraction.request import Request
from lookervault.storage.repository import Repository
from lookervault.storage.runs import RESUMABLE, Proof, RunEnd, RunRow, RunStart, TypeResult

_LEFT_OUT_S = 7 * 24 * 3600
"""Age up to which a run is gone on with that had no calls left: the next one is a night later."""


class Part(NamedTuple):
    """What an earlier part of a run brought of a type, and what it read of it."""

    result: TypeResult
    proof: Proof


class Beginning(NamedTuple):
    """`earlier` is the run as it stood before it was resumed, None for a new one."""

    run: int
    earlier: RunRow | None = None
    done: Mapping[str, Part] = {}
    """What the earlier part had read whole and is not listed again."""
    notes: tuple[str, ...] = ()


def begin(vault: Repository, start: RunStart, request: Request) -> Beginning:
    """Only the newest run can be gone on with, and only by the same question to the same Looker."""
    rows = vault.runs()
    last = rows[-1] if rows else None
    if last is None or last.status not in RESUMABLE:
        return Beginning(vault.begin_run(start))
    why_not = _why_not(vault, last, start, request)
    if not why_not:
        fewer = lost(last.roles, start.roles)
        keeps = fewer and not request.accept_permissions
        done = done_before(vault, last)
        vault.resume_run(last.run, None if keeps else start.roles, done=done.keys())
        return Beginning(last.run, last, done, (f"Going on with run {last.run}.",))
    if last.finished is None:
        _end(vault, last, start.started)
    else:
        vault.close_run(last.run)
    run = vault.begin_run(start)
    note = f"Run {last.run} is not gone on with: {why_not}. It is closed as partial."
    return Beginning(run, notes=(note,))


def resumable(vault: Repository, request: Request, now: float) -> RunRow | None:
    """The newest run, where one may go on with it by its age and its end."""
    rows = vault.runs()
    if not rows or rows[-1].status not in RESUMABLE or request.fresh:
        return None
    return rows[-1] if now - rows[-1].started <= _within(vault, rows[-1], request) else None


def due_of(vault: Repository, request: Request, now: float) -> Due:
    """Types that the run reads. Those that a run which is gone on with had are due in it, too."""
    if request.all_due or request.full or request.folders:
        return Due(list(request.types), {})
    last = resumable(vault, request, now)
    return due(
        request.types,
        vault.proving().reads(),
        every=request.every,
        now=now,
        also=last.types if last else (),
    )


def _within(vault: Repository, last: RunRow, request: Request) -> float:
    return max(request.resume_within_s, _LEFT_OUT_S if _left_out(vault, last) else 0)


def _left_out(vault: Repository, last: RunRow) -> bool:
    """Whether it stopped because it had no calls left: these are not spent on listing again."""
    return any(one.reason == LEFT_OUT for one in vault.missing(last.run))


def done_before(vault: Repository, last: RunRow) -> dict[str, Part]:
    """Types that a run which goes on with this one does not list again."""
    if not _left_out(vault, last):
        return {}
    proofs = {proof.type: proof for proof in vault.proofs(last.run)}
    results = [one for one in vault.type_results(last.run) if one.status == "complete"]
    return {one.type: Part(one, proofs[one.type]) for one in results if one.type in proofs}


def _why_not(vault: Repository, last: RunRow, start: RunStart, request: Request) -> str:
    if request.fresh:
        return "a fresh start was asked for"
    within = _within(vault, last, request)
    if start.started - last.started > within:
        return f"it is older than {within / 3600:g} hours"
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
