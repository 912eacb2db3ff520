"""Records of prunes, as they are in a store: each is there twice, under two names.

Without them nobody knows which bodies are gone, and which packs nobody may begin to use.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from lookervault.errors import DamagedError, NoSuchObjectError
from lookervault.snapshot.records import PRUNE_RECORD, Pruned, PruneRecord, decoded, union
from lookervault.snapshot.seal import Seal, damaged
from lookervault.snapshot.store import Store

COPY = "-2"
"""Behind the name of a record: that of its copy."""
_TRIES = 5
"""How often records that another prune replaces meanwhile are looked for."""


class Records:
    """In a folder of a store. Thread-safe."""

    def __init__(self, store: Store, seal: Seal, folder: str) -> None:
        self._store = store
        self._seal = seal
        self._folder = folder

    def read(self) -> Pruned:
        """All of them together. Of a record and its copy, one that can be read is enough. Raises
        `DamagedError` where there is none.
        """
        for _ in range(_TRIES):
            there = {one.name: one.modified for one in self._store.list(self._folder)}
            try:
                return self._together(there)
            except NoSuchObjectError:
                continue
        raise damaged(self._folder, "an object in it is listed, and is not there")

    def _together(self, there: dict[str, float]) -> Pruned:
        found: dict[str, PruneRecord] = {}
        bad: list[DamagedError] = []
        originals = sorted({name.removesuffix(COPY) for name in there})
        for original in originals:
            errors: dict[str, DamagedError] = {}
            for name in (original, f"{original}{COPY}"):
                if name not in there:
                    continue
                try:
                    found[name] = self._one(name)
                    break
                except DamagedError as error:
                    errors[name] = error
            else:
                raise _lost(errors)
            bad += errors.values()
        is_settled = len(originals) <= 1 and len(there) == 2 * len(originals) and not bad
        return union(there, found)._replace(damaged=bad, is_settled=is_settled)

    def damaged(self, names: Iterable[str]) -> Iterator[tuple[str, DamagedError]]:
        """Of these, copies or not."""
        for name in names:
            try:
                self._one(name)
            except DamagedError as error:
                yield name, error
            except NoSuchObjectError:  # another prune took it over
                continue

    def _one(self, name: str) -> PruneRecord:
        return decoded(name, self._seal.open(name, self._store.get(name)), PRUNE_RECORD)


def _lost(errors: Mapping[str, DamagedError]) -> DamagedError:
    told = " ".join(error.message for error in errors.values())
    return DamagedError(
        f"{told} It says what was pruned, and nobody can go on without.",
        hint=f"Bring back {' or '.join(errors)}, where the bucket keeps versions or there is a"
        " copy. Else remove it: runs that were forgotten are told of again, and what was deleted of"
        " them is missing until `lookervault snapshot verify --repair` finds it in a vault.",
    )
