"""A big Looker that goes on changing, run after run into one vault; and many kills.

    python -m tests.soak [--items N] [--runs N] [--kills N] [--seed N] [--write]

All runs are in one process, so that what one leaves behind is there in the next. The first run
stores everything; of the others, every other one finds Looker changed. Ends with 1, and says why,
where anything is lost, grows or is not as it should be. `--write` puts the result into
docs/reliability.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shlex
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from lookervault.demo.server import EmbeddedLooker
from lookervault.demo.store import Store
from lookervault.storage.repository import Repository
from tests.again import Again, Done, again
from tests.faults.kills import kill_often

PAGE = Path(__file__).parents[1] / "docs/reliability.md"
BEGIN, END = "<!-- begin soak -->\n", "<!-- end soak -->\n"

ITEMS, RUNS, KILLS = 100_000, 5, 100
FEWEST_RUNS = 5
"""The first one, and two of each kind to compare."""
CHANGED = ("dashboards", "looks", "boards")
CHANGED_SHARE = 0.01
SAMPLE = 200
"""Items of the last run that are fetched once more and compared."""

TOLERANCE = 0.1
"""By how much the last run may need more memory, or files at once, than the first of its kind."""
ROWS_OF_A_RUN = 100_000
"""Bytes that a run that found nothing new may add: its rows and its certificate."""


class Failure(Exception):
    """What went wrong, in words."""


class Row(NamedTuple):
    """Sizes in MB; `files` and `left` as in `Done`."""

    run: int
    changed: bool
    items: int
    calls: int
    seconds: float
    memory: float
    files: int | None
    left: int | None
    vault: float
    lost: int
    root: str


def one_run(program: Again, store: Store, vault: Path, *, changed: bool) -> Row:
    began = time.monotonic()
    done = good(program, "extract", "--json", "--vault", vault)
    found = json.loads(done.out)
    return Row(
        run=found["run"],
        changed=changed,
        items=found["items"],
        calls=found["calls"],
        seconds=time.monotonic() - began,
        memory=found["peak_memory_mb"] if done.memory is None else done.memory,
        files=done.files,
        left=done.left,
        vault=found["vault_bytes"] / 1e6,
        lost=lost(store, vault),
        root=found["root_hash"],
    )


def good(program: Again, *arguments: object) -> Done:
    """Raises `Failure` where it does not end with 0."""
    told = shlex.join(map(str, arguments))
    try:
        done = program.run(*arguments)
    except EOFError as error:
        raise Failure(str(error)) from error
    if done.code != 0:
        raise Failure(f"`{told}` ended with {done.code}: {done.err}{done.out}")
    return done


def lost(store: Store, vault: Path) -> int:
    """Items that Looker has and the vault has not, and the other way round."""
    with Repository.open(vault, write=False) as reader:
        return sum(len(reader.open_ids(name) ^ set(store.ids(name))) for name in CHANGED)


def change(store: Store, chance: random.Random) -> None:
    """Edits a share of each type; of all but dashboards, deletes a few and makes as many.

    Merge queries of dashboards that come or go do not follow in the embedded Looker.
    """
    for name in CHANGED:
        ids = store.ids(name)
        for identity in chance.sample(ids, max(1, int(len(ids) * CHANGED_SHARE))):
            store.edit(name, identity, title=f"Edited {chance.random()}")
        for identity in chance.sample(ids, 2) if name != "dashboards" else ():
            store.delete(name, identity)
            store.create(name, title=f"Made {chance.random()}")


def runs(items: int, count: int, seed: int, folder: Path) -> list[Row]:
    """Raises `Failure` as soon as a command ends badly."""
    chance, vault, rows = random.Random(seed), folder / "vault.db", list[Row]()
    with EmbeddedLooker(items, seed) as looker, again(looker.env()) as program:
        for number in range(count):
            if changed := number > 0 and number % 2 == 0:
                change(looker.store, chance)
            rows.append(one_run(program, looker.store, vault, changed=changed))
            say(line_of(rows[-1]))
        sampled = ("--against-looker", "--sample", SAMPLE)
        good(program, "verify", "--deep", *sampled, "--vault", vault)
        fresh = good(program, "extract", "--json", "--vault", folder / "fresh.db")
    if json.loads(fresh.out)["root_hash"] != rows[-1].root:
        raise Failure(f"run {rows[-1].run} has another root than a fresh vault of the same Looker")
    return rows


def faults(rows: Sequence[Row]) -> Iterator[str]:
    """What was lost, and what grew from run to run, in words."""
    for row in rows:
        if row.lost:
            yield f"run {row.run} lost {row.lost} items"
    for changed in (False, True):
        first, *_, last = [row for row in rows[1:] if row.changed == changed]
        yield from growth(first, last)
    for before, after in pairwise(rows):
        if not after.changed:
            yield from unlike(before, after)


def growth(first: Row, last: Row) -> Iterator[str]:
    """Of two runs that had the same to do."""
    runs = f"in run {last.run}, after {{}} in run {first.run}"
    if last.memory > first.memory * (1 + TOLERANCE):
        yield f"memory grows: {last.memory:.0f} MB {runs.format(f'{first.memory:.0f}')}"
    if (last.files or 0) > (first.files or 0) * (1 + TOLERANCE):
        yield f"open files grow: {last.files} at once {runs.format(first.files)}"
    if (last.left or 0) > (first.left or 0):
        yield f"files are left open: {last.left} {runs.format(first.left)}"


def unlike(before: Row, after: Row) -> Iterator[str]:
    """Of two runs between which nothing changed in Looker."""
    grown = round((after.vault - before.vault) * 1e6)
    if grown > ROWS_OF_A_RUN:
        yield f"the vault grows: by {grown:,} bytes in run {after.run}, which found nothing new"
    if after.root != before.root:
        yield f"run {after.run} has another root than run {before.run}, and nothing changed"


PASSED = f"""\
All runs were in one process. The last that found Looker changed, and the last that did not, needed
at most {TOLERANCE:.0%} more memory and open files than the first such after run 1, and left no more
files open. What found nothing new added at most {ROWS_OF_A_RUN // 1000} kB to the vault, and had
the same root. `verify --deep` found nothing, {SAMPLE} items were the same as in Looker, and a fresh
vault of the same Looker had the same root."""

HEADER = (
    "| run | Looker | items | calls | seconds | peak MB | files | left open | vault MB | lost |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


def line_of(row: Row) -> str:
    looker = "new" if row.run == 1 else "changed" if row.changed else "unchanged"
    files, left = ("not told" if count is None else count for count in (row.files, row.left))
    return (
        f"| {row.run} | {looker} | {row.items:,} | {row.calls:,} | {row.seconds:.1f}"
        f" | {row.memory:.0f} | {files} | {left} | {row.vault:.2f} | {row.lost} |"
    )


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def report(rows: Sequence[Row], items: int, kills: int, arguments: Sequence[str]) -> str:
    told = shlex.join(["python", "-m", "tests.soak", *arguments])
    where = f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores"
    reduced = items < ITEMS or kills < KILLS
    size = f" (reduced: the whole of it is {ITEMS:,} items and {KILLS} kills)" if reduced else ""
    lines = [
        f"`{told}`{size} on {datetime.now(UTC):%Y-%m-%d}, {where}:",
        "",
        HEADER,
        *map(line_of, rows),
        "",
        PASSED,
        f"Of {kills} kills at random moments on a small instance, none lost or damaged anything.",
    ]
    return "\n".join(lines) + "\n"


def write(text: str) -> None:
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}{text}{END}{after}")


def soak(items: int, count: int, kills: int, seed: int) -> list[Row]:
    """Raises `Failure` where anything is not as it should be."""
    with tempfile.TemporaryDirectory() as name:
        say(HEADER)
        rows = runs(items, count, seed, Path(name))
    if found := [*faults(rows)]:
        raise Failure("\n".join(found))
    if kills:
        kill(kills, seed)
    return rows


def kill(kills: int, seed: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        try:
            kill_often(Path(name) / "vault.db", kills, seed)
        except AssertionError as error:
            raise Failure(f"kills lost or damaged something: {error}") from error


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--items", type=int, default=ITEMS)
    parser.add_argument("--runs", type=int, default=RUNS, help=f"at least {FEWEST_RUNS}")
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help="into docs/reliability.md")
    chosen = parser.parse_args(arguments)
    if chosen.runs < FEWEST_RUNS:
        parser.error(f"--runs: fewer than {FEWEST_RUNS} leave nothing to compare")
    try:
        rows = soak(chosen.items, chosen.runs, chosen.kills, chosen.seed)
    except Failure as failure:
        say(f"\nFAILED: {failure}")
        return 1
    given = [one for one in arguments if one != "--write"]
    text = report(rows, chosen.items, chosen.kills, given)
    say(f"\n{text}")
    if chosen.write:
        write(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
