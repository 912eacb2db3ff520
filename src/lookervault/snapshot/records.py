"""What is sealed as JSON: snapshots, and what prunes decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from lookervault.errors import DamagedError, VaultError
from lookervault.snapshot.seal import damaged
from lookervault.storage.dump import ForgottenRun

FORMAT = 1


class Piece(msgspec.Struct, frozen=True):
    """A sealed object by its name, with its SHA-256 and its bytes as they are in the store."""

    name: str
    sha256: str
    size: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A snapshot. `created` is in seconds since 1970.

    `vault` tells vaults apart: the SHA-256 of the first certificate. `items` is how many
    there are as of the run, and `bytes` are those of their content as it came from Looker;
    `stored_bytes` those of all that the snapshot needs in the store. `rows` are levels, to be read
    in their order: all rows, and then what changed since, the newest last. `certificate` is the
    SHA-256 of the newest certificate, which holds that of the one before. `gaps` are snapshots that
    were passed over, as they are damaged: the history goes on from an older one, and what only they
    told is not in it.
    """

    format: int = FORMAT
    created: float
    vault: str
    parent: str | None
    instance: str
    base_url: str
    run: int
    runs: list[int]
    status: str
    items: int
    bytes: int
    stored_bytes: int
    root: str | None
    certificates: int
    certificate: str
    program_version: str
    rows: list[list[Piece]]
    indexes: list[Piece]
    gaps: list[str] = []

    @property
    def row_pieces(self) -> list[Piece]:
        return [piece for level in self.rows for piece in level]


class PruneRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a prune decided, and all that the ones before it had. `created` as in a manifest.

    `forgotten` are runs by vault. `marks` are names of objects that nobody may begin to use, each
    with the time since when, by the store's clock; None: since this record is there. `indexes` are
    to be read for every snapshot, beside its own. `is_left`: everything was encrypted anew, and is
    in another area.
    """

    format: int = FORMAT
    created: float
    forgotten: dict[str, list[ForgottenRun]]
    marks: dict[str, float | None]
    indexes: list[Piece]
    is_left: bool = False


class Pruned(NamedTuple):
    """All records together. `records` are their names, with their times by the store's clock."""

    records: dict[str, float]
    forgotten: dict[str, list[ForgottenRun]]
    marks: dict[str, float]
    indexes: list[Piece]
    """Those that are not marked; `told` are all that any record has."""
    told: list[Piece]
    is_left: bool
    damaged: Sequence[DamagedError] = ()
    """Records that cannot be read, and have a copy that can."""
    is_settled: bool = True
    """There is one record with its copy, or none."""

    def runs_of(self, vault: str) -> list[ForgottenRun]:
        return self.forgotten.get(vault, [])


def union(there: dict[str, float], records: dict[str, PruneRecord]) -> Pruned:
    forgotten: dict[str, dict[tuple[int, float], ForgottenRun]] = {}
    marks: dict[str, float] = {}
    told: dict[str, Piece] = {}
    for name, record in records.items():
        for vault, runs in record.forgotten.items():
            of_vault = forgotten.setdefault(vault, {})
            for run in runs:
                of_vault.setdefault((run.run, run.started), run)
        for marked, since in record.marks.items():
            marked_at = there[name] if since is None else since
            marks[marked] = min(marked_at, marks.get(marked, marked_at))
        told |= {piece.name: piece for piece in record.indexes}
    return Pruned(
        records=there,
        forgotten={vault: list(runs.values()) for vault, runs in forgotten.items()},
        marks=marks,
        indexes=[piece for piece in told.values() if piece.name not in marks],
        told=list(told.values()),
        is_left=any(record.is_left for record in records.values()),
    )


class _Format(msgspec.Struct):
    format: int


# Made here, once, as threads use them: see `lookervault.decoding`.
MANIFEST = msgspec.json.Decoder(Manifest)
PRUNE_RECORD = msgspec.json.Decoder(PruneRecord)
_FORMAT = msgspec.json.Decoder(_Format)


def decoded[T](name: str, content: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Raises `DamagedError`."""
    try:
        format = _FORMAT.decode(content).format
        if format > FORMAT:
            raise VaultError(
                f"{name} was made by a newer LookerVault: its format is {format}, and this program"
                f" knows formats up to {FORMAT}.",
                hint="Update LookerVault.",
            )
        return decoder.decode(content)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise damaged(name, str(error)) from None
