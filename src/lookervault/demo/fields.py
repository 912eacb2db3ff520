"""`fields=id,title,folder(id,name)`: which parts of an object an answer has."""

from __future__ import annotations

import msgspec

from lookervault.demo.kind import Row, encode

type Wanted = dict[str, Wanted | None]

_raw_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_raw_list = msgspec.json.Decoder(list[msgspec.Raw])


def parse(text: str) -> Wanted:
    wanted, _ = _parse(text, 0)
    return wanted


def _parse(text: str, at: int) -> tuple[Wanted, int]:
    wanted: Wanted = {}
    name = ""
    while at < len(text) and text[at] != ")":
        letter = text[at]
        at += 1
        if letter == "(":
            wanted[name.strip()], at = _parse(text, at)
            name, at = "", at + 1
        elif letter == ",":
            _add(wanted, name)
            name = ""
        else:
            name += letter
    _add(wanted, name)
    return wanted, at


def _add(wanted: Wanted, name: str) -> None:
    if name.strip():
        wanted.setdefault(name.strip(), None)


def from_columns(wanted: Wanted, columns: Row) -> bytes | None:
    """The answer, when the cheap columns are enough for it."""
    if not (wanted.keys() <= columns.keys()) or any(wanted.values()):
        return None
    return encode({name: value for name, value in columns.items() if name in wanted})


def cut(wanted: Wanted, body: bytes | msgspec.Raw) -> bytes:
    """`body` with the wanted fields only, each value's bytes untouched.

    Raises msgspec.DecodeError where `body` is no JSON.
    """
    text = bytes(body)
    if text[:1] == b"[":
        rows = _raw_list.decode(text)
        return b"[" + b",".join(cut(wanted, row) for row in rows) + b"]"
    if text[:1] != b"{":
        return text
    parts: dict[str, msgspec.Raw] = {}
    for name, value in _raw_object.decode(text).items():
        if name in wanted:
            inner = wanted[name]
            parts[name] = value if inner is None else msgspec.Raw(cut(inner, value))
    return msgspec.json.encode(parts)
