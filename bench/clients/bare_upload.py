"""Bytes into a store by obstore and nothing else: as many objects, as large as those of another."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from obstore.store import LocalStore, S3Store

from bench.measure import measured
from lookervault.snapshot.targets import open_store


def run(url: str, like: str, env: Mapping[str, str], threads: int) -> dict[str, Any]:
    """Puts under `url` what is as large as the objects of the store `like`."""
    sizes = [one.size for one in open_store(like, env).list("")]
    data = memoryview(os.urandom(max(sizes)))
    store = _store(url, env)

    def put(number: int) -> None:
        store.put(f"bare/{number}", data[: sizes[number]], use_multipart=False)

    with measured() as spent, ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(put, range(len(sizes))):
            pass
    return {"objects": len(sizes), "bytes": sum(sizes), "wall": spent.wall, "cpu": spent.cpu}


def _store(url: str, env: Mapping[str, str]) -> LocalStore | S3Store:
    parts = urlsplit(url)
    if parts.scheme == "file":
        return LocalStore(Path(parts.path), mkdir=True)
    config: Any = {name.lower(): value for name, value in env.items() if name.startswith("AWS_")}
    return S3Store.from_url(url, config=config, client_options={"allow_http": True})
