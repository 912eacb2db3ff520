"""An answer's bytes: split into objects, and each object read, hashed and identified.

The canonical form is the object without its noise, keys sorted at every level, compact UTF-8.
Why it is built this way, and what it costs: docs/design/decisions/002-canonical-form.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Any, NoReturn

import msgspec

from lookervault.content import scan
from lookervault.content.scan import DamageError, Kind
from lookervault.errors import BadAnswerError

DEPTH = 5000
"""Levels of nesting from which on an object is hashed by its bytes.

Far below what the decoders bear, so that the same object is never hashed once this way and once
that way, depending on the stack that was left.
"""

_RAW_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])
_PLAIN = msgspec.json.Encoder()
_SORTED = msgspec.json.Encoder(order="sorted")


def split(body: bytes) -> list[bytes]:
    """A JSON array's elements, byte for byte as they came. Raises `BadAnswerError`."""
    return list(elements(body))


def elements(body: bytes) -> Iterator[bytes]:
    """The same, each copied only when it is asked for. Raises before the first one."""
    try:
        views: Iterable[msgspec.Raw | bytes] = _RAW_ARRAY.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        # One element with a lone surrogate or deep nesting is enough to get here.
        views = _split_by_tokens(body)
    for view in views:
        yield bytes(view)


def _split_by_tokens(body: bytes) -> list[bytes]:
    found: list[bytes] = []
    depth = start = 0
    try:
        for kind, begin, end in scan.tokens(body, array=True):
            if kind is Kind.CLOSE:
                depth -= 1
            if depth == 1:
                if kind is Kind.OPEN:
                    start = begin
                else:
                    found.append(body[begin if kind is Kind.SCALAR else start : end])
            if kind is Kind.OPEN:
                depth += 1
    except DamageError as damage:
        raise BadAnswerError(
            f"The answer is no JSON array ({damage}, {len(body)} bytes in all).",
            hint="A proxy's page or a cut connection looks like this: the call is tried again.",
        ) from damage
    return found


def member(body: bytes, key: str) -> str | None:
    """The string or number that an object has under `key`, read without decoding the object.

    None where the body is no whole JSON object, or has no such member, or another kind of value.
    Of several members with that key the last one counts, as in every decoder.
    """
    depth = 0
    name: bytes | None = None
    found: bytes | None = None
    try:
        for kind, start, end in scan.tokens(body):
            if kind is Kind.CLOSE:
                depth -= 1
            elif depth == 1:
                if kind is Kind.KEY:
                    name = body[start:end]
                elif name is not None and scan.text(name) == key:
                    found = body[start:end]
            if kind is Kind.OPEN:
                depth += 1
    except DamageError:
        return None
    return _identifier(found)


def _identifier(token: bytes | None) -> str | None:
    if token is None or token[:1] in b"[{tfn":
        return None
    return scan.text(token) if token.startswith(b'"') else token.decode("ascii")


class Reading(msgspec.Struct, frozen=True):
    obj: Any
    """The decoded object with its noise; None where the body is no JSON or is nested too deep.

    Of duplicate keys the last one is there, and U+FFFD stands for what is no Unicode.
    """
    hash: bytes
    """SHA-256 of the canonical form, or of the body where `raw_hashed`; 32 bytes."""
    raw_hashed: bool


class Canon:
    """The canonical form of one content type. Immutable, thread-safe."""

    def __init__(self, noise: Sequence[str], *, unordered: bool = False) -> None:
        """`noise` are paths such as `a.b` and `a[].b`; raises `ValueError` for another form."""
        self._noise = _Noise([_steps(path) for path in noise])
        self._unordered = unordered

    def read(self, body: bytes) -> Reading:
        obj = None
        try:
            obj = _decode(body)
            if _deep(body, obj):
                return Reading(None, sha256(body).digest(), raw_hashed=True)
            canonical, colons = self._form(obj)
            if _keys_are_unique(body, colons):
                return Reading(obj, sha256(canonical).digest(), raw_hashed=False)
        except (msgspec.MsgspecError, _InexactError, UnicodeDecodeError, RecursionError):
            obj = _best_effort(body)
        return Reading(obj, sha256(body).digest(), raw_hashed=True)

    def without_noise(self, body: bytes) -> Any:
        """The object as it is compared; None where it is hashed by its bytes."""
        reading = self.read(body)
        return None if reading.raw_hashed else self._compared(reading.obj)

    def legible(self, body: bytes) -> Any:
        """The same as far as it can be read: also of an object that is hashed by its bytes.

        Raises `OverflowError`, `RecursionError` or `ValueError` where it cannot be put in order.
        """
        return self._compared(self.read(body).obj)

    def spelled(self, body: bytes) -> Any:
        """The object as it is compared, with each number as it is spelled (`msgspec.Raw`).

        Only for what is not hashed by its bytes. Raises `RecursionError` where it is nested deep.
        """
        return self._compared(json.loads(body, parse_int=_as_spelled, parse_float=_as_spelled))

    def _compared(self, obj: Any) -> Any:
        self._noise.take(obj, _Taken())
        if self._unordered and type(obj) is list:
            return sorted(obj, key=_SORTED.encode)
        return obj

    def _form(self, obj: Any) -> tuple[bytes, int]:
        """The canonical form, and how many colons the whole object has when encoded."""
        taken = _Taken()
        self._noise.take(obj, taken)
        if self._unordered and type(obj) is list:
            canonical = b"[%b]" % b",".join(sorted(map(_SORTED.encode, obj)))
        else:
            canonical = _SORTED.encode(obj)
        colons = canonical.count(b":") + taken.colons()
        taken.put_back()
        return canonical, colons


# What the canonical form cannot carry.


class _InexactError(Exception):
    """A number that a double does not carry exactly as it is spelled."""


def _number(spelling: str) -> float | int:
    """The value of a number with a point or an exponent: an `int` where it is a whole one.

    Whole numbers have one form then: that of `1.0`, `1e0` and `1`. The integer is that of the
    spelling: beyond 2^53 the double nearest to it is another one.
    """
    value = float(spelling)
    shortest = repr(value)
    if shortest != spelling and Decimal(shortest) != Decimal(spelling):
        raise _InexactError
    return int(Decimal(spelling)) if value.is_integer() else value


_decode = msgspec.json.Decoder(float_hook=_number).decode


def _deep(body: bytes, obj: Any) -> bool:
    """Whether the object is nested `DEPTH` levels or more; looks only where it could be."""
    return (
        len(body) >= 2 * DEPTH
        and body.count(b"[") + body.count(b"{") >= DEPTH
        and _levels(obj) >= DEPTH
    )


def _levels(obj: Any) -> int:
    """How deep containers are nested, counted up to `DEPTH`."""
    level = [obj]
    for depth in range(DEPTH):
        if not level:
            return depth
        level = [
            value
            for holder in level
            for value in (holder.values() if type(holder) is dict else holder)
            if type(value) is dict or type(value) is list
        ]
    return DEPTH


def _keys_are_unique(body: bytes, colons: int) -> bool:
    """Whether no object in the body has a key twice; `colons` is the encoded object's count.

    A decoder keeps the last of equal keys, so the others' colons are missing in what it gives.
    The encoder never escapes a colon. Hence equal counts are the proof, unless the body spells
    colons as escapes, which makes its own count too small.
    """
    if b"\\u003" in body and _ESCAPED_COLON.search(body):
        return _keys_are_unique_by_pairs(body)
    return body.count(b":") == colons


_ESCAPED_COLON = re.compile(rb"\\u003[aA]")


class _DuplicateError(Exception):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise _DuplicateError


def _keys_are_unique_by_pairs(body: bytes) -> bool:
    try:
        json.loads(body, object_pairs_hook=_unique)
    except _DuplicateError:
        return False
    return True


def _best_effort(body: bytes) -> Any:
    """The object as far as it can be read, None where it cannot."""
    try:
        obj = json.loads(
            scan.legible(body).decode("utf-8", "replace"),
            parse_int=_any_int,
            parse_constant=_refuse,
        )
    except (ValueError, RecursionError):
        return None
    return None if _deep(body, obj) else obj


def _as_spelled(number: str) -> msgspec.Raw:
    return msgspec.Raw(number.encode())


def _any_int(spelling: str) -> int | float:
    try:
        return int(spelling)
    except ValueError:  # longer than the interpreter converts
        return float(spelling)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


# Noise.

_PATH = re.compile(r"(?:\[\]\.)*+\w+(?:(?:\[\])*+\.\w+)*+")
_STEP = re.compile(r"\[\]|\w+")


def _steps(path: str) -> list[str]:
    if not _PATH.fullmatch(path):
        raise ValueError(f"{path!r} is no path to a member, such as 'a.b' or 'a[].b'")
    return _STEP.findall(path)


class _Taken:
    """Members that are taken out of their objects for the time of an encoding."""

    __slots__ = ("_holders", "_members")

    def __init__(self) -> None:
        self._holders: list[dict[str, Any]] = []
        self._members: list[dict[str, Any]] = []

    def add(self, holder: dict[str, Any], members: dict[str, Any]) -> None:
        self._holders.append(holder)
        self._members.append(members)

    def colons(self) -> int:
        """Those that the encoding lacks; asked before they are put back."""
        return _PLAIN.encode(self._members).count(b":")

    def put_back(self) -> None:
        for holder, members in zip(self._holders, self._members, strict=True):
            holder.update(members)


class _Noise:
    """The noise of one level: members to take, and what is to be taken further down."""

    __slots__ = ("_below", "_each", "_keys")

    def __init__(self, paths: Sequence[Sequence[str]]) -> None:
        heads = sorted({path[0] for path in paths if len(path) > 1})
        below = {
            head: _Noise([path[1:] for path in paths if path[0] == head and len(path) > 1])
            for head in heads
        }
        self._keys = frozenset(path[0] for path in paths if len(path) == 1)
        self._each = below.pop("[]", None)
        self._below = tuple(below.items())

    def take(self, value: Any, taken: _Taken) -> None:
        if type(value) is dict:
            if keys := self._keys.intersection(value):
                taken.add(value, {key: value.pop(key) for key in keys})
            for key, noise in self._below:
                if key in value:
                    noise.take(value[key], taken)
        elif self._each is not None and type(value) is list:
            for element in value:
                self._each.take(element, taken)
