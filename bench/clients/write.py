"""Items of a page each into a new vault, by one thread, as a worker does it; no network."""

from __future__ import annotations

from itertools import batched
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.measure import measured
from bench.render import Recipe, sized_bodies
from lookervault.content.canonical import Canon
from lookervault.content.model import Item
from lookervault.storage.repository import Repository
from lookervault.storage.runs import RunStart

_PAGE = 100
_START = RunStart(
    started=0,
    instance="bench",
    base_url="bench",
    user="bench",
    user_id="1",
    looker_version="",
    program_version="",
    arguments={},
    types=["users"],
    scope=None,
)


def run(items: int, size: int) -> dict[str, Any]:
    pages = list(batched(_items(items, size), _PAGE, strict=False))
    with (
        TemporaryDirectory(prefix="lookervault-bench-") as folder,
        Repository.open(Path(folder) / "vault.db", write=True) as vault,
    ):
        number = vault.begin_run(_START)
        with measured() as spent:
            for page in pages:
                vault.store(number, vault.pack(page), None)
    mean = sum(len(item.body) for page in pages for item in page) / items
    return {"items": items, "mean": mean, "wall": spent.wall, "cpu": spent.cpu}


def _items(count: int, size: int) -> list[Item]:
    canon = Canon(())
    return [
        Item(type="users", id=identity, body=body, hash=canon.read(body).hash)
        for identity, body in sized_bodies(Recipe(count, "users", size))
    ]
