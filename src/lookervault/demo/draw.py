"""Choices that depend on the seed alone.

A `Draw` is keyed by what it decides about (`draw(seed, "looks", 17)`), so every object can be
rendered by itself, in any order, and comes out the same.
"""

from __future__ import annotations

import random
from base64 import b64encode
from collections.abc import Sequence
from hashlib import blake2b
from zlib import crc32

_ALNUM = bytes.maketrans(b"+/", b"kR")


class Draw(random.Random):
    def pick[T](self, values: Sequence[T]) -> T:
        return values[int(self.random() * len(values))]

    def some[T](self, values: Sequence[T], count: int) -> list[T]:
        """`count` different values in the order they have in `values`."""
        chosen: set[int] = set()
        while len(chosen) < min(count, len(values)):
            chosen.add(int(self.random() * len(values)))
        return [values[index] for index in sorted(chosen)]

    def chance(self, probability: float) -> bool:
        return self.random() < probability

    def between(self, low: int, high: int) -> int:
        return low + int(self.random() * (high - low + 1))

    def slug(self, length: int = 22) -> str:
        """Letters and digits, as Looker's own short names of queries and dashboards."""
        return b64encode(self.randbytes(length)).translate(_ALNUM)[:length].decode()

    def hex(self, length: int) -> str:
        return self.randbytes((length + 1) // 2).hex()[:length]

    def colour(self) -> str:
        return f"#{self.getrandbits(24):06X}"


def draw(seed: int, *about: object) -> Draw:
    key = "/".join(map(str, (seed, *about))).encode()
    return Draw(int.from_bytes(blake2b(key, digest_size=8).digest()))


def scatter(seed: int, about: str, index: int) -> int:
    """A 32-bit number for where a whole `Draw` would cost too much (lists of 100,000 ids)."""
    mixed = (index * 0x9E3779B1 + crc32(about.encode(), seed & 0xFFFFFFFF)) & 0xFFFFFFFF
    mixed ^= mixed >> 15
    mixed = (mixed * 0x85EBCA6B) & 0xFFFFFFFF
    return mixed ^ (mixed >> 13)
