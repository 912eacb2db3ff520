"""What a run brought: as the object that `--json` prints, and as a page for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lookervault.cli.output import print_pairs, print_table
from lookervault.cli.text import duration, harmless, size

if TYPE_CHECKING:
    from lookervault.content.model import Missing
    from lookervault.storage.runs import RunRow, TypeResult

_SHOWN_MISSING = 20
_EVENTS = ("new", "changed", "unchanged", "deleted", "missing")
"""Columns of the summary that are left out where nothing of the kind happened."""

_WORDS = {
    "complete": "complete: everything that Looker has is in the vault",
    "partial": "partial: what is in the vault is exact, but something is missing",
    "interrupted": "interrupted: what was stored stays; run the same command again",
    "failed": "failed: what was stored stays; run the same command again",
    "running": "still running",
}

_REASONS = {
    "visibility": "The API user does not see everything, so nobody can know what else there is."
    " Give it a role with all access (the Admin role has it), or pass --accept-visibility.",
    "missing": "Looker did not give everything it listed.",
}


def result(row: RunRow, types: Sequence[TypeResult], missing: Sequence[Missing]) -> dict[str, Any]:
    """The stable object of `extract --json`."""
    seconds = (row.finished or row.started) - row.started
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
        "reasons": row.reasons,
        "missing": [{"type": m.type, "id": m.id, "reason": m.reason} for m in missing],
        "types": {t.type: _type(t) for t in types},
    }


def _type(one: TypeResult) -> dict[str, Any]:
    names = ("items", "new", "changed", "unchanged", "deleted", "missing", "calls", "status")
    return {name: getattr(one, name) for name in names}


def print_result(found: dict[str, Any], *, all_missing: bool = False) -> None:
    shown = {name: t for name, t in found["types"].items() if t["items"] or t["missing"]}
    happened = [c for c in _EVENTS if any(t[c] for t in shown.values())]
    columns = ("type", "items", *happened, "calls")
    print_table(columns, [[name, *(t[c] for c in columns[1:])] for name, t in shown.items()])
    empty = [name for name in found["types"] if name not in shown]
    if empty:
        print(f"\nNone of: {', '.join(empty)}")
    print()
    print_pairs(_pairs(found))
    _print_missing(found, all_missing=all_missing)


def _pairs(found: dict[str, Any]) -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = [
        (f"Run {found['run']}", _WORDS.get(found["status"], found["status"])),
        ("Looker", found["instance"]),
        ("Items", f"{found['items']:,}, {found['items_per_second']:,.0f} a second"),
        ("Calls", _calls(found)),
        ("Read", size(found["bytes"])),
        ("Time", duration(found["seconds"])),
    ]
    if "vault" in found:
        ratio = found["raw_bytes"] / max(found["vault_bytes"], 1)
        pairs.append(("Vault", f"{found['vault']}, {size(found['vault_bytes'])} ({ratio:.1f} : 1)"))
    if found["root_hash"]:
        pairs.append(("Root", found["root_hash"]))
    return pairs


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
        print(harmless(_REASONS.get(reason, reason)))
    missing = found["missing"]
    shown = missing if all_missing else missing[:_SHOWN_MISSING]
    if shown:
        print("\nMissing:")
        print_table(
            ("type", "id", "reason"),
            [(m["type"], m["id"], m["reason"]) for m in shown],
            keep=("type", "id"),
        )
    if len(shown) < len(missing):
        print(f"… and {len(missing) - len(shown):,} more: lookervault runs show {found['run']}")
