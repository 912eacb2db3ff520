"""How an object's place in its type (its index, from 0) and its id belong together.

Objects are computed from their index and asked for by their id, so both directions must cost
nothing: no table of ids is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

#: Of each fourteen consecutive numbers one was deleted long ago: real ids have gaps.
_LIVE, _STEP = 13, 14

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Ids(Protocol):
    def of(self, index: int) -> str: ...

    def index(self, id_: str) -> int | None:
        """None: no such id can exist."""


@dataclass(frozen=True, slots=True)
class NumberedIds:
    first: int = 1

    def of(self, index: int) -> str:
        return str(self.first + index + index // _LIVE)

    def index(self, id_: str) -> int | None:
        number = plain_number(id_)
        if number is None or number < self.first:
            return None
        block, place = divmod(number - self.first, _STEP)
        return block * _LIVE + place if place < _LIVE else None


@dataclass(frozen=True, slots=True)
class PlainIds:
    """The index itself, of types whose ids are made of other objects' indexes."""

    def of(self, index: int) -> str:
        return str(index)

    def index(self, id_: str) -> int | None:
        return plain_number(id_)


@dataclass(frozen=True, slots=True)
class NamedIds:
    """Names instead of numbers for the first ones; what is created later counts on."""

    names: tuple[str, ...]
    later: str

    def of(self, index: int) -> str:
        return self.names[index] if index < len(self.names) else f"{self.later}{index}"

    def index(self, id_: str) -> int | None:
        if id_ in self.names:
            return self.names.index(id_)
        number = plain_number(id_.removeprefix(self.later)) if id_.startswith(self.later) else None
        return number if number is not None and number >= len(self.names) else None


@dataclass(frozen=True, slots=True)
class NamedThenNumberedIds:
    """Folders: a handful of roots whose ids are fixed, then numbers."""

    names: tuple[str, ...]
    numbered: NumberedIds

    def of(self, index: int) -> str:
        fixed = len(self.names)
        return self.names[index] if index < fixed else self.numbered.of(index - fixed)

    def index(self, id_: str) -> int | None:
        if id_ in self.names:
            return self.names.index(id_)
        index = self.numbered.index(id_)
        return None if index is None else index + len(self.names)


@dataclass(frozen=True, slots=True)
class ScrambledIds:
    """Short random-looking names, as merged queries have: a bijection on 62^11 numbers."""

    def of(self, index: int) -> str:
        number = ((index + 1) * _FACTOR) % _SPACE
        letters = []
        for _ in range(_LENGTH):
            number, digit = divmod(number, 62)
            letters.append(_ALPHABET[digit])
        return "".join(letters)

    def index(self, id_: str) -> int | None:
        if len(id_) != _LENGTH or not id_.isascii() or not id_.isalnum():
            return None
        number = 0
        for letter in reversed(id_):
            number = number * 62 + _ALPHABET.index(letter)
        index: int = (number * _INVERSE - 1) % _SPACE
        return index


_LENGTH = 11
_SPACE = 62**_LENGTH
_FACTOR = 36_893_488_147_419_103_363  # odd, no multiple of 31: coprime to 62^11
_INVERSE: int = pow(_FACTOR, -1, _SPACE)


def plain_number(text: str) -> int | None:
    """The number that `text` spells without sign, spaces or leading zeros."""
    if not (text.isascii() and text.isdigit()) or (text[0] == "0" and text != "0"):
        return None
    return int(text)
