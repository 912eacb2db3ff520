"""A big Looker that goes on changing, run after run into one vault; and many kills.

    python -m tests.soak [--items N] [--runs N] [--kills N] [--seed N] [--write]

Ends with 1 where anything is lost. `--write` puts the result into docs/reliability.md.
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
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from lookervault.demo.server import EmbeddedLooker
from lookervault.demo.store import Store
from lookervault.storage.repository import Repository
from tests.cli.running import AS_ITSELF, started
from tests.faults.kills import kill_often

PAGE = Path(__file__).parents[1] / "docs/reliability.md"
BEGIN, END = "<!-- begin soak -->\n", "<!-- end soak -->\n"

ITEMS, KILLS = 100_000, 100
CHANGED = ("dashboards", "looks", "boards")
CHANGED_SHARE = 0.01
SAMPLE = 200
"""Items of the last run that are fetched once more and compared."""


class Row(NamedTuple):
    """Sizes in MB; `files` is the most that were open at once, None where nobody can tell."""

    run: int
    status: str
    items: int
    calls: int
    seconds: float
    memory: float
    files: int | None
    vault: float
    lost: int


class OpenFiles:
    """Counts those of a process until it ends, on systems that tell."""

    def __init__(self, process_id: int) -> None:
        self._folder = Path(f"/proc/{process_id}/fd")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.most: int | None = None
        self._thread.start()

    def _watch(self) -> None:
        while not self._ended.wait(0.05):
            try:
                count = len(os.listdir(self._folder))  # noqa: PTH208 - names are enough
            except OSError:
                return
            self.most = max(count, self.most or 0)

    def stop(self) -> int | None:
        self._ended.set()
        self._thread.join()
        return self.most


def one_run(looker: EmbeddedLooker, vault: Path) -> Row:
    began = time.monotonic()
    out, most = good("extract", "--json", "--vault", vault, env=looker.env())
    found = json.loads(out)
    return Row(
        run=found["run"],
        status=found["status"],
        items=found["items"],
        calls=found["calls"],
        seconds=time.monotonic() - began,
        memory=found["peak_memory_mb"],
        files=most,
        vault=found["vault_bytes"] / 1e6,
        lost=lost(looker.store, vault),
    )


def good(*arguments: object, env: Mapping[str, str] | None = None) -> tuple[bytes, int | None]:
    """What the program printed, however long it took, and its open files. Raises SystemExit."""
    with started(*arguments, env=env, command=AS_ITSELF) as process:
        files = OpenFiles(process.pid)
        out, err = process.communicate()
        most = files.stop()
    if process.returncode != 0:
        raise SystemExit(f"{arguments} ended with {process.returncode}: {err.decode()}")
    return out, most


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
    chance, vault, rows = random.Random(seed), folder / "vault.db", []
    with EmbeddedLooker(items, seed) as looker:
        for number in range(count):
            if number:
                change(looker.store, chance)
            rows.append(one_run(looker, vault))
            say(line_of(rows[-1]))
        sampled = ("verify", "--against-looker", "--sample", SAMPLE, "--vault", vault)
        good(*sampled, env=looker.env())
    good("verify", "--deep", "--vault", vault)
    return rows


HEADER = (
    "| run | status | items | calls | seconds | peak MB | open files | vault MB | lost |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def line_of(row: Row) -> str:
    return (
        f"| {row.run} | {row.status} | {row.items:,} | {row.calls:,} | {row.seconds:.1f}"
        f" | {row.memory:.0f} | {row.files or 'not told'} | {row.vault:.1f} | {row.lost} |"
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
        f"Then `verify --deep` found nothing, and {SAMPLE} items were the same as in Looker.",
        f"Of {kills} kills at random moments on a small instance, none lost or damaged anything.",
    ]
    return "\n".join(lines) + "\n"


def write(text: str) -> None:
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}{text}{END}{after}")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--items", type=int, default=ITEMS)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        say(HEADER)
        rows = runs(chosen.items, chosen.runs, chosen.seed, Path(name))
        kill_often(Path(name) / "killed.db", chosen.kills, chosen.seed)
    given = [one for one in arguments if one != "--write"]
    text = report(rows, chosen.items, chosen.kills, given)
    say(f"\n{text}")
    if chosen.write:
        write(text)
    return 1 if any(row.lost for row in rows) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
