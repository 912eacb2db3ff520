"""Ed25519 keys (RFC 8032): made, kept in files, and written as text.

A public key is `ed25519:` and 64 hexadecimal digits. A private key is a PKCS #8 file in PEM
(RFC 5958, RFC 8410), which OpenSSL reads, too.
"""

from __future__ import annotations

import re
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from lookervault.errors import UsageError
from lookervault.proof import files

PREFIX = "ed25519:"
_PUBLIC_KEY = re.compile(rf"{PREFIX}[0-9a-f]{{64}}")
_LONGEST_FILE = 4096
"""Bytes; whatever is longer is no key."""


class SigningKey:
    """`storage.certificates.Signer`. Thread-safe. It never shows the private part."""

    __slots__ = ("_private", "key")

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.key = PREFIX + private.public_key().public_bytes_raw().hex()

    def __repr__(self) -> str:
        return f"SigningKey({self.key})"

    def sign(self, statement: bytes) -> bytes:
        return self._private.sign(statement)


def is_signed(statement: bytes, signature: bytes, key: str) -> bool:
    """Whether the signature is that of the key, a public one as text. False for what is no key."""
    if not _PUBLIC_KEY.fullmatch(key):
        return False
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.removeprefix(PREFIX)))
        public.verify(signature, statement)
    except (InvalidSignature, ValueError):  # ValueError: no point of the curve
        return False
    return True


def make(path: Path) -> SigningKey:
    """Writes a new private key, readable by its owner alone.

    Raises `UsageError` where the file is there or cannot be made: a key is never overwritten.
    Raises `LookerVaultError` where the disk is full.
    """
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        files.write_new(path, pem, "The key", "--out")
    except FileExistsError:
        raise UsageError(
            f"{path} is there already, and a key is never overwritten.",
            hint="Name another file with --out. Without its key, nobody can sign as before.",
        ) from None
    return SigningKey(private)


def read(path: Path, source: str) -> SigningKey:
    """Raises `UsageError` that names the file and its source, never what is in it."""
    try:
        with path.open("rb") as file:
            pem = file.read(_LONGEST_FILE)
    except OSError as error:
        raise _no_key(path, source, f"cannot be read: {error.strerror}") from None
    try:
        private = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it needs a password
        raise _no_key(path, source, "holds no private key without a password") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise _no_key(path, source, "holds a key of another kind than Ed25519")
    return SigningKey(private)


def _no_key(path: Path, source: str, why: str) -> UsageError:
    return UsageError(
        f"The signing key {path} ({source}) {why}.",
        hint="`lookervault key new --out FILE` makes one.",
    )


def public_key(given: str) -> str:
    """A public key, given as its text or as the file that holds it.

    Raises `UsageError` where it is neither.
    """
    text = given.strip().lower()
    if not text.startswith(PREFIX):
        text = _from_file(Path(given))
    if _PUBLIC_KEY.fullmatch(text):
        return text
    raise UsageError(
        f"{given!r} is no public key.",
        hint=f"It is {PREFIX} and 64 hexadecimal digits, as `lookervault key new` prints it,"
        " or a file with just that.",
    )


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST_FILE).decode("ascii").strip().lower()
    except (OSError, ValueError):
        return ""
