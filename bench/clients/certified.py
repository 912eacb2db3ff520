"""The program's own run, with a key that signs its certificate or without; and what that costs."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import lookervault
from bench.clients.extract import Silent, settings
from bench.measure import measured
from lookervault.config.models import parallel_config
from lookervault.content.registry import select
from lookervault.extraction.memory import share_one_arena
from lookervault.extraction.orchestrator import Orchestrator
from lookervault.extraction.request import Request
from lookervault.looker.client import Looker
from lookervault.storage import certificates
from lookervault.storage.certificates import Signer
from lookervault.storage.connections import open_writer
from lookervault.storage.repository import Repository

_TIMES = 50


def run(url: str, *, signed: bool, **flags: Any) -> dict[str, Any]:
    """`wall` is from the key's reading to the vault's closing, with the import of what signs.

    `key` and `certificate` are seconds: for reading the key, and for one more certificate of the
    same run, written and rolled back.
    """
    share_one_arena()  # as the command does
    with TemporaryDirectory(prefix="lookervault-bench-") as folder:
        path, key = Path(folder) / "vault.db", Path(folder) / "key.pem"
        if signed:
            key.write_text(_KEY)
        with measured() as spent:
            signer, reading = _signer(key) if signed else (None, 0.0)
            items = _extract(url, path, signer, flags)
        statement, seconds = _again(path, signer)
    return {
        "items": items,
        "wall": spent.wall,
        "cpu": spent.cpu,
        "key": reading,
        "certificate": seconds,
        "bytes": statement,
    }


_KEY = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f
-----END PRIVATE KEY-----
"""
"""Thirty-two bytes from 0 to 31: a key that is no secret."""


def _signer(key: Path) -> tuple[Signer, float]:
    began = time.perf_counter()
    from lookervault.proof import keys  # noqa: PLC0415  its import is part of what is measured

    return keys.read(key, "the benchmark"), time.perf_counter() - began


def _extract(url: str, path: Path, signer: Signer | None, flags: dict[str, Any]) -> int:
    where, config = settings(url), parallel_config(flags)
    client = Looker(where, pool_size=config.workers)
    request = Request(
        types=select([], []),
        base_url=where.base_url,
        program_version=lookervault.__version__,
        all_due=True,
    )
    with Repository.open(path, write=True, signer=signer) as vault:
        result = Orchestrator(client, vault, config, Silent()).run(request)
    client.close()
    if result.end.status != "complete":
        raise RuntimeError(f"the run is {result.end.status}: {result.end.reasons}")
    return result.end.items


def _again(path: Path, signer: Signer | None) -> tuple[int, float]:
    """Bytes of the run's statement, and the median of the seconds that another one takes."""
    seconds = []
    with closing(open_writer(path)) as connection:
        (first,) = certificates.read_all(connection)
        for _ in range(_TIMES):
            connection.execute("BEGIN IMMEDIATE")
            began = time.perf_counter()
            certificates.issue(connection, first.run, signer)
            seconds.append(time.perf_counter() - began)
            connection.execute("ROLLBACK")
    return len(first.certificate.statement), median(seconds)
