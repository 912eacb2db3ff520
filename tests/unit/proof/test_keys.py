from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from lookervault.config.exposure import others_may_use
from lookervault.errors import UsageError
from lookervault.proof import keys
from lookervault.proof.keys import SigningKey

# RFC 8032, section 7.1, test 2
PRIVATE = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
PUBLIC = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
SIGNATURE = (
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def test_signatures_are_those_of_the_standard() -> None:
    key = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(PRIVATE)))
    assert key.key == f"ed25519:{PUBLIC}"
    assert key.sign(b"\x72").hex() == SIGNATURE
    assert keys.is_signed(b"\x72", bytes.fromhex(SIGNATURE), key.key)


@pytest.mark.parametrize(
    ("statement", "signature", "key"),
    [
        (b"\x73", SIGNATURE, f"ed25519:{PUBLIC}"),
        (b"\x72", SIGNATURE[:-2] + "01", f"ed25519:{PUBLIC}"),
        (b"\x72", SIGNATURE[:-2], f"ed25519:{PUBLIC}"),
        (b"\x72", "", f"ed25519:{PUBLIC}"),
        (b"\x72", SIGNATURE, f"ed25519:{PUBLIC[:-1]}d"),
        (b"\x72", SIGNATURE, f"ed25519:{PUBLIC}00"),
        (b"\x72", SIGNATURE, PUBLIC),
        (b"\x72", SIGNATURE, "ed25519:" + "ff" * 32),
    ],
)
def test_another_statement_signature_or_key_is_no_proof(
    statement: bytes, signature: str, key: str
) -> None:
    assert not keys.is_signed(statement, bytes.fromhex(signature), key)


def test_a_new_key_is_read_again_and_its_owner_alone_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    before = os.umask(0o000)
    try:
        made = keys.make(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not others_may_use(path)
    assert keys.read(path, "here").key == made.key
    assert keys.make(tmp_path / "other.pem").key != made.key


def test_a_key_of_a_careless_umask_is_whole(tmp_path: Path) -> None:
    before = os.umask(0o277)
    try:
        keys.make(tmp_path / "key.pem")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    keys.make(path)
    held = path.read_bytes()
    with pytest.raises(UsageError, match="there already"):
        keys.make(path)
    assert path.read_bytes() == held


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written to .*nowhere"):
        keys.make(tmp_path / "nowhere" / "key.pem")


def test_a_key_does_not_show_its_private_part(tmp_path: Path) -> None:
    key = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(PRIVATE)))
    assert PRIVATE not in repr(key)
    assert repr(key) == f"SigningKey(ed25519:{PUBLIC})"


def _pem(private: Ed25519PrivateKey | X25519PrivateKey, password: bytes = b"") -> bytes:
    lock = BestAvailableEncryption(password) if password else NoEncryption()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


NO_KEYS = {
    "a text": (b"Dear Sir or Madam", "holds no private key"),
    "nothing": (b"", "holds no private key"),
    "half a key": (_pem(Ed25519PrivateKey.generate())[:60], "holds no private key"),
    "one with a password": (_pem(Ed25519PrivateKey.generate(), b"x"), "without a password"),
    "another kind": (_pem(X25519PrivateKey.generate()), "another kind than Ed25519"),
}


@pytest.mark.parametrize(("held", "words"), NO_KEYS.values(), ids=NO_KEYS)
def test_what_is_no_key_is_named_with_its_source_and_without_its_content(
    tmp_path: Path, held: bytes, words: str
) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(held)
    with pytest.raises(UsageError, match=f"key.pem \\(the source\\).*{words}") as raised:
        keys.read(path, "the source")
    assert "Dear" not in raised.value.message


def test_a_key_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        keys.read(tmp_path / "key.pem", "the source")


def test_a_public_key_is_given_as_text_or_as_a_file(tmp_path: Path) -> None:
    text = f"ed25519:{PUBLIC}"
    path = tmp_path / "key.pub"
    path.write_text(f"{text}\n")
    assert keys.public_key(text) == text
    assert keys.public_key(f" {text.upper()} ") == text
    assert keys.public_key(str(path)) == text


@pytest.mark.parametrize("given", ["", "ed25519:", f"ed25519:{PUBLIC[1:]}", PUBLIC, "no-file", "."])
def test_what_is_no_public_key_is_wrong_usage(given: str) -> None:
    with pytest.raises(UsageError, match="is no public key") as raised:
        keys.public_key(given)
    assert "lookervault key new" in raised.value.hint
