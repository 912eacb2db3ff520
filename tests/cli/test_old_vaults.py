"""The vault of format 1 that is kept."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from tests.cli.running import program

DATA = Path(__file__).parents[1] / "data"
KEPT = DATA / "vaults/format-1.db"


def test_the_vault_that_is_kept_is_the_one_that_is_described() -> None:
    described = (DATA / "README.md").read_text()
    assert f"`{sha256(KEPT.read_bytes()).hexdigest()}`" in described
    runs = program("runs", "--json", "--vault", KEPT).json
    told = [f"| {run['run']} | {run['items']} | `{run['root_hash'][:16]}` |" for run in runs]
    assert [line for line in told if line in described] == told
