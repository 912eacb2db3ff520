"""What several threads may decode."""

from __future__ import annotations

import msgspec


def decodable[T](struct: type[T]) -> type[T]:
    """A decorator of structs that threads decode.

    msgspec 0.22 learns what a struct has when it is decoded first, and the process crashes
    (SIGSEGV) where another thread decodes it meanwhile. Here it learns it at once.
    """
    msgspec.json.Decoder(struct)
    return struct
