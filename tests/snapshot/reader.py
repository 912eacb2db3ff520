"""Another program that reads a store in a folder: made from docs/design/snapshot-format.md alone.

It uses nothing of LookerVault, knows no prunes and no repairs, and checks all that the page says
can be checked. `Wrong`, or what the libraries raise, where something is not as it was written.
"""

from __future__ import annotations

import base64
import hmac
import struct
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pyrage
import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEYS = {"versions": 3, "pages": 3, "missing": 4, "run_types": 2, "proofs": 2, "usage": 2}
"""Columns of the primary keys of tables; of all others, one."""


class Wrong(Exception):
    pass


FAILURES = (Wrong, InvalidTag, pyrage.DecryptError, msgspec.MsgspecError, KeyError, ValueError)

type Tables = dict[str, dict[tuple[Any, ...], list[Any]]]


def check(is_so: bool, what: str) -> None:
    if not is_so:
        raise Wrong(what)


class Store:
    """Opened with an identity. `read` has the names of the objects that were needed so far."""

    def __init__(self, folder: Path, identity: str) -> None:
        self._folder, self._area, self.read = folder, "", list[str]()
        config = {"format": 1, "encryption": "age"}
        check(msgspec.json.decode(self._get("config")) == config, "config")
        number = max(file.name for file in (folder / "keys").iterdir())
        key = msgspec.json.decode(self._get(f"keys/{number}"))
        owner = pyrage.x25519.Identity.from_str(identity)
        private = msgspec.json.decode(pyrage.decrypt(base64.b64decode(key["sealed"]), [owner]))
        self._index_key = bytes.fromhex(private["index_key"])
        told = [key[name].encode() for name in ("content_key", "area", "recipients", "sealed")]
        mac = hmac.digest(self._derived(b"", b"content key"), b"\0".join(told), "sha256")
        check(mac.hex() == key["mac"], "the MAC of the key object")
        self.recipients = msgspec.json.decode(
            self._opened("keys", base64.b64decode(key["recipients"]))
        )
        self._content_keys = [pyrage.x25519.Identity.from_str(k) for k in private["identities"]]
        self._area = key["area"]

    def snapshots(self) -> list[str]:
        return sorted(file.name for file in (self._folder / self._area / "snapshots").iterdir())

    def snapshot(self, id: str) -> tuple[Tables, dict[bytes, bytes]]:
        """Its rows by table and primary key, and its bodies by SHA-256."""
        name = f"{self._area}snapshots/{id}"
        manifest = msgspec.json.decode(self._opened(name, self._get(name)))
        check(manifest["format"] == 1, "the format")
        tables: Tables = {}
        for piece in (piece for pieces in manifest["rows"] for piece in pieces):
            for table, rows, gone in self._piece("rows", piece):
                there, columns = tables.setdefault(table, {}), KEYS.get(table, 1)
                for one in gone:
                    there.pop(tuple(one), None)
                there |= {tuple(row[:columns]): row for row in rows}
        return tables, self._bodies(manifest["indexes"])

    def _bodies(self, indexes: list[dict[str, Any]]) -> dict[bytes, bytes]:
        found: dict[str, dict[bytes, tuple[int, bytes | None, bytes]]] = {}
        packs = {pack[0]: pack for piece in indexes for pack in self._piece("index", piece)}
        for pack in packs.values():
            for table, digest, *entry in self._pack(*pack):
                found.setdefault(table, {})[digest] = tuple(entry)
        known = {
            digest: zstandard.ZstdCompressionDict(_whole(digest, frame, 65_536, None))
            for digest, (_, _, frame) in found.get("dictionaries", {}).items()
        }
        return {
            digest: _whole(digest, frame, size, known[dictionary] if dictionary else None)
            for digest, (size, dictionary, frame) in found["objects"].items()
        }

    def _pack(self, name: str, digest: bytes, size: int, entries: list[Any]) -> Iterator[Any]:
        pack = self._get(name)
        check(sha256(pack).digest() == digest and len(pack) == size, f"the bytes of {name}")
        check(self._is_named(name, "packs", b"".join(one[1] for one in entries)), name)
        check(pack[:5] == b"LKVP\1", f"the beginning of {name}")
        (length,) = struct.unpack(">I", pack[5:9])
        cipher = ChaCha20Poly1305(pyrage.decrypt(pack[9 : 9 + length], self._content_keys))
        for table, of, bytes_of, dictionary, number, offset, length in entries:
            part = pack[offset : offset + length]
            frame = cipher.decrypt(number.to_bytes(12, "big"), part, name.encode())
            yield table, of, bytes_of, dictionary, frame

    def _piece(self, kind: str, piece: dict[str, Any]) -> Any:
        name, sealed = piece["name"], self._get(piece["name"])
        as_told = (sha256(sealed).hexdigest(), len(sealed)) == (piece["sha256"], piece["size"])
        check(as_told, f"the bytes of {name}")
        content = self._opened(name, sealed)
        check(self._is_named(name, kind, content), f"the content of {name}")
        return msgspec.msgpack.decode(content)

    def _is_named(self, name: str, kind: str, content: bytes) -> bool:
        told = kind.encode() + b"\0" + content
        digits = hmac.digest(self._derived(b"", b"names"), told, "sha256").hex()
        return name.startswith(f"{self._area}{kind}/{digits}")

    def _opened(self, name: str, sealed: bytes) -> bytes:
        cipher = ChaCha20Poly1305(self._derived(sealed[:32], b"seal"))
        frame = cipher.decrypt(bytes(12), sealed[32:], name.encode())
        return zstandard.ZstdDecompressor().decompress(frame)

    def _derived(self, salt: bytes, use: bytes) -> bytes:
        return HKDF(SHA256(), 32, salt, b"lookervault " + use).derive(self._index_key)

    def _get(self, name: str) -> bytes:
        self.read.append(name)
        return (self._folder / name).read_bytes()


def _whole(
    digest: bytes, frame: bytes, largest: int, dictionary: zstandard.ZstdCompressionDict | None
) -> bytes:
    found = zstandard.ZstdDecompressor(dictionary).decompress(frame, max_output_size=largest)
    check(sha256(found).digest() == digest, f"what is stored as {digest.hex()}")
    return found
