"""Nightly trees of JSON, and the archives that others make of them: restic's and Borg's."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from bench import commands
from bench.nights import Key


class Tree:
    """A file for each item; only what changed is written again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, changed: Mapping[Key, bytes]) -> None:
        for key, body in changed.items():
            path = self.path(key)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)

    def path(self, key: Key) -> Path:
        return self.folder / key[0] / f"{quote(key[1], safe='')}.json"


class Restic:
    """A new repository, as restic makes it if not told otherwise: encrypted, compressed."""

    def __init__(self, folder: Path, tree: Tree) -> None:
        self.path = folder / "restic"
        self._tree = tree
        self.env = os.environ | {
            "RESTIC_REPOSITORY": str(self.path),
            "RESTIC_PASSWORD": "bench",
            "RESTIC_CACHE_DIR": str(folder / "restic-cache"),
        }
        commands.ran(self.command("init"), self.env)

    @staticmethod
    def is_here() -> bool:
        return shutil.which("restic") is not None

    def command(self, *arguments: str) -> list[str]:
        return ["restic", "--quiet", *arguments]

    def backup(self) -> commands.Ran:
        return commands.ran(self.command("backup", str(self._tree.folder)), self.env)

    def snapshots(self) -> list[str]:
        """Their ids, the oldest first."""
        said = commands.ran(self.command("snapshots", "--json"), self.env).said
        return [one["short_id"] for one in json.loads(said)]


class Borg:
    """A new repository, encrypted, compressed with zstd: without being told, Borg takes lz4."""

    def __init__(self, folder: Path, tree: Tree) -> None:
        self.path = folder / "borg"
        self._tree = tree
        self._env = os.environ | {
            "BORG_REPO": str(self.path),
            "BORG_PASSPHRASE": "bench",
            "BORG_BASE_DIR": str(folder / "borg-base"),
        }
        commands.ran(["borg", "--error", "init", "--encryption=repokey-blake2"], self._env)
        self._made = 0

    @staticmethod
    def is_here() -> bool:
        return shutil.which("borg") is not None

    def backup(self) -> commands.Ran:
        self._made += 1
        command = ["borg", "create", "--compression=zstd", f"::{self._made}"]
        return commands.ran([*command, str(self._tree.folder)], self._env)
