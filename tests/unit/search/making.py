"""Vaults of a few items that a test spells out, and what is found in them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from lookervault.content.model import Item
from lookervault.content.registry import TYPES
from lookervault.search.finding import Found, search
from lookervault.search.index import Question, ask
from lookervault.search.marks import Kind
from lookervault.search.using import Target, User, uses
from lookervault.storage.repository import Repository
from tests.unit.storage.samples import finished_run

type Objects = dict[tuple[str, str], dict[str, Any]]


def made(type: str, id: str, obj: dict[str, Any]) -> Item:
    body = json.dumps({"id": id, **obj}).encode()
    return Item(
        type=type,
        id=id,
        body=body,
        hash=sha256(body).digest(),
        name=TYPES[type].title(obj),
        trashed=obj.get("deleted") is True,
    )


def run(path: Path, objects: Objects) -> int:
    """A run that finds these objects, and no others."""
    types = {type for type, _ in objects} | {"dashboards", "looks"}
    with Repository.open(path, write=True) as vault:
        items: Iterable[Item] = [made(*name, obj) for name, obj in objects.items()]
        return finished_run(vault, items, *sorted(types))


def asked[T](path: Path, question: Question[T], told: list[str] | None = None) -> T:
    with Repository.open(path, write=False) as vault:
        return ask(vault, question, (told if told is not None else []).append)


def found(path: Path, text: str, told: list[str] | None = None, **how: Any) -> list[Found]:
    result = asked(path, lambda index, contents: search(index, contents, text, **how), told)
    assert how.get("limit") is not None or result.total == len(result.found)
    return result.found


def ids(path: Path, text: str, **how: Any) -> list[str]:
    return [one.id for one in found(path, text, **how)]


def users(path: Path, kind: Kind, value: str) -> list[User]:
    target = Target(kind, value)
    return asked(path, lambda index, contents: uses(index, contents, [target])).found
