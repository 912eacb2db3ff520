"""What an object may be called: the same in every store, so that none of them can surprise."""

from __future__ import annotations

import re

from lookervault.errors import StoreError

LONGEST = 512
SNAPSHOTS = "snapshots"
"""The folder of manifests, in each area."""
SNAPSHOT_ID = r"\d{8}T\d{9}Z-[0-9a-f]{8}"
"""A pattern: when it was made, and what tells it from another of that moment."""
_PART = r"[A-Za-z0-9-][A-Za-z0-9.-]*"
_NAME = re.compile(rf"{_PART}(/{_PART})*")


def is_name(name: str) -> bool:
    """No part of it is empty or begins with a dot: neither `..` nor a hidden file."""
    return len(name) <= LONGEST and _NAME.fullmatch(name) is not None


def check_name(name: str) -> None:
    if not is_name(name):
        raise StoreError(
            f"{name[:LONGEST]!r} is no name for an object of a store.",
            hint="A manifest that has such a name is damaged, or of another program.",
        )


def check_prefix(prefix: str) -> None:
    """Nothing, or a folder, which ends in `/`."""
    if prefix and not (prefix.endswith("/") and is_name(prefix[:-1])):
        raise StoreError(f"{prefix[:LONGEST]!r} is no folder of a store.")
