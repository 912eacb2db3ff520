"""Which deletions a run believes.

A listing that is suddenly short says that much was deleted, or that Looker shows less: a permission
is gone, an answer is wrong, another instance stands at the address. Only a person can tell which.
So a deletion needs a listing that shows everything there is, and many at once need a word.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from lookervault.content.model import ContentType
from lookervault.errors import CallError, ForbiddenError, NotFoundError
from lookervault.storage.listing import Held

MASS_DELETION = "mass_deletion"
"""The reason of a run, and of what it misses, where deletions are not believed."""
FEWEST = 10
"""Deletions of a type that are believed whatever its size, unless nothing else is left of it."""
_EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletions:
    """`proven`: the listings show everything there is, so what they lack is gone.

    `most` is in percent of what the vault `held` of a type when the run began, however often it
    was stopped and gone on with since; of the types in `accepted`, any number is believed.
    """

    proven: bool
    most: float
    accepted: frozenset[str] = frozenset()
    held: Mapping[str, Held] = field(default_factory=dict)

    def doubt(self, one: ContentType, gone: Collection[str], *, in_trash: int) -> str:
        """Why nothing of a type is to be marked deleted; empty where all of it is.

        `in_trash` of those that are gone were in the trash before. They count once more without
        these: a full trash would hide that most of the rest is gone.
        """
        if self._accepts(one):
            return ""
        held = self.held.get(one.name, Held())
        seen = self._seen(len(gone), held.items, "")
        outside = self._seen(len(gone) - in_trash, held.items - held.in_trash, " outside the trash")
        seen = seen or outside
        return seen and (
            f"{one.name}: {seen} (such as {_examples(gone)}); nothing was marked deleted."
            f" If they are really gone: lookervault extract --accept-deletions {one.name}"
        )

    def _accepts(self, one: ContentType) -> bool:
        """What is found through another type is gone with it.

        Objects that never change are only there while stored content refers to them: Looker is
        not asked which there are.
        """
        through = () if one.source.looks_again else one.after
        return one.immutable or not self.accepted.isdisjoint((one.name, *through))

    def _seen(self, gone: int, held: int, where: str) -> str:
        if not gone:
            return ""
        if gone >= held:
            return f"all {held:,}{where} seem deleted" if held > 1 else "the only one seems deleted"
        share = 100 * gone / held
        if gone < FEWEST or share <= self.most:
            return ""
        return (
            f"{gone:,} of {held:,}{where} seem deleted ({share:.3g} %),"
            f" more than the {self.most:g} % that are believed"
        )

    def hidden(self, one: ContentType, error: CallError) -> str:
        """What to say of a type that cannot be listed at all; empty if the vault has none of it."""
        held = self.held.get(one.name, Held()).items
        if not held or not isinstance(error, ForbiddenError | NotFoundError):
            return ""
        answer = 403 if isinstance(error, ForbiddenError) else 404
        return (
            f"{one.name}: Looker answers {answer} for all of it, and the vault holds {held:,};"
            " nothing was marked deleted."
        )


def _examples(ids: Collection[str]) -> str:
    """The lowest, in natural order."""
    return ", ".join(sorted(ids, key=lambda i: (not i.isdecimal(), len(i), i))[:_EXAMPLES])
