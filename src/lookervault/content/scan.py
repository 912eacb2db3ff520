"""JSON read as tokens over its bytes: for what a decoder refuses, and where spans are asked for.

Grammar of RFC 8259, except that nothing is decoded: a lone surrogate, invalid UTF-8 inside a
string, a duplicate key, a number of any size and any depth of nesting pass. Linear in the body's
length and without recursion.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from enum import IntEnum

_STRING = rb'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
_NUMBER = rb"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?"
_WS = rb"[ \t\n\r]*+"

_KEY = re.compile(rb"%b(%b)%b:" % (_WS, _STRING, _WS))
_VALUE = re.compile(rb"%b([\[{]|%b|%b|true|false|null)" % (_WS, _STRING, _NUMBER))
_ARRAY = re.compile(rb"%b(\[)" % _WS)
_AFTER = re.compile(rb"%b([,\]}])" % _WS)
_CLOSE = re.compile(rb"%b[\]}]" % _WS)
_END = re.compile(rb"%b\Z" % _WS)

_COMMA = ord(",")
_OBJECT = ord("{")
_CLOSER = {ord("["): ord("]"), ord("{"): ord("}")}


class DamageError(ValueError):
    """The bytes are no JSON; `at` is the offset of the first byte that does not fit."""

    def __init__(self, at: int) -> None:
        super().__init__(f"no JSON from byte {at} on")
        self.at = at


class Kind(IntEnum):
    KEY = 0
    SCALAR = 1
    """A string, number, `true`, `false` or `null`."""
    OPEN = 2
    CLOSE = 3


type Token = tuple[Kind, int, int]
"""What it is, and the offsets of its first byte and of the first byte after it."""


def tokens(body: bytes, *, array: bool = False) -> Iterator[Token]:
    """The tokens of one JSON text, with `array` one that must be an array.

    Raises `DamageError`, after the tokens before the damage.
    """
    open_: list[int] = []
    pos = _match(_ARRAY, body, 0).start(1) if array else 0
    while True:
        if open_ and open_[-1] == _OBJECT:
            key = _match(_KEY, body, pos)
            yield (Kind.KEY, *key.span(1))
            pos = key.end()
        value = _match(_VALUE, body, pos)
        start, pos = value.span(1)
        if (opener := body[start]) in _CLOSER:
            yield (Kind.OPEN, start, pos)
            open_.append(opener)
            if not _CLOSE.match(body, pos):
                continue
        else:
            yield (Kind.SCALAR, start, pos)
        while open_:
            after = _match(_AFTER, body, pos)
            start, pos = after.span(1)
            if body[start] == _COMMA:
                break
            if body[start] != _CLOSER[open_.pop()]:
                raise DamageError(start)
            yield (Kind.CLOSE, start, pos)
        if not open_:
            _match(_END, body, pos)
            return


def _match(pattern: re.Pattern[bytes], body: bytes, pos: int) -> re.Match[bytes]:
    if (found := pattern.match(body, pos)) is None:
        raise DamageError(pos)
    return found


def text(token: bytes) -> str:
    """The text of a string token; what Unicode cannot carry is U+FFFD."""
    quoted = legible(token) if b"\\" in token else token
    return str(json.loads(quoted.decode("utf-8", "replace")))


_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|.)",
    re.DOTALL,
)


def legible(body: bytes) -> bytes:
    """The body with `\\ufffd` for every escape that spells half a surrogate pair."""
    return _ESCAPE.sub(lambda found: b"\\ufffd" if found["lone"] else found[0], body)
