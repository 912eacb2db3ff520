"""What a run brought: as the object that `--json` prints, and as a page for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lookervault.cli.output import print_pairs, print_table, print_text
from lookervault.cli.text import duration, harmless, size
from lookervault.errors import Interrupted, LookerVaultError

if TYPE_CHECKING:
    from lookervault.content.model import Missing
    from lookervault.storage.runs import Proof, RunRow, TypeResult

_SHOWN_MISSING = 20
_EVENTS = ("new", "changed", "unchanged", "deleted", "missing", "silent")
"""Columns of the summary that are left out where nothing of the kind happened."""

_MOST_NAMED = 4
"""Types that are named where a run was not asked for them; more are counted."""

_WORDS = {
    "partial": "partial: what is in the vault is exact, but something is missing",
    "interrupted": "interrupted: what was stored stays; run the same command again",
    "failed": "failed: what was stored stays; run the same command again",
    "running": "still running",
    "salvaged": "salvaged from a damaged vault: what is there is exact, more may be lost",
}
_COLOURS = {"complete": "green", "partial": "yellow", "interrupted": "yellow", "failed": "red"}

_REASONS = {
    "visibility": "The API user does not see everything, so nobody can know what else there is."
    " Give it a role with all access (the Admin role has it), or pass --accept-visibility.",
    "missing": "Looker did not give everything it listed.",
    "mass_deletion": "So much seems deleted that it is not believed. Look in Looker before you"
    " accept it.",
    "permission_lowered": "The API user may do less than before, so what is no longer listed may"
    " only be hidden: nothing was marked deleted. Give it back what it lacks, or pass"
    " --accept-permissions.",
}
_WHY = {
    "bad_answer": "the answers were no JSON, cut off or of another item",
    "failed": "the call failed",
    "budget": "no more calls may be sent: the next run goes on there",
    "forbidden": "the API user may not see it (403)",
    "mass_deletion": "more seems deleted than is believed",
    "no_identity": "the object has no id",
    "not_delivered": "it was listed, but never came",
    "not_found": "it was listed, but is not found or hidden (404)",
    "rate_limited": "Looker answered 429, too many calls, to the end",
    "refused": "Looker did not understand the call",
    "unauthorized": "the login was no longer accepted",
    "unreachable": "Looker did not answer, or with an error of its own",
}
"""What the reasons of `missing` mean."""
_REFUSALS = ("forbidden", "not_found")
"""Reasons that another permission may remove."""

_NOTHING: dict[str, Any] = {
    "run": None,
    "status": "failed",
    "items": 0,
    "calls": 0,
    "retries": 0,
    "throttled": 0,
    "bytes": 0,
    "seconds": 0.0,
    "items_per_second": 0.0,
    "utilization": 0.0,
    "peak_memory_mb": 0.0,
    "root_hash": None,
    "missing": [],
    "types": {},
    "not_due": {},
}


def failure(error: LookerVaultError) -> dict[str, Any]:
    """Status and `error` of the object that `--json` prints."""
    status = "interrupted" if isinstance(error, Interrupted) else "failed"
    return {"status": status} | error_of(error)


def error_of(error: LookerVaultError) -> dict[str, Any]:
    code = int(error.exit_code)
    return {"error": {"code": code, "message": error.message, "hint": error.hint}}


def not_begun(error: LookerVaultError) -> dict[str, Any]:
    """The object of a run that there is not."""
    return _NOTHING | failure(error)


def result(
    row: RunRow,
    types: Sequence[TypeResult],
    missing: Sequence[Missing],
    proofs: Sequence[Proof] = (),
) -> dict[str, Any]:
    """The stable object of `extract --json`."""
    read = {proof.type: proof for proof in proofs if proof.as_of is None}
    seconds = max(0.0, (row.finished or row.started) - row.started)  # a clock may be set back
    return {
        "run": row.run,
        "status": row.status,
        "items": row.items or 0,
        "calls": row.calls or 0,
        "retries": row.retries or 0,
        "throttled": row.throttled or 0,
        "bytes": row.bytes or 0,
        "seconds": round(seconds, 3),
        "items_per_second": round((row.items or 0) / seconds, 1) if seconds else 0.0,
        "utilization": row.utilization or 0.0,
        "peak_memory_mb": row.peak_memory_mb or 0.0,
        "root_hash": row.root.hex() if row.root else None,
        "instance": row.instance,
        "scope": row.scope,
        "reasons": row.reasons,
        "missing": [{"type": m.type, "id": m.id, "reason": m.reason} for m in missing],
        "types": {t.type: _type(t, read.get(t.type)) for t in types},
        "not_due": {proof.type: proof.as_of for proof in proofs if proof.as_of is not None},
    }


def _type(one: TypeResult, proof: Proof | None) -> dict[str, Any]:
    """`read` items were read, `proven` of them though they seemed unchanged, and `silent` of these
    were not. A run of the first format read all of them.
    """
    names = ("items", "new", "changed", "unchanged", "deleted", "missing", "calls", "status")
    told = {name: getattr(one, name) for name in names}
    if proof is None:
        return told | {"read": one.items, "proven": 0, "silent": 0}
    return told | {"read": proof.read, "proven": proof.proven, "silent": proof.silent}


def print_result(found: dict[str, Any], *, all_missing: bool = False) -> None:
    shown = {
        name: t for name, t in found["types"].items() if any(t[c] for c in ("items", *_EVENTS))
    }
    print_text(f"Backup of {harmless(found['instance'])}", colour="bold")
    print()
    _print_types(shown, found["calls"])
    empty = [name for name in found["types"] if name not in shown]
    if empty:
        print_text(f"None of: {', '.join(empty)}", first="\n")
    print()
    print_pairs(_pairs(found), colour=_COLOURS.get(found["status"], ""))
    _print_missing(found, all_missing=all_missing)


def _print_types(types: dict[str, Any], calls: int) -> None:
    """`calls` is of the whole run, the login's included."""
    happened = [c for c in _EVENTS if any(t[c] for t in types.values())]
    columns = ("items", *happened, "calls")
    rows = [[name, *(t[c] for c in columns)] for name, t in types.items()]
    if len(rows) > 1:
        sums = [sum(t[c] for t in types.values()) for c in columns[:-1]]
        rows.append(["all", *sums, calls])
    if rows:
        print_table(("type", *columns), rows, spare=("calls",))


def _status(found: dict[str, Any]) -> str:
    if found["status"] != "complete":
        return _WORDS[found["status"]]
    where = "" if found["scope"] is None else " of these folders"
    return f"complete: everything that was asked for{where} is in the vault"


def _not_asked_for(found: dict[str, Any]) -> str:
    from lookervault.content.registry import TYPES

    could = [t.name for t in TYPES.values() if found["scope"] is None or t.in_scope]
    left = [n for n in could if n not in found["types"] and n not in found["not_due"]]
    if len(left) > _MOST_NAMED:
        return f"{len(left)} of {len(could)} types: not asked for"
    return f"{', '.join(left)}: not asked for" if left else ""


def _not_due(left: dict[str, int]) -> str:
    return ", ".join(f"{name} (as of run {run})" for name, run in left.items())


def nothing_due(left: dict[str, tuple[int, float]]) -> dict[str, Any]:
    """The object of a run that is not made, because no type is due."""
    from lookervault.history.moments import utc

    told: dict[str, Any] = {
        "status": "complete",
        "not_due": {n: run for n, (run, _) in left.items()},
    }
    return _NOTHING | told | {"due_from": utc(min(when for _, when in left.values()))}


def print_nothing_due(found: dict[str, Any]) -> None:
    print_text(f"Nothing is due before {found['due_from']}: nothing was called.")
    print_text(f"Not due: {_not_due(found['not_due'])}")


def _pairs(found: dict[str, Any]) -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = [
        (f"Run {found['run']}", _status(found)),
        *([("Without", left)] if (left := _not_asked_for(found)) else []),
        *([("Not due", _not_due(found["not_due"]))] if found["not_due"] else []),
        *([("Folders", ", ".join(found["scope"]))] if found["scope"] else []),
        ("Items", f"{found['items']:,}, {found['items_per_second']:,.0f} a second"),
        *([("Proven", proven)] if (proven := _proven(found["types"])) else []),
        ("Calls", _calls(found)),
        ("Read", size(found["bytes"])),
        ("Time", duration(found["seconds"])),
    ]
    if found.get("vault"):
        ratio = found["raw_bytes"] / max(found["vault_bytes"], 1)
        pairs.append(("Vault", f"{found['vault']}, {size(found['vault_bytes'])} ({ratio:.1f} : 1)"))
    if found["root_hash"]:
        pairs.append(("Root", found["root_hash"]))
    return pairs


def _proven(types: dict[str, Any]) -> str:
    """What was read though it seemed unchanged, and what came of it."""
    proven = sum(t["proven"] for t in types.values())
    silent = {name: t["silent"] for name, t in types.items() if t["silent"]}
    if not proven and not silent:
        return ""
    seemed = f"{proven:,} that seemed unchanged were read again"
    if not silent:
        return f"{seemed}, and are"
    found = ", ".join(f"{count:,} {name}" for name, count in silent.items())
    return (
        f"{seemed}; changed, though Looker's updated_at had not: {found}."
        f" {', '.join(silent)}: read in full from now on, until a run finds none"
    )


def _calls(found: dict[str, Any]) -> str:
    retried, throttled = found["retries"], found["throttled"]
    text = f"{found['calls']:,}"
    if retried:
        text += f", {retried:,} of them repeated"
    return text + (f", {throttled:,} answered with 429 (too many)" if throttled else "")


def _print_missing(found: dict[str, Any], *, all_missing: bool) -> None:
    if found["status"] == "complete":
        return
    print()
    for reason in found["reasons"]:
        print_text(harmless(_REASONS.get(reason, reason)))
    missing = found["missing"]
    shown = missing if all_missing else missing[:_SHOWN_MISSING]
    if shown:
        print("\nMissing:")
        print_table(
            ("type", "id", "reason", "that is"),
            [
                (m["type"], _id(m["id"]), m["reason"], _WHY.get(m["reason"], "see the run's error"))
                for m in shown
            ],
            keep=("type", "id", "reason"),
            spare=("that is",),
        )
    _print_needs([m["type"] for m in missing if m["id"] == "*" and m["reason"] in _REFUSALS])
    if len(shown) < len(missing):
        print(f"… and {len(missing) - len(shown):,} more: lookervault runs show {found['run']}")


def _print_needs(types: list[str]) -> None:
    from lookervault.content.registry import TYPES

    if types:
        print("\nWhat the API user needs for them:")
        pairs = [(name, TYPES[name].permission) for name in types if name in TYPES]
        print_pairs(pairs)


def _id(id: str) -> str:
    return "all of it" if id == "*" else id
