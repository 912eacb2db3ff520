"""Nights into a vault and from it into a store; the same as files into archives of others."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from bench.archives import Borg, Restic, Tree
from bench.commands import Ran, ran, size
from bench.nights import Nights


class _Archive(Protocol):
    path: Path

    def backup(self) -> Ran: ...


class _Ours:
    """`snapshot push` into a folder."""

    def __init__(self, folder: Path, vault: Path, keys: Mapping[str, str]) -> None:
        self.path = folder / "store"
        self._env = os.environ | keys | {"LOOKERVAULT_STORE": self.path.as_uri()}
        self._command = [sys.executable, "-m", "lookervault", "snapshot", "push"]
        self._command += ["--vault", str(vault)]

    def backup(self) -> Ran:
        return ran(self._command, self._env)


def run(items: int, nights: int, keys: Mapping[str, str]) -> dict[str, Any]:
    """Of each archive that can be made here: `first` and `night` in seconds, sizes in bytes.

    `keys` are variables of the environment.
    """
    with TemporaryDirectory(prefix="lookervault-bench-") as name:
        folder = Path(name)
        vault, tree = folder / "vault.db", Tree(folder / "tree")
        archives: dict[str, _Archive] = {"ours": _Ours(folder, vault, keys)}
        archives |= {one.__name__: one(folder, tree) for one in (Restic, Borg) if one.is_here()}
        told: dict[str, dict[str, Any]] = {}
        with Nights(vault, items) as company:
            company.close()
            tree.write(company.bodies)
            for which, archive in archives.items():
                spent = archive.backup().seconds
                told[which] = {"first": spent, "first_size": size(archive.path), "nights": []}
            for _ in range(nights):
                company.open()
                night = company.next()
                company.close()  # as between two runs
                tree.write(night.changed)
                for which, archive in archives.items():
                    told[which]["nights"].append(archive.backup().seconds)
            found = {"items": len(company.bodies), "raw": sum(map(len, company.bodies.values()))}
        for which, archive in archives.items():
            told[which]["size"] = size(archive.path)
            told[which]["night"] = median(told[which].pop("nights"))
    return found | {"archives": told}
