"""Runs and items as the engine hands them to the vault."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from lookervault.content.model import Item, Missing
from lookervault.storage.repository import Repository
from lookervault.storage.runs import RunEnd, RunStart, TypeResult

NAMES = [
    "Anna",
    "Bo",
    "Chiyo",
    "Dora",
    "Emil",
    "Fatma",
    "Goran",
    "Hana",
    "Ines",
    "Jiří",
    "Kofi",
    "Lê",
]


def start(*types: str, scope: list[str] | None = None) -> RunStart:
    return RunStart(
        started=1_763_000_000.25,
        instance="looker.example.com",
        base_url="https://looker.example.com",
        user="Backup",
        user_id="7",
        looker_version="26.22.1",
        program_version="0.1.0",
        arguments={"workers": 8, "rate": None},
        types=list(types or ("users",)),
        scope=scope,
    )


def end(status: str = "complete", root: bytes | None = None) -> RunEnd:
    return RunEnd(
        finished=1_763_000_060.5,
        status=status,
        reasons=["visibility"] if status == "partial" else [],
        calls=12,
        retries=1,
        throttled=2,
        bytes=34_567,
        items=3,
        utilization=0.93,
        peak_memory_mb=88.5,
        root=root,
        types=[TypeResult(type="users", items=3, new=3, calls=2, census=3, root=root)],
        missing=[Missing("users", "9", "forbidden"), Missing("looks", "*", "forbidden")],
    )


def body(id: str, state: int = 0) -> bytes:
    """About a kilobyte that looks like a user."""
    draw = random.Random(f"{id} {state}")
    url = f"https://looker.example.com/api/4.0/users/{id}/credentials_email"
    user = {
        "id": id,
        "first_name": draw.choice(NAMES),
        "last_name": f"{draw.choice(NAMES)}sson",
        "email": f"user{id}@example.com",
        "state": state,
        "created_at": f"2024-0{draw.randrange(1, 9)}-1{draw.randrange(9)}T10:00:00.000+00:00",
        "group_ids": [str(draw.randrange(50)) for _ in range(5)],
        "role_ids": [str(draw.randrange(9))],
        "credentials": {"url": url},
        "nothing": {f"field_{number}": None for number in range(40)},
    }
    return json.dumps(user, ensure_ascii=False).encode()


def item(
    id: str,
    state: int = 0,
    *,
    type: str = "users",
    trashed: bool = False,
    updated_at: str | None = None,
    refs: bytes | None = None,
) -> Item:
    stored = body(id, state)
    return Item(
        type=type,
        id=id,
        body=stored,
        hash=sha256(b"canonical " + stored).digest(),
        name=f"Üser {id}",
        updated_at=updated_at,
        trashed=trashed,
        folder_id="3",
        refs=refs,
        redacted=("ui_state.token",),
    )


def page(ids: Iterable[int], state: int = 0, *, type: str = "users") -> list[Item]:
    return [item(str(number), state, type=type) for number in ids]


def bodies(ids: Iterable[object], state: int = 0) -> dict[str, bytes]:
    return {str(each): body(str(each), state) for each in ids}


def edit(vault: Path, statement: str) -> None:
    """Changes rows behind the vault's back."""
    connection = sqlite3.connect(vault, isolation_level=None)
    try:
        assert connection.execute(statement).rowcount > 0
    finally:
        connection.close()


def column(vault: Path, query: str) -> list[Any]:
    connection = sqlite3.connect(vault)
    try:
        return [row[0] for row in connection.execute(query)]
    finally:
        connection.close()


def finished_run(repo: Repository, items: Iterable[Item], *types: str) -> int:
    """A complete run of one page, as the engine does it: what it did not see has vanished."""
    run = repo.begin_run(start(*types))
    repo.store(run, repo.pack(list(items)), 0)
    names = types or ("users",)
    for name in names:
        repo.vanish(run, name, repo.open_ids(name) - repo.confirmed(run, name))
    root, _ = repo.root(run, names)
    repo.end_run(run, end(root=root))
    return run
