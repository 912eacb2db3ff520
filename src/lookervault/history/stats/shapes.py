"""Reading a few members of a body that may be built in any way.

A member that is not of the kind that was asked for is as if it were not there; the others count.
"""

from __future__ import annotations

from types import UnionType
from typing import Any, TypeAliasType, get_args, get_origin

import msgspec

type Id = str | int | None
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_LONGEST = 2**63


class Shape[T: msgspec.Struct]:
    """Structs whose members all have defaults, and may all be null."""

    def __init__(self, struct: type[T]) -> None:
        self._struct = struct
        self._decode = msgspec.json.Decoder(struct).decode

    def read(self, body: bytes) -> T:
        """What is no object at all is an empty one."""
        try:
            return self._decode(body)
        except msgspec.ValidationError:
            return self._mended(body)
        except _UNREADABLE:
            return self._struct()

    def _mended(self, body: bytes) -> T:
        try:
            mended: T = _struct(msgspec.json.decode(body), self._struct)
        except _UNREADABLE:
            return self._struct()
        return mended


def _struct(value: Any, wanted: type[msgspec.Struct]) -> Any:
    told = value if isinstance(value, dict) else {}
    fields = msgspec.structs.fields(wanted)
    return wanted(**{f.name: _mend(told[f.name], f.type) for f in fields if f.name in told})


def _mend(value: Any, wanted: Any) -> Any:
    wanted = wanted.__value__ if isinstance(wanted, TypeAliasType) else wanted
    for one in get_args(wanted) if isinstance(wanted, UnionType) else (wanted,):
        if get_origin(one) is list and isinstance(value, list):
            return [_mend(each, get_args(one)[0]) for each in value]
        if isinstance(one, type) and issubclass(one, msgspec.Struct) and isinstance(value, dict):
            return _struct(value, one)
        if one in (str, int, bool) and type(value) is one:
            return value
    return None


def id_text(value: Id) -> str | None:
    """None also for what cannot be an id."""
    if value is None or value == "":
        return None
    if isinstance(value, int) and not 0 <= value < _LONGEST:
        return None
    return str(value)
