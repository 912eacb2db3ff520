"""What `snapshot verify` and `snapshot rehearse` say: as the object of `--json`, and as a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from lookervault.cli.output import painted, print_pairs, print_table, print_text
from lookervault.cli.text import duration, size
from lookervault.errors import Exit

if TYPE_CHECKING:
    from lookervault.snapshot.records import Manifest
    from lookervault.snapshot.rehearse import Rehearsed
    from lookervault.snapshot.verify import Finding, Report

EXIT_CODES = {
    "ok": Exit.COMPLETE,
    "repaired": Exit.COMPLETE,
    "failed": Exit.FAILED,
    "damaged": Exit.DAMAGED,
}
_COLOURS = {"ok": "green", "repaired": "green", "failed": "red", "damaged": "red"}
_KEY = "key"
"""The kind of a finding that is no damage: another key has signed than the one that was given."""
_MOST = 10
"""Items of a finding that are printed."""


def report_as_json(report: Report) -> dict[str, Any]:
    return {
        "status": report.status,
        "checked": dict(report.checked),
        "findings": findings_as_json(report.findings),
    }


def findings_as_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    names = ("kind", "object", "detail", "snapshots", "items", "mended")
    return [msgspec.to_builtins({name: getattr(one, name) for name in names}) for one in findings]


def print_report(url: str, found: dict[str, Any], *, read: bool, repair: bool) -> None:
    checked, status = found["checked"], found["status"]
    print_pairs(
        [
            ("Status", _WORDS[status] if read or status != "ok" else _BY_SIZE),
            ("Store", url),
            ("Snapshots", checked.get("manifests", 0)),
            ("Pieces", checked.get("index_pieces", 0) + checked.get("rows_pieces", 0)),
            ("Packs", checked.get("packs", 0)),
            ("Packs read", checked.get("packs_read", 0)),
            ("Mended before", checked.get("mended", 0)),
            ("Needed by none", checked.get("orphans")),
            ("Traffic", _traffic(found)),
        ],
        colour=_COLOURS[status],
    )
    print_findings(found["findings"])
    if status == "damaged":
        print()
        print_text(_AFTER_REPAIR if repair else _BEFORE_REPAIR)
        if any(one["mended"] for one in found["findings"]):
            print_text("Run it again: with what was mended now, more can be.")


_WORDS = {
    "ok": "ok: every byte that was read is the one that was written",
    "repaired": "repaired: what was damaged has been written again",
    "damaged": "damaged: see below",
}
_BY_SIZE = "ok: all is there; no pack was read (--read-data does)"
_BEFORE_REPAIR = (
    "`lookervault snapshot verify --repair --vault FILE` writes again what a vault still has."
    " A snapshot whose rows or manifest are lost cannot come back: `lookervault snapshot push`"
    " makes a new one."
)
_AFTER_REPAIR = (
    "What is not mended is neither in the vault nor whole in the store. `lookervault snapshot push`"
    " makes a new snapshot of what the vault has."
)


def print_findings(findings: Sequence[dict[str, Any]]) -> None:
    if findings:
        print(painted("\nFound:", "bold"))
    for one in findings:
        hits = f"{len(one['snapshots']):,} snapshots, {len(one['items']):,} items"
        print_pairs([(one["kind"], one["object"]), ("", f"{one['detail']}; hits {hits}")])
    for one in findings:
        _print_hit(one)


def _print_hit(finding: dict[str, Any]) -> None:
    if not finding["items"] or finding["mended"]:
        return
    print(painted(f"\nHit by {finding['object']}:", "bold"))
    items = finding["items"]
    rows = [(one["type"], one["id"], one["name"]) for one in items[:_MOST]]
    print_table(("type", "id", "name"), rows, keep=("type", "id"))
    if len(items) > _MOST:
        print(f"… and {len(items) - _MOST:,} more: --json names them all.")


def rehearsal_as_json(id: str, manifest: Manifest, done: Rehearsed) -> dict[str, Any]:
    kinds = {finding.kind for finding in done.findings}
    return {
        "status": "ok" if not kinds else "failed" if kinds == {_KEY} else "damaged",
        "id": id,
        "run": manifest.run,
        "items": manifest.items,
        "root_hash": manifest.root,
        "certificate": manifest.certificate,
        "bodies": done.bodies,
        "read": [msgspec.to_builtins(one) for one in done.read],
        "findings": [msgspec.to_builtins(one) for one in done.findings],
    }


def print_rehearsal(found: dict[str, Any]) -> None:
    print_pairs(
        [
            ("Status", _REHEARSED[found["status"]]),
            ("Snapshot", found["id"]),
            ("Run", found["run"]),
            ("Items", found["items"]),
            ("Root", found["root_hash"]),
            ("Certificate", found["certificate"]),
            ("Bodies pulled", found["bodies"]),
            ("Items read", len(found["read"])),
            ("Traffic", _traffic(found)),
        ],
        colour=_COLOURS[found["status"]],
    )
    for title, rows, columns in (
        ("Read by chance:", found["read"], ("type", "id", "name", "bytes")),
        ("Found:", found["findings"], ("kind", "type", "id", "run", "detail")),
    ):
        if rows:
            print(painted(f"\n{title}", "bold"))
            print_table(columns, [[row[c] for c in columns] for row in rows], keep=columns[:2])


_REHEARSED = {
    "ok": "ok: it came back whole, and is what its manifest and its certificates say",
    "failed": "failed: it came back whole, but another key has signed it",
    "damaged": "damaged: it does not come back as it was; see below",
}


def _traffic(found: dict[str, Any]) -> str:
    return (
        f"{size(found['downloaded_bytes'])} fetched, {size(found['uploaded_bytes'])} sent,"
        f" {found['requests']:,} requests, {duration(found['seconds'])}"
    )
