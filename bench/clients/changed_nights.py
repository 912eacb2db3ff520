"""A vault of the program's own run, and beside it what changes in the nights after it."""

from __future__ import annotations

import random
import shutil
from itertools import batched
from pathlib import Path
from typing import Any

import msgspec

from bench.clients.extract import extracted, settings
from bench.nights import PAGE, SEED, Key, Runs, edited
from lookervault.content.registry import select
from lookervault.storage.repository import Repository


def run(url: str, workers: int, folder: str, nights: int, share: float) -> dict[str, Any]:
    """Makes `FOLDER/vault.db`, and `FOLDER/1`, … with a `share` of the items each, changed.

    `changes` tells of each: how many items, their bytes, and those as a vault compresses them.
    """
    path, draft = Path(folder) / "vault.db", Path(folder) / "draft.db"
    made = extracted(settings(url), path, select([], []), {"workers": workers})
    shutil.copyfile(path, draft)  # to compress is to learn dictionaries, which are written down
    with Repository.open(draft, write=True) as vault:
        chance, runs = random.Random(SEED), Runs(vault)
        keys = sorted((name, id) for name in runs.types for id in vault.open_ids(name))
        changes = []
        for number in range(1, nights + 1):
            chance.shuffle(keys)
            changed = _changed(vault, keys, round(share * len(keys)), number)
            Path(folder, str(number)).write_bytes(msgspec.msgpack.encode(list(changed.items())))
            changes.append(_told(vault, runs, changed))
    draft.unlink()
    return {**made, "changes": changes}


def read(path: Path) -> dict[Key, bytes]:
    """What was written of a night."""
    return dict(msgspec.msgpack.decode(path.read_bytes(), type=list[tuple[Key, bytes]]))


def _changed(vault: Repository, keys: list[Key], count: int, night: int) -> dict[Key, bytes]:
    """The first ones of these that somebody may edit."""
    changed: dict[Key, bytes] = {}
    for key in keys:
        if len(changed) == count:
            break
        if (body := edited(key, vault.body(*key) or b"", night)) is not None:
            changed[key] = body
    return changed


def _told(vault: Repository, runs: Runs, changed: dict[Key, bytes]) -> dict[str, int]:
    packed = (
        one
        for items in runs.items(changed).values()
        for page in batched(items, PAGE, strict=False)
        for by_id in vault.pack(page).types.values()
        for one in by_id.values()
    )
    return {
        "items": len(changed),
        "raw": sum(map(len, changed.values())),
        "compressed": sum(len(one.data) for one in packed),
    }
