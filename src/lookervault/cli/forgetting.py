"""`forget` and `gc` for a command: what to keep, what was done, and how it is told."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from lookervault.cli.output import print_pairs, print_table, print_text
from lookervault.cli.text import duration, size
from lookervault.cli.vaults import time_of
from lookervault.errors import UsageError
from lookervault.storage import forget as forgetting
from lookervault.storage import gc as collecting
from lookervault.storage import retention
from lookervault.storage.file import disk_bytes
from lookervault.storage.gc import Collected
from lookervault.storage.retention import Choice, Policy


def policy(*, within: str | None, **counts: int | None) -> Policy:
    """Raises `UsageError` where nothing is to be kept, or a length of time is none."""
    if within is None and not any(counts.values()):
        raise UsageError(
            "Nothing says which runs to keep.",
            hint="Pass at least one of --keep-last, --keep-daily, --keep-weekly, --keep-monthly,"
            " --keep-yearly and --keep-within.",
        )
    given = {name: count for name, count in counts.items() if count is not None}
    return Policy(**given, within=None if within is None else retention.span(within))


def forget(
    path: Path,
    wanted: Policy,
    *,
    drop_deleted: bool,
    collect: bool,
    dry_run: bool,
    clock: Callable[[], float],
) -> dict[str, Any]:
    began, before = clock(), disk_bytes(path)
    choose = partial(retention.choose, policy=wanted)
    if dry_run:
        done = forgetting.preview(path, choose, drop_deleted=drop_deleted)
        collected = collecting.preview(path, done.released) if collect else None
    else:
        done = forgetting.forget(path, choose, drop_deleted=drop_deleted, now=began)
        collected = collecting.gc(path, now=clock()) if collect else None
    found = {
        "status": "complete",
        "dry_run": dry_run,
        "kept": [_kept(one) for one in done.choices if one.reasons],
        "forgotten": [_run(one) for one in done.runs],
        "versions_removed": done.versions,
        "bytes_before": before,
        "bytes_after": disk_bytes(path) if collected is None else collected.bytes_after,
        "seconds": round(clock() - began, 3),
    }
    return found if collected is None else found | {"gc": _counts(collected)}


def gc(path: Path, *, dry_run: bool, clock: Callable[[], float]) -> dict[str, Any]:
    began = clock()
    done = collecting.preview(path) if dry_run else collecting.gc(path, now=began)
    return {
        "status": "complete",
        "dry_run": dry_run,
        **_counts(done),
        "bytes_before": done.bytes_before,
        "bytes_after": done.bytes_after,
        "seconds": round(clock() - began, 3),
    }


def _run(choice: Choice) -> dict[str, Any]:
    row = choice.run
    return {"run": row.run, "started": time_of(row.started), "status": row.status}


def _kept(choice: Choice) -> dict[str, Any]:
    return _run(choice) | {"reasons": choice.reasons}


def _counts(done: Collected) -> dict[str, Any]:
    return {
        "kept": msgspec.to_builtins(done.kept),
        "freed": msgspec.to_builtins(done.freed),
        "is_read": done.is_read,
    }


# Telling.


def print_forgot(found: dict[str, Any]) -> None:
    rows = sorted(found["kept"] + found["forgotten"], key=lambda one: one["run"])
    verb = "forget" if found["dry_run"] else "forgotten"
    cells = [
        (
            one["run"],
            one["started"],
            one["status"],
            "keep" if "reasons" in one else verb,
            ", ".join(one.get("reasons", ())) or None,
        )
        for one in rows
    ]
    keep = ("run", "started", "what")
    print_table(("run", "started", "status", "what", "why"), cells, keep=keep, spare=("status",))
    print()
    runs = f"{len(found['forgotten']):,} of {len(rows):,}"
    pairs = [
        ("Runs to forget" if found["dry_run"] else "Runs forgotten", runs),
        ("Versions of items", f"{found['versions_removed']:,} that no kept run shows"),
    ]
    if "gc" in found:
        pairs += _freed(found["gc"], found)
    print_pairs([*pairs, ("Time", duration(found["seconds"]))], colour="bold")
    _print_notes(found)
    if "gc" not in found and not found["dry_run"] and found["forgotten"]:
        print_text("The file is as large as before: `lookervault gc` gives the space back.")


def print_collected(found: dict[str, Any]) -> None:
    pairs = [*_freed(found, found), ("Time", duration(found["seconds"]))]
    print_pairs(pairs, colour="bold")
    _print_notes(found)


def _freed(counts: dict[str, Any], found: dict[str, Any]) -> list[tuple[str, str]]:
    freed, kept = counts["freed"], counts["kept"]
    about = "about " if found["dry_run"] else ""
    objects = f"{freed['objects']:,} of {freed['objects'] + kept['objects']:,}"
    pairs = [("Objects to free" if found["dry_run"] else "Objects freed", objects)]
    if freed["dictionaries"]:
        pairs.append(("Dictionaries", f"{freed['dictionaries']:,}"))
    before, after = size(found["bytes_before"]), size(found["bytes_after"])
    return [*pairs, ("Vault before", before), ("Vault after", f"{about}{after}")]


def _print_notes(found: dict[str, Any]) -> None:
    if found["dry_run"]:
        print_text("Nothing was changed.")
    elif found.get("gc", found).get("is_read"):
        print_text(
            "Somebody reads the vault, so the file is not smaller yet: the next command that writes"
            " it, or `lookervault gc`, brings that about."
        )
