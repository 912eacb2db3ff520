"""A bare download: the same pages of ids by as many threads, nothing parsed, nothing kept."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from typing import Any

import msgspec

from bench.clients.extract import settings
from bench.measure import measured
from lookervault.content import operations as op
from lookervault.looker.client import Looker


def run(url: str, workers: int, page_size: int) -> dict[str, Any]:
    """The ids are asked for before the clock runs; login and imports are over by then, too."""
    client = Looker(settings(url), pool_size=workers)
    rows = msgspec.json.decode(client.get(op.SEARCH_DASHBOARDS, params={"fields": "id"}))
    pages = list(batched([row["id"] for row in rows], page_size, strict=False))

    def get(page: Sequence[str]) -> int:
        params = {"deleted": "false", "sorts": "id", "id": ",".join(page), "limit": str(len(page))}
        return len(client.get(op.SEARCH_DASHBOARDS, params=params))

    with measured() as spent, ThreadPoolExecutor(workers) as pool:
        size = sum(pool.map(get, pages))
    return {"items": len(rows), "raw": size, "wall": spent.wall, "cpu": spent.cpu}
