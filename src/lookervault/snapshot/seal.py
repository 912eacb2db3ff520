"""Small objects of a store, sealed under the index key; and the names of all objects.

Whoever has no index key can neither read them nor make another that would be taken for one. In a
store without encryption they are as they are, and a hash tells damage, not forgery.

The layout is in docs/design/snapshot-format.md.
"""

from __future__ import annotations

import hmac
import os
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lookervault.errors import DamagedError
from lookervault.storage.dump import decoded, encoded

KEY_BYTES = 32
_SALT_BYTES = 32
_NONCE = bytes(12)
"""Each key is used once."""
_LEVEL = 3
"""Mostly hashes, which no level makes smaller; a higher one took the time of several packs."""
LARGEST = 256 * 2**20
"""Bytes of what is sealed; more is no object of ours."""


class Seal:
    """Of one store: `index_key` of 32 bytes, or None in a store without encryption. Thread-safe."""

    def __init__(self, index_key: bytes | None) -> None:
        self._index_key = index_key
        self._naming = None if index_key is None else derived(index_key, b"", b"names")

    @property
    def is_keyed(self) -> bool:
        return self._index_key is not None

    def name(self, kind: str, content: bytes) -> str:
        """Of an object of a kind, `packs` or the like: the same for the same content."""
        told = kind.encode() + b"\0" + content
        if self._naming is None:
            return f"{kind}/{sha256(told).hexdigest()}"
        return f"{kind}/{hmac.digest(self._naming, told, 'sha256').hex()}"

    def close(self, name: str, content: bytes) -> bytes:
        packed = encoded(content, _LEVEL)
        if self._index_key is None:
            return sha256(name.encode() + b"\0" + packed).digest() + packed
        salt = os.urandom(_SALT_BYTES)
        cipher = ChaCha20Poly1305(derived(self._index_key, salt, b"seal"))
        return salt + cipher.encrypt(_NONCE, packed, name.encode())

    def open(self, name: str, sealed: bytes) -> bytes:
        """Raises `DamagedError` where it is not what was sealed under that name."""
        head, rest = sealed[:_SALT_BYTES], sealed[_SALT_BYTES:]
        if self._index_key is None:
            if sha256(name.encode() + b"\0" + rest).digest() != head:
                raise damaged(name, "its bytes are not those that were written")
            return decoded(rest, None, LARGEST)
        cipher = ChaCha20Poly1305(derived(self._index_key, head, b"seal"))
        try:
            packed = cipher.decrypt(_NONCE, rest, name.encode())
        except InvalidTag:
            raise damaged(name, "it was not sealed under this index key, or is damaged") from None
        return decoded(packed, None, LARGEST)


def derived(key: bytes, salt: bytes, use: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt, b"lookervault " + use).derive(key)


_IS_DAMAGED = " in the store is damaged: "


def damaged(name: str, why: str) -> DamagedError:
    return DamagedError(
        f"{name}{_IS_DAMAGED}{why}.",
        hint="`lookervault snapshot verify` tells what it hits, `--repair` what can be mended.",
    )


def blamed(error: DamagedError) -> tuple[str, str] | None:
    """The name and the why of `damaged`; None where it is of another make."""
    name, found, why = error.message.partition(_IS_DAMAGED)
    return (name, why.rstrip(".")) if found else None
