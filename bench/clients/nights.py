"""Nights into a vault, and the same content as files into a restic repository."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from bench.archives import Restic, Tree
from bench.commands import seconds, size
from bench.nights import Night, Nights


def run(items: int, nights: Sequence[int]) -> dict[str, Any]:
    """What is measured after so many nights (`after`, by their number); sizes in bytes."""
    with TemporaryDirectory(prefix="lookervault-bench-") as name:
        folder = Path(name)
        with Nights(folder / "vault.db", items) as company:
            found: dict[str, Any] = {
                "items": len(company.bodies),
                "raw": sum(map(len, company.bodies.values())),
                "first": size(folder / "vault.db"),
            }
            tree = Tree(folder / "tree")
            restic = Restic(folder, tree) if Restic.is_here() else None
            if restic is not None:
                tree.write(company.bodies)
                restic.backup()
            found["after"] = dict(_simulated(company, tree, restic, nights))
    return found | {"restic": restic is not None}


def _simulated(
    company: Nights, tree: Tree, restic: Restic | None, nights: Sequence[int]
) -> Iterator[tuple[str, Any]]:
    changes = 0
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(1, max(nights) + 1):
        began = time.perf_counter()
        night = company.next()
        ours.append(time.perf_counter() - began)
        changes += len(night.changed)
        if restic is not None:
            tree.write(night.changed)
            theirs.append(restic.backup().seconds)
        if number in nights:
            company.close()  # as between two runs
            told = _vault(company.path, night) | {"changes": changes, "night": median(ours)}
            if restic is not None:
                item = tree.path(next(iter(night.changed)))
                told["restic"] = _restic(restic, item, theirs)
            yield str(number), told
            company.open()


def _vault(path: Path, night: Night) -> dict[str, Any]:
    type_, id = next(iter(night.changed))
    last = night.run
    questions = {
        "log": ("log", type_, id),
        "feed": ("log", "--all", "--since", "2000-01-01", "--limit", "100"),
        "diff": ("diff", str(last - 1), str(last)),
        "long_diff": ("diff", "1", str(last)),
        "show": ("show", type_, id, "--run", str(last // 2)),
        "verify": ("verify", "--quiet"),
    }
    program = [sys.executable, "-m", "lookervault"]
    told = {
        name: seconds([*program, *one, "--vault", str(path)]) for name, one in questions.items()
    }
    return {"size": size(path)} | told


def _restic(restic: Restic, item: Path, spent: Sequence[float]) -> dict[str, Any]:
    ids = restic.snapshots()
    questions = {
        "diff": ("diff", ids[-2], ids[-1]),
        "long_diff": ("diff", ids[0], ids[-1]),
        "show": ("dump", ids[len(ids) // 2], str(item)),
        "verify": ("check", "--read-data"),
    }
    times = {n: seconds(restic.command(*one), restic.env) for n, one in questions.items()}
    return {"size": size(restic.path), "night": median(spent)} | times
