"""What is told of a run when it ends."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from lookervault.content.model import Missing
from lookervault.errors import BudgetError, Interrupted, LookerVaultError
from lookervault.extraction.budget import LEFT_OUT
from lookervault.extraction.deletions import MASS_DELETION
from lookervault.extraction.retry import Tally
from lookervault.extraction.type_run import Phase, TypeRun
from lookervault.storage.repository import Repository
from lookervault.storage.runs import RunEnd, RunRow, TypeResult


def type_result(
    one: TypeRun, vault: Repository, tally: Tally, run: int, root: bytes | None
) -> TypeResult:
    items = len(vault.confirmed(run, one.name))
    changes = vault.changes(run, one.name)
    return TypeResult(
        type=one.name,
        items=items,
        new=changes.new,
        changed=changes.changed,
        unchanged=items - changes.new - changes.changed,
        deleted=changes.deleted,
        missing=len(one.missing),
        calls=one.calls_before + tally.calls[one.name],
        census=one.census,
        status="complete" if one.complete else "incomplete",
        reason=one.reason,
        root=root,
    )


def left_out(one: TypeRun, error: LookerVaultError | None) -> list[Missing]:
    """What a run names that may send no more calls."""
    out = isinstance(error, BudgetError) and one.phase is not Phase.DONE
    return [Missing(one.name, "*", LEFT_OUT)] if out else []


def incomplete(types: Sequence[TypeRun]) -> list[str]:
    """Words, and sentences of what was noticed. A type that only lacks another is no reason."""
    found = {one.reason for t in types for one in t.missing}
    lacking = found - {MASS_DELETION} or any(t.phase is not Phase.DONE for t in types)
    words = ["missing"] * bool(lacking) + [MASS_DELETION] * (MASS_DELETION in found)
    return [*words, *(t.noticed for t in types if t.noticed)]


def status(error: LookerVaultError | None, reasons: list[str]) -> str:
    if isinstance(error, Interrupted):
        return "interrupted"
    if error is not None:
        return "failed"
    return "partial" if reasons else "complete"


def with_earlier(earlier: RunRow | None, end: RunEnd) -> RunEnd:
    """The end of a run that was resumed: its calls are those of all its parts."""
    if earlier is None:
        return end
    return msgspec.structs.replace(
        end,
        calls=end.calls + (earlier.calls or 0),
        retries=end.retries + (earlier.retries or 0),
        throttled=end.throttled + (earlier.throttled or 0),
        bytes=end.bytes + (earlier.bytes or 0),
    )
