"""Vaults of a few items that are hashed as real ones, and the trees that are made of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from lookervault.content.items import ItemReader
from lookervault.content.model import Answer, Missing
from lookervault.content.registry import TYPES
from lookervault.storage.repository import Repository
from lookervault.storage.runs import RunEnd, RunRow, TypeResult
from lookervault.storage.versions import Version
from lookervault.tree.directory import Directory
from lookervault.tree.export import Outcome, export
from lookervault.tree.importing import Imported, bring
from lookervault.tree.marker import INDEX, MARKER
from tests.unit.storage.samples import start

type Content = Mapping[str, Mapping[str, Any]]
"""Objects by type and id: as Python has them, or as bytes."""


def run(
    repo: Repository, content: Content, status: str = "complete", *, at: float = 1_763_000_060.5
) -> int:
    """A run that saw just that, of its types."""
    number = repo.begin_run(msgspec.structs.replace(start(*content), started=at - 60))
    for name, objects in content.items():
        reader = ItemReader(TYPES[name])
        read = [
            reader.read(Answer(body, id), body)
            for id, obj in objects.items()
            for body in [obj if isinstance(obj, bytes) else json.dumps({"id": id} | obj).encode()]
        ]
        repo.store(number, repo.pack([item for item in read if item is not None]), None)
        if status == "complete":
            repo.vanish(number, name, repo.open_ids(name) - repo.confirmed(number, name))
    root, by_type = repo.root(number, list(content))
    results = [
        TypeResult(type=name, items=len(objects), census=len(objects), root=by_type[name])
        for name, objects in content.items()
    ]
    missing = [] if status == "complete" else [Missing("themes", "*", "forbidden")]
    repo.end_run(
        number,
        RunEnd(finished=at, status=status, root=root, types=results, missing=missing),
    )
    return number


def row(repo: Repository, number: int) -> RunRow:
    found = repo.run(number)
    assert found is not None
    return found


def exported(repo: Repository, number: int, folder: Path, files: str = "json") -> Outcome:
    with Directory(folder, make=True) as tree:
        return export(repo, row(repo, number), tree, files)


def files(folder: Path) -> dict[str, bytes]:
    """What lies in a tree, except for its own two files."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (MARKER, INDEX) and ".git" not in path.parts
    }


def changed(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> set[str]:
    return {path for path in {*before, *after} if before.get(path) != after.get(path)}


def imported(folder: Path, vault: Path) -> Imported:
    with Directory(folder) as tree:
        return bring(tree, vault)


def state(repo: Repository, number: int) -> dict[str, Any]:
    """What an imported run must share with the exported one."""
    columns = [name for name in Version.__struct_fields__ if name not in _OF_THE_VAULT]
    found = row(repo, number)
    return {
        "items": {
            name: [[getattr(one, c) for c in columns] for one, _ in repo.versions(name, number)]
            for name in TYPES
        },
        "confirmed": {name: repo.confirmed(number, name) for name in found.types},
        "needed": repo.needed("queries"),
        "root": (found.root, repo.root(number, found.types)),
        "run": (found.status, found.scope, found.types, found.finished, found.whole),
        "missing": repo.missing(number),
        "instance": (repo.instance(), found.instance),
    }


_OF_THE_VAULT = ("type", "object", "first_run", "end_run")
