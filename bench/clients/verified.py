"""A vault of the program's own run, and each of its bytes looked at."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.clients.extract import extracted, settings
from bench.measure import Spent, measured
from lookervault.content.registry import select
from lookervault.storage.findings import Report
from lookervault.storage.verify import verify


def run(url: str, workers: int) -> dict[str, Any]:
    """Seconds of three looks at the same vault, which is in the system's cache."""
    with TemporaryDirectory(prefix="lookervault-bench-") as folder:
        path = Path(folder) / "vault.db"
        made = extracted(settings(url), path, select([], []), {"workers": workers})
        spent = {
            "plain": _timed(partial(verify, path)),
            "deep": _timed(partial(verify, path, deep=True)),
            "quick": _timed(partial(verify, path, quick=True)),
        }
    seconds = {name: one.wall for name, one in spent.items()}
    return {**made, **seconds, "cpu": spent["plain"].cpu}


def _timed(look: Callable[[], Report]) -> Spent:
    with measured() as spent:
        report = look()
    if report.findings:
        raise RuntimeError(f"a whole vault has findings: {report.findings[:3]}")
    return spent
