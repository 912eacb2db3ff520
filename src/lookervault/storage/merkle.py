"""Merkle tree hashes as in RFC 6962, section 2.1, over a stream of leaves.

Only one hash for each level of the tree is kept. The encoding of our leaves, with a worked
example, is in docs/design/vault-format.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256

EMPTY = sha256(b"").digest()


def tree_hash(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes, as `leaf_hash` makes them, in the order they come."""
    peaks: list[tuple[int, bytes]] = []  # (height, hash) of whole subtrees, left to right
    for leaf in leaves:
        height, node = 0, leaf
        while peaks and peaks[-1][0] == height:
            node = _node(peaks.pop()[1], node)
            height += 1
        peaks.append((height, node))
    if not peaks:
        return EMPTY
    root = peaks.pop()[1]
    while peaks:
        root = _node(peaks.pop()[1], root)
    return root


def leaf_hash(*texts: str, digest: bytes) -> bytes:
    """SHA-256 of 0x00, each text as its length in four bytes and its UTF-8, then the digest."""
    parts = [b"\x00"]
    for text in texts:
        encoded = text.encode()
        parts += (len(encoded).to_bytes(4), encoded)
    parts.append(digest)
    return sha256(b"".join(parts)).digest()


def type_root(type_name: str, hashes: Iterable[tuple[str, bytes]]) -> bytes:
    """`hashes`: (id, content hash) in order of the ids' bytes."""
    return tree_hash(leaf_hash(type_name, item_id, digest=digest) for item_id, digest in hashes)


def run_root(type_roots: Mapping[str, bytes]) -> bytes:
    """The root over the roots of types, in order of the names' bytes."""
    return tree_hash(leaf_hash(name, digest=type_roots[name]) for name in sorted(type_roots))


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()
