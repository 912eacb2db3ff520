"""The ids of content metadata say of what they are: 4 n + 4 is the n-th folder's, + 5 a
dashboard's, + 6 a look's, + 7 a board's.
"""

from __future__ import annotations

TYPES = ("folders", "dashboards", "looks", "boards")
FIRST = 4


def metadata_of(type_: str, index: int) -> int:
    return len(TYPES) * index + FIRST + TYPES.index(type_)


def owner_of(number: int) -> tuple[str, int]:
    """(type, index) of what the metadata is about."""
    index, kind = divmod(number - FIRST, len(TYPES))
    return TYPES[kind], index
