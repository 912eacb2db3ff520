"""`snapshot prune` for a command: what is kept, what was done, and how it is told."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from lookervault.cli.output import print_pairs, print_table, print_text
from lookervault.cli.stores import Opened, told
from lookervault.cli.text import duration, size
from lookervault.snapshot.choosing import Kept
from lookervault.snapshot.prune import Pruning
from lookervault.snapshot.prune import prune as prune_store
from lookervault.storage.retention import Policy, Span


def prune(
    there: Opened, policy: Policy, grace: Span, *, dry_run: bool, lost: Sequence[str]
) -> tuple[Any, Pruning]:
    done = prune_store(
        there.store,
        there.keys,
        policy,
        now=time.time(),
        grace=grace,
        dry_run=dry_run,
        lost=lost,
    )
    found = {
        "status": "complete" if done.error is None else "incomplete",
        "dry_run": dry_run,
        "kept": [_kept(one) for one in done.kept],
        "removed": [told(id, manifest) for id, manifest in done.removed],
        "unreadable": done.unreadable,
        "forgotten_runs": done.forgotten,
        "freed_bytes": sum(one.size for one in done.deleted),
        "deleted_objects": len(done.deleted),
        "marked_objects": len(done.marked),
        "marked_bytes": sum(one.size for one in done.marked),
        "repacked_packs": done.repacked,
        "sparse_packs": done.sparse,
        "error": None if done.error is None else done.error.message,
    }
    return found | there.traffic(), done


def _kept(one: Kept) -> dict[str, Any]:
    return told(one.id, one.manifest) | {"reasons": one.reasons}


# Telling.


def print_pruned(found: dict[str, Any], grace: str) -> None:
    unreadable = [{"id": id, "run": None, "status": "unreadable"} for id in found["unreadable"]]
    rows = sorted(
        found["kept"] + found["removed"] + unreadable, key=lambda one: str(one["id"]), reverse=True
    )
    verb = "remove" if found["dry_run"] else "removed"
    cells = [
        (
            one["id"],
            one["run"],
            one["status"],
            "keep" if "reasons" in one else verb,
            ", ".join(one.get("reasons", ())) or None,
        )
        for one in rows
    ]
    keep = ("id", "run", "what")
    print_table(("id", "run", "status", "what", "why"), cells, keep=keep, spare=("status",))
    print()
    dry = found["dry_run"]
    removed = f"{len(found['removed']) + len(unreadable):,} of {len(rows):,}"
    pairs = [
        ("Snapshots to remove" if dry else "Snapshots removed", removed),
        ("Runs to forget" if dry else "Runs forgotten", f"{found['forgotten_runs']:,}"),
        ("To be freed" if dry else "Freed", _objects(found, "deleted_objects", "freed_bytes")),
        ("Marked", _objects(found, "marked_objects", "marked_bytes")),
    ]
    if found["repacked_packs"]:
        pairs.append(("Packs written anew", f"{found['repacked_packs']:,}"))
    print_pairs([*pairs, ("Time", duration(found["seconds"]))], colour="bold")
    _print_notes(found, grace)


def _objects(found: dict[str, Any], count: str, amount: str) -> str:
    return f"{found[count]:,} objects, {size(found[amount])}"


def _print_notes(found: dict[str, Any], grace: str) -> None:
    if found["dry_run"]:
        print_text("Nothing was changed.")
    elif found["marked_objects"] and found["error"] is None:
        print_text(f"What is marked is deleted by a prune that comes {grace} later, or more.")
    if found["sparse_packs"]:
        print_text(
            f"Of {found['sparse_packs']:,} packs, less than half is needed. A prune that can read"
            " content (--identity) writes them anew."
        )
