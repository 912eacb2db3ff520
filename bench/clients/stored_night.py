"""A night on a machine that has a store's URL and keys, and nothing else: as `extract --store`.

The run itself is written into the vault as an extraction would, without Looker.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.clients.changed_nights import read
from bench.measure import measured
from bench.nights import Runs
from lookervault.cli.staging import Staged
from lookervault.cli.stores import Opened
from lookervault.config.stores import needed
from lookervault.extraction.memory import share_one_arena
from lookervault.storage.repository import Repository


def run(env: Mapping[str, str], base_url: str, changes: str, night: int) -> dict[str, Any]:
    """`changes` is the file of what changed in that night, `env` has the store and its keys."""
    os.environ.update(env)
    changed = read(Path(changes))
    with TemporaryDirectory(prefix="lookervault-bench-") as folder, measured() as spent:
        there = Opened(needed({}, os.environ))
        staged = Staged(there, Path(folder) / "vault.db", is_temporary=True)
        staged.begin(base_url)
        share_one_arena()
        with Repository.open(staged.vault, write=True, fetch=staged.fetch) as vault:
            number = Runs(vault).add(vault, night, changed)
        told, error = staged.pushed({"run": number}, None)
    if error is not None:
        raise error
    if told["snapshot"]["run"] != night + 1:
        raise RuntimeError(f"night {night} is not that after the newest snapshot: {told}")
    traffic = ("uploaded_bytes", "downloaded_bytes", "requests")
    counted = {name: told["snapshot"][name] for name in traffic}
    return counted | {"wall": spent.wall, "cpu": spent.cpu}
