"""Snapshots of which something is lost: a prune stops at them, lest it delete what a repair needs.

Where somebody says by its id that it is lost for good, it goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from lookervault.errors import DamagedError, UsageError

_NAMED = 3
"""Snapshots that a message names."""


class Losses:
    """`for_good` are the ids of which somebody has said so."""

    def __init__(self, for_good: Collection[str]) -> None:
        self._for_good = frozenset(for_good)
        self._found: dict[str, DamagedError] = {}

    @property
    def ids(self) -> list[str]:
        """Of those of which something was found to be lost."""
        return list(self._found)

    @contextmanager
    def of(self, id: str) -> Iterator[None]:
        """What is found to be lost there is remembered, and goes no further."""
        try:
            yield
        except DamagedError as error:
            self._found.setdefault(id, error)

    def check(self, kept: Collection[str]) -> None:
        """`kept` are the ids of those that are to stay.

        Raises `DamagedError` where something is lost, and nobody has said that it is for good, and
        `UsageError` where somebody has, and it is not lost.
        """
        if waiting := [id for id in self._found if id not in self._for_good]:
            names, more = ", ".join(waiting[:_NAMED]), len(waiting) - _NAMED
            raise DamagedError(
                f"Something is lost of {names}{f' and {more:,} more' if more > 0 else ''}:"
                f" {self._found[waiting[0]].message} Nothing was removed.",
                hint="`lookervault snapshot verify` tells what is missing, and `--repair` writes"
                " again what a vault still has. Where it is lost for good, --lost ID goes on.",
            )
        if self._found and not kept:
            raise UsageError(
                "No snapshot would be left.",
                hint="Make a new one first: `lookervault snapshot push`, or `extract`.",
            )
        if wrong := sorted(self._for_good.intersection(kept) - self._found.keys()):
            raise UsageError(
                f"Nothing is lost of the snapshot {wrong[0]}.",
                hint="Leave it out: which whole snapshots stay is said by --keep-….",
            )
