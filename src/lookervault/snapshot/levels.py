"""Rows of a vault on their way into a store: levels of pieces, the newest last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import batched, chain
from pathlib import Path

from lookervault.snapshot.catalog import ROWS, Catalog, packed
from lookervault.snapshot.line import Line
from lookervault.snapshot.merging import to_merge
from lookervault.snapshot.pieces import Draft
from lookervault.snapshot.records import Piece
from lookervault.storage.dump import Change, Outliner, merged

_ROWS_BYTES = 8 * 2**20
"""Of rows in one piece, before they are compressed."""
_ROWS_AT_ONCE = 1_000


def level(catalog: Catalog, vault: Path, base: Path | None) -> Iterator[Draft]:
    """What makes the vault's rows of those of another, an outline; without one, all rows."""
    with Outliner(vault, base) as outliner:
        yield from _drafts(catalog, outliner.changes())


def written(
    catalog: Catalog,
    outliner: Outliner,
    before: Sequence[Sequence[Piece]],
    vault: Path,
    line: Line,
) -> list[list[Piece]]:
    """The levels before, and one of what changed since; some become one with it.

    Complete once the line is empty.
    """
    if not before:
        return [_sent(catalog, outliner, line)]
    changes = merged(outliner.changes())
    if not changes:
        return [list(level) for level in before]
    drafts = [*_drafts(catalog, changes)]
    left = len(before) - to_merge([*map(bytes_of, before)], sum(one.piece.size for one in drafts))
    if left == 0:
        with Outliner(vault) as whole:
            return [_sent(catalog, whole, line)]
    if earlier := [piece for level in before[left:] for piece in level]:
        drafts = [*_drafts(catalog, merged(chain(catalog.changes(earlier), changes)))]
    return [*map(list, before[:left]), [catalog.pieces.send(one) for one in drafts]]


def _sent(catalog: Catalog, outliner: Outliner, line: Line) -> list[Piece]:
    """All rows. Complete once the line is empty."""
    pieces: list[Piece] = []
    for content in _contents(outliner.changes()):
        line.put(partial(catalog.pieces.write, ROWS, content), pieces.append)
    return pieces


def bytes_of(level: Sequence[Piece]) -> int:
    return sum(piece.size for piece in level)


def _drafts(catalog: Catalog, changes: Iterable[Change]) -> Iterator[Draft]:
    return (catalog.pieces.draft(ROWS, content) for content in _contents(changes))


def _contents(changes: Iterable[Change]) -> Iterator[bytes]:
    """Of pieces."""
    waiting, size = list[Change](), 0
    for change in changes:
        for part in _parts(change):
            waiting.append(part)
            size += len(packed(part))
            if size >= _ROWS_BYTES:
                yield packed(waiting)
                waiting, size = [], 0
    if waiting:
        yield packed(waiting)


def _parts(change: Change) -> Iterator[Change]:
    for rows in batched(change.rows, _ROWS_AT_ONCE, strict=False):
        yield Change(change.table, list(rows), [])
    if change.gone:
        yield Change(change.table, [], change.gone)
