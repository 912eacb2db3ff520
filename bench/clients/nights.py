"""Nights into a vault, and the same content as files into a restic repository."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from bench.nights import Key, Night, Nights

_TIMES = 3
"""How often a command is measured; the median counts."""


def run(items: int, nights: Sequence[int]) -> dict[str, Any]:
    """What is measured after so many nights (`after`, by their number); sizes in bytes."""
    with TemporaryDirectory(prefix="lookervault-bench-") as name:
        folder = Path(name)
        with Nights(folder / "vault.db", items) as company:
            found: dict[str, Any] = {
                "items": len(company.bodies),
                "raw": sum(map(len, company.bodies.values())),
                "first": _size(folder / "vault.db"),
            }
            restic = Restic(folder, company.bodies) if shutil.which("restic") else None
            found["after"] = dict(_simulated(company, restic, nights))
    return found | {"restic": restic is not None}


def _simulated(
    company: Nights, restic: Restic | None, nights: Sequence[int]
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
            theirs.append(restic.backup(night.changed))
        if number in nights:
            company.close()  # as between two runs
            told = _vault(company.path, night) | {"changes": changes, "night": median(ours)}
            if restic is not None:
                told["restic"] = restic.measured(night) | {"night": median(theirs)}
            yield str(number), told
            company.open()


def _vault(path: Path, night: Night) -> dict[str, Any]:
    type_, id = next(iter(night.changed))
    last = night.run
    commands = {
        "log": ("log", type_, id),
        "feed": ("log", "--all", "--since", "2000-01-01", "--limit", "100"),
        "diff": ("diff", str(last - 1), str(last)),
        "long_diff": ("diff", "1", str(last)),
        "show": ("show", type_, id, "--run", str(last // 2)),
        "verify": ("verify", "--quiet"),
    }
    program = [sys.executable, "-m", "lookervault"]
    told = {name: _timed([*program, *one, "--vault", str(path)]) for name, one in commands.items()}
    return {"size": _size(path)} | told


class Restic:
    """A repository of the nightly trees: a file for each item, rewritten where it changed."""

    def __init__(self, folder: Path, bodies: Mapping[Key, bytes]) -> None:
        self._tree = folder / "tree"
        self._repository = folder / "restic"
        self._env = os.environ | {
            "RESTIC_REPOSITORY": str(self._repository),
            "RESTIC_PASSWORD": "bench",
            "RESTIC_CACHE_DIR": str(folder / "cache"),
        }
        self._run("init")
        self.backup(bodies)

    def backup(self, changed: Mapping[Key, bytes]) -> float:
        """Seconds that it took, without the writing of the files."""
        for key, body in changed.items():
            path = self._path(key)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        return _timed(self._command("backup", str(self._tree)), self._env, times=1)

    def measured(self, night: Night) -> dict[str, Any]:
        snapshots = json.loads(self._run("snapshots", "--json"))
        first, before, last = (snapshots[place]["short_id"] for place in (0, -2, -1))
        path = str(self._path(next(iter(night.changed))))
        middle = snapshots[len(snapshots) // 2]["short_id"]
        commands = {
            "diff": ("diff", before, last),
            "long_diff": ("diff", first, last),
            "show": ("dump", middle, path),
            "verify": ("check", "--read-data"),
        }
        times = {n: _timed(self._command(*one), self._env) for n, one in commands.items()}
        return {"size": _size(self._repository)} | times

    def _path(self, key: Key) -> Path:
        return self._tree / key[0] / f"{quote(key[1], safe='')}.json"

    def _command(self, *arguments: str) -> list[str]:
        return ["restic", "--quiet", *arguments]

    def _run(self, *arguments: str) -> bytes:
        done = subprocess.run(
            self._command(*arguments), env=self._env, stdout=subprocess.PIPE, check=True
        )
        return done.stdout


def _timed(
    command: Sequence[str], env: Mapping[str, str] | None = None, *, times: int = _TIMES
) -> float:
    """Seconds of a process, from its start to its end."""
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        subprocess.run(command, env=env, stdout=subprocess.DEVNULL, check=True)
        seconds.append(time.perf_counter() - began)
    return median(seconds)


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
