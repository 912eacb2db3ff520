"""The program's own run: its orchestrator, its client, a vault on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import lookervault
from bench.measure import measured
from lookervault.config.models import parallel_config
from lookervault.config.settings import Settings, load
from lookervault.content.model import ContentType
from lookervault.content.registry import select
from lookervault.extraction.memory import share_one_arena
from lookervault.extraction.orchestrator import Orchestrator
from lookervault.extraction.request import Request
from lookervault.extraction.retry import Tally
from lookervault.extraction.work_queue import InFlight
from lookervault.looker.client import Looker
from lookervault.storage.repository import Repository


class Silent:
    """`extraction.progress.Progress` that shows nothing."""

    def update(self, type_name: str, done: int, total: int, *, finished: bool) -> None:
        pass

    def beat(self, tally: Tally, rate: float | None) -> None:
        pass


def settings(url: str) -> Settings:
    env = {
        "LOOKERSDK_BASE_URL": url,
        "LOOKERSDK_CLIENT_ID": "bench",
        "LOOKERSDK_CLIENT_SECRET": "bench",
    }
    return load({}, env)


def run(
    url: str, types: Sequence[str] = (), exclude: Sequence[str] = (), **flags: Any
) -> dict[str, Any]:
    """From the login to the vault's closing; nothing is counted before."""
    share_one_arena()  # as the command does
    chosen = select(list(types), list(exclude))
    with TemporaryDirectory(prefix="lookervault-bench-") as folder, measured() as spent:
        result = extracted(settings(url), Path(folder) / "vault.db", chosen, flags)
    return {**result, "wall": spent.wall, "cpu": spent.cpu}


def extracted(
    where: Settings, path: Path, types: list[ContentType], flags: dict[str, Any]
) -> dict[str, Any]:
    config = parallel_config(flags)
    in_flight = InFlight(config.bytes_in_flight)
    client = Looker(where, pool_size=config.workers, admit=in_flight.hold)
    request = Request(
        types=types,
        base_url=where.base_url,
        program_version=lookervault.__version__,
        all_due=True,
    )
    with Repository.open(path, write=True) as vault:
        result = Orchestrator(client, vault, config, Silent(), in_flight=in_flight).run(request)
        size = vault.size_report()
    client.close()
    if result.error is not None:
        raise result.error
    end = result.end
    if end.status != "complete":
        raise RuntimeError(f"the run is {end.status}: {end.reasons} {end.missing[:5]}")
    return {
        "items": end.items,
        "calls": end.calls,
        "retries": end.retries,
        "throttled": end.throttled,
        "utilization": end.utilization,
        "raw": size.raw,
        "disk": path.stat().st_size,
    }
