"""How fresh and how sound the vault is: what `status` tells, and what metrics repeat of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from lookervault.cli.output import print_pairs
from lookervault.cli.text import duration, size
from lookervault.cli.vaults import time_of
from lookervault.cli.verification import print_findings
from lookervault.errors import Exit
from lookervault.storage.file import disk_bytes
from lookervault.storage.months import month_of
from lookervault.storage.runs import over_all

if TYPE_CHECKING:
    from lookervault.storage.findings import Finding
    from lookervault.storage.repository import Repository
    from lookervault.storage.retention import Span
    from lookervault.storage.runs import RunRow

WORDS = {
    "ok": "ok: the newest run is complete",
    "none": "no run over all that the vault is for has ever been complete",
    "too_old": "too old: the last complete run ended longer ago than --max-age allows",
    "partial": "the newest run is incomplete: see `lookervault runs show`",
    "interrupted": "the newest run was interrupted: the next one goes on with it",
    "failed": "the newest run failed",
    "salvaged": "the newest run was salvaged from a damaged vault",
    "unreachable": "the store cannot be reached",
    "store_damaged": "the newest snapshot in the store, or its keys, cannot be read",
    "not_pushed": "the newest run is not in the store: `lookervault snapshot push` sends it",
    "damaged": "damaged: what runs say of themselves is not what was certified",
}
"""In no order; `_status` decides which of them comes first."""


def facts(vault: Repository, *, now: float, quota: int | None) -> dict[str, Any]:
    """What costs next to nothing to find out. Times are in seconds since 1970."""
    complete = _last(vault.runs(), complete=True)
    month = month_of(now)
    return {
        "vault": str(vault.path),
        "vault_bytes": disk_bytes(vault.path),
        "last_complete": None if complete is None else _complete(complete, now),
        "month": month,
        "month_calls": vault.months().get(month, 0),
        "monthly_calls": quota,
    }


_NOTHING: Mapping[str, Any] = {
    "vault": None,
    "vault_bytes": None,
    "last_complete": None,
    "in_use": False,
    "last_run": None,
    "items": 0,
    "types": 0,
    "due": {},
    "certificates": 0,
    "findings": [],
}


def look(
    vault: Repository | None,
    *,
    now: float,
    max_age: Span | None = None,
    quota: int | None = None,
    store: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The stable object of `status --json`; `vault` and `store` are what `standing` tells.

    Raises `DamagedError` where the vault cannot be read.
    """
    told = None if store is None else dict(store)
    if vault is None:
        month = {"month": month_of(now), "month_calls": 0, "monthly_calls": quota}
        found = {**_NOTHING, **month, "store": told}
    else:
        found = _look(vault, now, quota) | {"store": told}
    return {"status": _status(found, now, max_age)} | found


def _look(vault: Repository, now: float, quota: int | None) -> dict[str, Any]:
    from lookervault.proof.certificate import check_chain
    from lookervault.storage.lock import is_held

    found = facts(vault, now=now, quota=quota)
    newest = _last(vault.runs(), complete=False)
    counts = vault.counts()
    return found | {
        "in_use": is_held(vault.path),
        "last_run": None if newest is None else _run(vault, newest),
        "items": sum(counts.values()),
        "types": len(counts),
        "due": _due(vault, newest),
        "certificates": len(vault.certificates()),
        "findings": [
            *(msgspec.structs.asdict(one) for one in check_chain(vault)),
            *(msgspec.structs.asdict(one) for one in _unsealed(vault)),
        ],
    }


def _last(rows: Sequence[RunRow], *, complete: bool) -> RunRow | None:
    """The newest over the whole Looker that ended: a look at one type is no backup of all."""
    found = over_all(row for row in rows if not row.imported)
    ended = (row for row in reversed(found) if row.status != "running")
    return next((row for row in ended if not complete or row.status == "complete"), None)


def _unsealed(vault: Repository) -> Iterator[Finding]:
    from lookervault.storage.findings import Finding

    for row in vault.runs():
        if row.finished is not None and not vault.is_sealed(row.run):
            yield Finding("run", "what is told of it is not what was sealed", run=row.run)


def _complete(row: RunRow, now: float) -> dict[str, Any]:
    finished = row.finished or row.started
    return {
        "run": row.run,
        "finished": time_of(finished),
        "age_seconds": round(max(0.0, now - finished), 1),
    }


def _run(vault: Repository, row: RunRow) -> dict[str, Any]:
    """`finished` is None where it was killed."""
    return {
        "run": row.run,
        "status": row.status,
        "started": time_of(row.started),
        "finished": None if row.finished is None else time_of(row.finished),
        "missing": len(vault.missing(row.run)),
    }


def _due(vault: Repository, newest: RunRow | None) -> dict[str, str | None]:
    """When each type is due that was ever read: None is every run."""
    from lookervault.content.registry import TYPES
    from lookervault.extraction.cadence import intervals, next_due

    every = {} if newest is None else newest.arguments.get("every", {})
    days = intervals(TYPES.values(), every)
    return {
        name: time_of(next_due({name: read}, days)) if days[name] else None
        for name, read in sorted(vault.proving().reads().items())
        if name in days
    }


def _status(found: Mapping[str, Any], now: float, max_age: Span | None) -> str:
    """The worst that there is, in one word."""
    complete, newest, store = found["last_complete"], found["last_run"], found["store"]
    if found["findings"]:
        return "damaged"
    state = "ok" if store is None else _status_of_store(store)
    if complete is None:
        return state if newest is None and store and store["error"] else "none"
    if max_age is not None:
        oldest = max_age.before(datetime.fromtimestamp(now, UTC)).timestamp()
        if now - complete["age_seconds"] < oldest:
            return "too_old"
    if newest["status"] != "complete":
        return str(newest["status"])
    return state


def _status_of_store(store: Mapping[str, Any]) -> str:
    if store["error"] is not None:
        return "store_damaged" if store["reachable"] else "unreachable"
    return "ok" if store["is_current"] else "not_pushed"


def exit_code(found: Mapping[str, Any]) -> Exit:
    if found["status"] in ("damaged", "store_damaged"):
        return Exit.DAMAGED
    return Exit.COMPLETE if found["status"] == "ok" else Exit.FAILED


def print_status(found: Mapping[str, Any]) -> None:
    code = exit_code(found)
    colour = {Exit.COMPLETE: "green", Exit.FAILED: "yellow"}.get(code, "red")
    quota = found["monthly_calls"]
    limit = f" of {quota:,}" if quota else ""
    pairs = [
        ("Status", WORDS[found["status"]]),
        *([("Vault", _told_vault(found))] if found["vault"] else []),
        ("Last complete", _told_complete(found["last_complete"])),
        ("Newest run", _told_run(found["last_run"])),
        ("Items", f"{found['items']:,} of {found['types']:,} types"),
        ("Next due", _told_due(found["due"])),
        ("Certificates", f"{found['certificates']:,}, {_told_chain(found)}"),
        ("Calls", f"{found['month_calls']:,}{limit} in {found['month']}"),
        *([("Store", _told_store(found))] if found["store"] else []),
    ]
    print_pairs(pairs, colour=colour)
    print_findings(found["findings"])


def _told_vault(found: Mapping[str, Any]) -> str:
    in_use = ", in use" if found["in_use"] else ""
    return f"{found['vault']}, {size(found['vault_bytes'])}{in_use}"


def _told_complete(one: Mapping[str, Any] | None) -> str:
    if one is None:
        return "never"
    return f"run {one['run']}, {one['finished']}, {duration(one['age_seconds'])} ago"


def _told_run(one: Mapping[str, Any] | None) -> str:
    if one is None:
        return "none"
    missing = f", {one['missing']:,} missing" if one["missing"] else ""
    return f"run {one['run']}, {one['status']}{missing}, {one['finished'] or 'has no end'}"


def _told_due(due: Mapping[str, str | None]) -> str:
    """Times in their order, each with its types."""
    always = sum(when is None for when in due.values())
    parts = [f"{always:,} types in every run"] if always else []
    parts += [
        f"{', '.join(name for name, when in due.items() if when == moment)}: {moment}"
        for moment in sorted({when for when in due.values() if when})
    ]
    return "; ".join(parts) or "everything"


def _told_chain(found: Mapping[str, Any]) -> str:
    return (
        "not as they should be: see below" if found["findings"] else "each follows the one before"
    )


def _told_store(found: Mapping[str, Any]) -> str:
    store = found["store"]
    if store["error"] is not None:
        return f"{store['url']}: {store['error']}"
    newest = store["snapshot"]
    if newest is None:
        whose = "this vault" if found["vault"] else store["instance"]
        return f"{store['url']}, no snapshot{f' of {whose}' if whose else ''}"
    stored = size(newest["stored_bytes"])
    told = f"{store['url']}, snapshot {newest['id']} of run {newest['run']}, {stored}"
    others = [one for one in store["instances"] if one != newest["instance"]]
    if not others:
        return told
    why = f"of {newest['instance']}, whose newest is the oldest"
    return f"{told}, {why}; also there: {', '.join(others)}"


def vault_facts(path: Path, *, now: float, quota: int | None) -> dict[str, Any]:
    """As `facts`; nothing where the vault cannot be read, which others tell."""
    from lookervault.errors import LookerVaultError
    from lookervault.storage.repository import Repository

    try:
        with Repository.open(path, write=False) as vault:
            return facts(vault, now=now, quota=quota)
    except (LookerVaultError, OSError):
        return {}
