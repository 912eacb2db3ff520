"""What a night costs a vault in which nothing changes."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.nights import Nights


def run(items: int, nights: int) -> dict[str, Any]:
    """Bytes that each night adds."""
    with (
        TemporaryDirectory(prefix="lookervault-bench-") as name,
        Nights(Path(name) / "vault.db", items, share=0) as company,
    ):
        company.next()  # the first pages of tables that the first run had no use for
        before = company.vault.size_report().disk
        for _ in range(nights):
            company.next()
        grown = company.vault.size_report().disk - before
        return {"items": len(company.bodies), "bytes": grown / nights}
