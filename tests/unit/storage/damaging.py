"""A small vault of every kind of row, ways to damage it, and all that can be read from it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from lookervault.content.canonical import Canon
from lookervault.content.model import Item
from lookervault.storage import log, verify_file
from lookervault.storage.connections import open_reader
from lookervault.storage.repository import Repository
from lookervault.storage.runs import TypeResult
from tests.unit.storage.samples import end, item, page, start

PAGE = 8192


def real(one: Item) -> Item:
    """With the content hash that the type's canonical form gives."""
    return msgspec.structs.replace(one, hash=Canon(()).read(one.body).hash)


def long_item(id: str) -> Item:
    """Its body goes on over several pages of the file."""
    noise = random.Random(id).randbytes(9000).hex()
    body = f'{{"id": "{id}", "title": "{noise}"}}'.encode()
    return real(msgspec.structs.replace(item(id, type="looks"), body=body))


def extract(
    repo: Repository,
    items: Sequence[Item],
    *types: str,
    status: str = "complete",
    started: float | None = None,
    named: bool = False,
) -> int:
    """A run with the roots that an extraction computes; `named` if it was asked for these types."""
    begun = start(*types)
    asked = {"types": list(types)} if named else begun.arguments
    began = started or begun.started
    run = repo.begin_run(msgspec.structs.replace(begun, started=began, arguments=asked))
    repo.store(run, repo.pack(items), 0)
    if status == "complete":
        for name in types:
            repo.vanish(run, name, repo.open_ids(name) - repo.confirmed(run, name))
    root, by_type = repo.root(run, types)
    results = [
        TypeResult(type=name, items=len(repo.confirmed(run, name)), root=by_type[name])
        for name in types
    ]
    ended = end(status, root=root)
    repo.end_run(run, msgspec.structs.replace(ended, types=results, missing=[]))
    return run


def make(path: Path) -> None:
    """Two complete runs, a partial one whose checkpoints stay, a dictionary, a long body."""
    users = [real(one) for one in page(range(40))]
    referring = real(item("a", refs=b'{"has":{"queries":["1"]}}'))
    with Repository.open(path, write=True) as repo:
        repo.set_instance("looker.example.com")
        extract(repo, [*users, referring, long_item("long")], "users", "looks")
        changed = [real(one) for one in page(range(10), state=1)]
        extract(repo, [*changed, *users[10:30], long_item("long")], "users", "looks")
        late = [real(one) for one in page(range(40, 45))]
        extract(repo, late, "users", "looks", status="partial")


def readable(path: Path) -> list[Any]:
    """Everything that a reader of the vault is ever told."""
    with Repository.open(path, write=False) as repo:
        told: list[Any] = [repo.instance(), repo.types(), repo.runs(), repo.counts()]
        told += [repo.needed("queries"), *(list(repo.bodies(name)) for name in repo.types())]
        for row in repo.runs():
            run = row.run
            told += [repo.type_results(run), repo.missing(run), repo.is_sealed(run)]
            for name in repo.types():
                told += [repo.confirmed(run, name), repo.root(run, [name])]
                for one in repo.items(name, run):
                    told += [one, repo.body(name, one.id, run)]
    return told


def unused_bytes(path: Path) -> set[int]:
    connection = open_reader(path)
    try:
        spans = verify_file.anatomy(path, verify_file.tables(connection), log.read(path)).unused
    finally:
        connection.close()
    places = [place for start, length in spans for place in range(start, start + length)]
    assert len(places) == len(set(places)), "a byte was counted twice"
    return set(places)


type Damage = Callable[[bytearray, random.Random], None]


def flip(data: bytearray, draw: random.Random) -> None:
    data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)


def scatter(data: bytearray, draw: random.Random) -> None:
    for _ in range(draw.randrange(2, 40)):
        data[draw.randrange(len(data))] = draw.randrange(256)


def cut(data: bytearray, draw: random.Random) -> None:
    del data[draw.randrange(len(data)) :]


def append(data: bytearray, draw: random.Random) -> None:
    data += draw.randbytes(draw.choice([1, 100, PAGE]))


def zeros(data: bytearray, draw: random.Random) -> None:
    data[_page(data, draw)] = bytes(PAGE)


def noise(data: bytearray, draw: random.Random) -> None:
    data[_page(data, draw)] = draw.randbytes(PAGE)


def swap(data: bytearray, draw: random.Random) -> None:
    one, other = _page(data, draw), _page(data, draw)
    data[one], data[other] = data[other], data[one]


def leave_out(data: bytearray, draw: random.Random) -> None:
    del data[_page(data, draw)]


def _page(data: bytearray, draw: random.Random) -> slice:
    number = draw.randrange(len(data) // PAGE)
    return slice(number * PAGE, (number + 1) * PAGE)


DAMAGES: list[Damage] = [flip, scatter, cut, append, zeros, noise, swap, leave_out]
