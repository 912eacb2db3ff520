"""What people write with the SDK: typed calls in a pool of threads, and JSON of the models.

`singly` asks for the ids and then for each dashboard; `pages` walks the search's offset pages.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.measure import measured


def run(url: str, workers: int, items: int, page_size: int) -> dict[str, Any]:
    """`page_size` 0 is singly. The login, the ids and the imports come before the clock runs."""
    os.environ |= {
        "LOOKERSDK_BASE_URL": url,
        "LOOKERSDK_CLIENT_ID": "bench",
        "LOOKERSDK_CLIENT_SECRET": "bench",
    }
    import looker_sdk  # noqa: PLC0415 - it reads the environment

    sdk = looker_sdk.init40()
    ids = [str(one.id) for one in sdk.all_dashboards(fields="id")][:items]

    def singly(identity: str) -> list[Any]:
        return [sdk.dashboard(identity)]

    def page(offset: int) -> Sequence[Any]:
        return sdk.search_dashboards(limit=page_size, offset=offset)

    def models(pool: ThreadPoolExecutor) -> Iterator[Any]:
        parts = (
            pool.map(page, range(0, len(ids), page_size)) if page_size else pool.map(singly, ids)
        )
        return (model for part in parts for model in part)

    with TemporaryDirectory() as folder, measured() as spent, ThreadPoolExecutor(workers) as pool:
        found = sum(_keep(Path(folder), model) for model in models(pool))
    return {"items": found, "wall": spent.wall, "cpu": spent.cpu}


def _keep(folder: Path, model: Any) -> int:
    from looker_sdk.rtl import serialize  # noqa: PLC0415 - see above

    data = serialize.serialize40(api_model=model)
    (folder / f"{model.id}.json").write_bytes(data)
    return 1
