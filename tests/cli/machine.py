"""The machine of the nights: what it has are a store's URL and keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyrage

from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import Completed, program

TYPES = ("dashboards", "looks", "roles", "role_members", "queries", "users")


class Machine:
    """With an empty disk each night: what it has are a store's URL and keys."""

    def __init__(self, folder: Path, looker: EmbeddedLooker) -> None:
        self.folder = folder
        self.disk = folder / "disk"
        self.disk.mkdir()
        identity = pyrage.x25519.Identity.generate()
        (folder / "identity.txt").write_text(f"{identity}\n")
        (folder / "identity.txt").chmod(0o600)
        self.env = {
            **looker.env(),
            "LOOKERVAULT_STORE": f"file://{folder}/store",
            "LOOKERVAULT_RECIPIENTS": str(identity.to_public()),
            "LOOKERVAULT_INDEX_KEY": str(folder / "index.key"),
            "TMPDIR": str(self.disk),
        }
        self.reader = self.env | {"LOOKERVAULT_IDENTITY": str(folder / "identity.txt")}

    def night(self, *arguments: Any) -> Any:
        done = program("extract", *TYPES, *arguments, "--json", env=self.env, cwd=self.disk)
        assert done.code == 0, done
        assert list(self.disk.iterdir()) == [], "it leaves nothing behind"
        return done.json

    def asked(self, *arguments: Any) -> Completed:
        return program(*arguments, env=self.reader, cwd=self.disk)
