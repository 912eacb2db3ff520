"""Which Looker this is: a vault belongs to one.

Looker says so itself, in `versions`. Where it refuses that, the base URL has to do: for a night or
for ever, so a vault that was claimed by one name goes on under the other one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from lookervault.errors import UsageError
from lookervault.extraction.visibility import Version
from lookervault.storage.runs import RunRow


class Claimed(Protocol):
    """A vault: whom it belongs to, and whose runs it has."""

    def instance(self) -> str | None: ...

    def set_instance(self, identity: str) -> None: ...

    def runs(self) -> list[RunRow]: ...


class Identity(NamedTuple):
    """`instance` is what the vault is to call it, `owns` whether the vault is this one's."""

    instance: str
    owns: bool
    note: str = ""
    """What a person should know of how it was told."""


def identity(looker: Version, base_url: str, owner: str | None, runs: Sequence[RunRow]) -> Identity:
    """`owner` and `runs` are the vault's, which may be new."""
    if looker.web_url:
        owns = owner in (None, looker.web_url) or _was_guessed(owner, base_url, runs)
        return Identity(looker.web_url, owns)
    instance = owner if owner and _was_read_from(base_url, owner, runs) else base_url
    how = "as in the last run from there" if instance != base_url else "by its base URL"
    return Identity(
        instance,
        owner in (None, instance),
        f"Looker does not say its release and its web address to this API user (the call"
        f" `versions`): it is taken for {instance}, {how}.",
    )


def claim(vault: Claimed, looker: Version, base_url: str, *, same_instance: bool) -> Identity:
    """Makes the vault that Looker's. Raises `UsageError` where it belongs to another one."""
    owner = vault.instance()
    here = identity(looker, base_url, owner, vault.runs())
    if not here.owns and not same_instance:
        raise UsageError(
            f"This vault belongs to {owner}, and {here.instance} was to be extracted into it.",
            hint="Name another vault with --vault, or pass --same-instance if that Looker was"
            " renamed or moved.",
        )
    if owner != here.instance:
        vault.set_instance(here.instance)
    return here


def _was_guessed(owner: str | None, base_url: str, runs: Sequence[RunRow]) -> bool:
    """Whether the owner's name was only ever this base URL, for want of Looker's own word."""
    own = [row for row in runs if row.instance == owner]
    return owner == base_url and all(not row.looker_version for row in own)


def _was_read_from(base_url: str, owner: str, runs: Sequence[RunRow]) -> bool:
    last = next((row for row in reversed(runs) if row.base_url == base_url), None)
    return last is not None and last.instance == owner
