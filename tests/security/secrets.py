"""Every secret that a run meets, and every byte that it leaves behind."""

from __future__ import annotations

import json
import sqlite3
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import msgspec
import zstandard

from lookervault.content.registry import TYPES
from lookervault.demo.content import KINDS
from lookervault.demo.draw import draw
from lookervault.demo.server import EmbeddedLooker

SEED = 1
IN_THE_OPEN = "ThisTitleIsNoSecret"
"""A title that is planted, too: whoever looks for secrets has to find it."""


MARK = "SeCrEt-"
"""At the beginning of each secret that is planted."""
TO_ESCAPE = '"ü&/ +%'
"""At the end of each secret that is planted: JSON and URLs write it otherwise."""


def forms(secret: str) -> set[bytes]:
    """The secret as it may be written: plainly, in JSON, in a URL, in hexadecimal digits, and in
    base64 wherever in a longer text it begins, as after `user:`.
    """
    datas = {secret.encode(code, "replace") for code in ("utf-8", "latin-1")}  # RFC 7617: either
    texts = {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        *(data.hex() for data in datas),
        *(_base64(data, before) for data in datas for before in range(3)),
    }
    return {text.encode() for text in texts} | {repr(secret)[1:-1].encode()}


def _base64(data: bytes, before: int) -> str:
    """The digits that the data alone decides, with so many bytes before it."""
    begin = -(-before * 8 // 6)
    end = (before + len(data)) * 8 // 6
    return b64encode(bytes(before) + data).decode()[begin:end]


def plant(looker: EmbeddedLooker) -> list[str]:
    """Gives each secret member of each type a value, at the top and far inside.

    Returns all values of such members that Looker will send.
    """
    store = looker.store
    store.edit("dashboards", store.ids("dashboards")[0], title=IN_THE_OPEN)
    for name in KINDS.keys() & TYPES.keys():
        for number, id in enumerate(store.ids(name)):
            fields: dict[str, object] = {}
            for secret in TYPES[name].secrets:
                fields[secret] = f"{MARK}{name}-{number}-{secret}{TO_ESCAPE}"
                inside = {secret: [f"{MARK}{name}-{number}-inside-{secret}"]}
                fields.setdefault("inside", []).append({"deeper": inside})  # type: ignore[attr-defined]  # a list
            if fields:
                store.edit(name, id, **fields)
    return list(_sent(looker))


def _sent(looker: EmbeddedLooker) -> Iterator[str]:
    for name in KINDS.keys() & TYPES.keys():
        if secrets := TYPES[name].secrets:
            for id in looker.store.ids(name):
                value = msgspec.json.decode(looker.store.body(name, id))
                yield from _texts(value, secrets, within=False)


def _texts(value: Any, names: Sequence[str], *, within: bool) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, names, within=within or key in names)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, names, within=within)
    elif within and isinstance(value, str) and len(value) > 8:
        yield value


def issued(looker: EmbeddedLooker, seed: int = SEED) -> list[str]:
    """The tokens of all logins so far. The newest one is tried: it must be a real one."""
    tokens = [draw(seed, "token", n + 1).slug(40) for n in range(looker.logins)]
    request = urllib.request.Request(  # noqa: S310 - the embedded Looker's own URL
        f"{looker.base_url}/api/4.0/user", headers={"Authorization": f"token {tokens[-1]}"}
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
        assert answer.status == 200
    return tokens


type Packed = tuple[str, int | None, bytes]
"""A file's name, the number of a dictionary in it, and bytes compressed with that."""


def files(folder: Path, known: set[Packed]) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of each file below, and what a vault among them holds compressed.

    Of the latter what is not `known`, and it is from now on.
    """
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            yield path.name, data
            if data.startswith(b"SQLite format 3") and path.suffix != ".index":  # that is plain
                yield f"{path.name}, unpacked", b"\n".join(_unpacked(path, known))


def _unpacked(path: Path, known: set[Packed]) -> Iterator[bytes]:
    """Not by the program's own reader, and without a trace."""
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as vault:
        dictionaries = {
            id: zstandard.ZstdCompressionDict(data)
            for id, data in vault.execute("SELECT id, data FROM dictionaries")
        }
        for size, dictionary, data in vault.execute("SELECT size, dictionary, data FROM objects"):
            packed = (path.name, dictionary, data)
            if packed in known:
                continue
            known.add(packed)
            used = dictionaries.get(dictionary)
            try:
                yield zstandard.ZstdDecompressor(used).decompress(data, max_output_size=size)
            except zstandard.ZstdError:
                yield data  # damaged by the test
