"""What `verify` and `salvage` say: as the object of `--json`, and as a page for a person."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TextIO

import msgspec

from lookervault.cli import said, terminal
from lookervault.cli.output import painted, print_pairs, print_table, print_text
from lookervault.cli.text import duration, harmless, size
from lookervault.errors import Exit

if TYPE_CHECKING:
    from lookervault.proof.comparison import Compared
    from lookervault.storage.findings import Report
    from lookervault.storage.repair import Lost, Repaired
    from lookervault.storage.salvage import Salvaged

EXIT_CODES = {"ok": Exit.COMPLETE, "incomplete": Exit.INCOMPLETE, "damaged": Exit.DAMAGED}
_COLOURS = {"ok": "green", "incomplete": "yellow", "damaged": "red"}
_WORDS = {
    "ok": "ok: every byte that means something is the one that was written",
    "incomplete": "incomplete: nothing is damaged, but a run has no seal",
    "damaged": "damaged: see below",
}
_QUICKLY = "ok as far as was looked: no item was read (--quick)"
_LONGEST_VALUE = 60
_NEXT = {
    "incomplete": "A run without a seal is still going on, was killed, or lost its end together"
    " with the log beside the vault. `lookervault extract` goes on with it.",
    "damaged": "`lookervault verify --repair` fetches again what Looker still has as it was;"
    " `lookervault salvage` brings what is whole into a new vault.",
}
_SALVAGE = "`lookervault salvage` brings what is whole into a new vault."


def as_json(report: Report) -> dict[str, Any]:
    """The stable object of `verify --json`."""
    return {
        "status": report.status,
        "checked": dict(report.checked),
        "findings": [msgspec.structs.asdict(finding) for finding in report.findings],
        "unused_bytes": report.unused_bytes,
        "seconds": report.seconds,
    }


def repair_as_json(repaired: Repaired, lost: Sequence[Lost]) -> dict[str, Any]:
    return {
        "kept_aside": str(repaired.kept_aside),
        "mended": repaired.mended,
        "lost": [msgspec.structs.asdict(one) for one in lost],
    }


def comparison_as_json(results: Iterable[Compared]) -> dict[str, Any]:
    """Items that are the same are counted, all others named."""
    found: dict[str, Any] = {"compared": 0, "same": 0, "others": []}
    for one in results:
        found["compared"] += 1
        if one.status == "same":
            found["same"] += 1
        else:
            found["others"].append(msgspec.to_builtins(one))
    return found


def not_compared(*, repair: bool) -> str:
    """What to say where damage keeps the vault from being compared; `repair` was tried already."""
    step = _SALVAGE if repair else "Run `lookervault verify --repair --against-looker`."
    return f"Nothing was compared with Looker, as the vault is damaged. {step}"


def not_repaired(why: str) -> str:
    return f"Nothing was repaired. {why} {_SALVAGE}"


def exit_code(found: dict[str, Any]) -> Exit:
    """Damage counts more than that the vault and Looker differ."""
    differs = bool(found.get("looker", {}).get("others"))
    status = EXIT_CODES[found["status"]]
    return Exit.INCOMPLETE if status is Exit.COMPLETE and differs else status


def print_report(name: str, found: dict[str, Any], *, quick: bool, repair: bool) -> None:
    status = found["status"]
    checked = found["checked"]
    words = _QUICKLY if quick and status == "ok" else _WORDS[status]
    pairs = [
        (name, words),
        ("Items", checked.get("items", 0)),
        ("Content", size(checked.get("bytes", 0))),
        ("Runs", checked.get("runs", 0)),
        ("Unused", size(found["unused_bytes"])),
        ("Time", duration(found["seconds"])),
    ]
    print_pairs(pairs, colour=_COLOURS[status])
    print_findings(found["findings"])
    if "repair" in found:
        _print_repair(found["repair"])
    if status in _NEXT:
        print()
        print_text(_SALVAGE if repair and status == "damaged" else _NEXT[status])
    if "looker" in found:
        _print_comparison(found["looker"])


def _print_repair(found: dict[str, Any]) -> None:
    print(painted("\nRepair:", "bold"))
    print(f"The file as it was is {found['kept_aside']}.")
    for what in found["mended"]:
        print(f"Put right: {harmless(what)}")
    if found["lost"]:
        print("\nLost, as they could not be put right:")
        columns = ("type", "id", "run", "last whole in run")
        rows = [[one["type"], one["id"], one["run"], one["last_whole"]] for one in found["lost"]]
        print_table(columns, rows, keep=columns)


def _print_comparison(found: dict[str, Any]) -> None:
    print(painted("\nAgainst Looker:", "bold"))
    print(f"{found['compared']:,} items were fetched again, {found['same']:,} are the same.")
    rows = [
        (one["type"], one["id"], one["status"], *fields)
        for one in found["others"]
        for fields in _fields(one)
    ]
    if rows:
        columns = ("type", "id", "status", "field", "in the vault", "in Looker")
        print_table(columns, rows, keep=columns[:4])


def _fields(one: dict[str, Any]) -> list[tuple[str, str, str]]:
    if not one["fields"]:
        return [(one["detail"], "", "")]
    return [(f["path"], _value(f["vault"]), _value(f["looker"])) for f in one["fields"]]


def _value(value: Any) -> str:
    """JSON in at most so many characters."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def print_findings(findings: list[dict[str, Any]]) -> None:
    if findings:
        print(painted("\nFound:", "bold"))
        columns = ("kind", "type", "id", "run", "detail")
        rows = [[finding[column] for column in columns] for finding in findings]
        print_table(columns, rows, keep=("kind", "type", "id", "run", "detail"))


def salvage_as_json(new: Path, salvaged: Salvaged) -> dict[str, Any]:
    whole = not salvaged.lost and not salvaged.unnamed
    return {
        "status": "complete" if whole else "partial",
        "vault": str(new),
        "kept": dict(salvaged.kept),
        "lost": [msgspec.structs.asdict(one) for one in salvaged.lost],
        "unnamed": salvaged.unnamed,
    }


def print_salvage(found: dict[str, Any]) -> None:
    kept, lost = found["kept"], found["lost"]
    versions, runs = kept.get("versions", 0), kept.get("runs", 0)
    print_pairs(
        [
            (found["vault"], f"{versions:,} versions of items, of {runs:,} runs"),
            ("Lost", len(lost) + sum(found["unnamed"].values())),
        ],
        colour="yellow" if found["status"] == "partial" else "green",
    )
    if lost:
        columns = ("type", "id", "run", "reason")
        print()
        print_table(columns, [[one[column] for column in columns] for one in lost], keep=columns)
    for name, count in found["unnamed"].items():
        print(f"{harmless(name)}: {count:,} items that the newest run counted are not even named")
    print()
    print_text(
        "The runs of the new vault are marked as salvaged: none of them is complete."
        " `lookervault extract` brings what is missing and is still in Looker."
    )


def watched(results: Iterable[Compared], watch: Quiet, total: int) -> Iterator[Compared]:
    for done, one in enumerate(results, start=1):
        watch("items", done, total)
        yield one


class Quiet:
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __call__(self, what: str, done: int, total: int) -> None:
        pass


class Line(Quiet):
    """How far the check has come: one line that changes on a terminal, a new one elsewhere."""

    def __init__(
        self, stream: TextIO, *, every_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._every_s = every_s
        self._same_line = stream.isatty() and not said.is_for_programs()
        self._next = clock() + every_s

    def __exit__(self, *_: object) -> None:
        if self._same_line:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def __call__(self, what: str, done: int, total: int) -> None:
        if (now := self._clock()) < self._next:
            return
        self._next = now + self._every_s
        text = f"{done:,} of {total:,} {what}"
        line = said.told(text, event="progress", what=what, done=done, total=total)
        self._stream.write(f"\r\x1b[K{line}" if self._same_line else f"{line}\n")
        self._stream.flush()


def choose(*, quiet: bool) -> Quiet:
    if quiet:
        return Quiet()
    return Line(sys.stderr, every_s=0.2 if terminal.may_draw() else 10.0)
