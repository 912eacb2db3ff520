"""Access lists: who may view or edit a folder that does not inherit, or a board."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from lookervault.content import operations as op
from lookervault.content.model import ContentType, Entry, Reader, View
from lookervault.content.sources import Each
from lookervault.decoding import decodable
from lookervault.errors import BadAnswerError


def _roots(view: View) -> Iterator[str]:
    for i, folder in view.known.objects("folders"):
        meta = folder.get("content_metadata_id")
        if meta and not folder.get("parent_id") and view.scope.holds(i):
            yield str(meta)


def _on_their_own(view: View) -> Iterator[str]:
    for _, rows in view.known.objects("content_metadata"):
        for row in rows:
            folder = row.get("folder_id")
            if folder and row.get("inherits") is False and view.scope.holds(str(folder)):
                yield str(row.get("id"))


def _below_others(view: View) -> Iterator[str]:
    """Folders in scope whose parent is not: it is not asked which of its folders inherit."""
    if view.scope.folders is None:
        return
    for i, folder in view.known.objects("folders"):
        meta, parent = folder.get("content_metadata_id"), folder.get("parent_id")
        below = parent and view.scope.holds(i) and not view.scope.holds(str(parent))
        if meta and below and not _inherits(view.read, str(meta)):
            yield str(meta)


def _inherits(read: Reader, meta: str) -> bool:
    try:
        body = read.get(op.CONTENT_METADATA, meta, params={"fields": "id,inherits"})
        return msgspec.json.decode(body, type=_Inherits).inherits
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        message = f"content_metadata {meta} does not tell whether it inherits ({error})"
        raise BadAnswerError(message) from error


@decodable
class _Inherits(msgspec.Struct):
    inherits: bool


def _boards(view: View) -> Iterator[str]:
    if view.scope.folders is None:
        for _, board in view.known.objects("boards"):
            if board.get("content_metadata_id"):
                yield str(board["content_metadata_id"])


def _ids(view: View) -> Sequence[Entry]:
    found = (*_roots(view), *_on_their_own(view), *_below_others(view), *_boards(view))
    return [Entry(i) for i in dict.fromkeys(found)]


def _call(read: Reader, entry: Entry) -> bytes:
    params = {"content_metadata_id": entry.id}
    return read.get(op.ALL_CONTENT_METADATA_ACCESSES, params=params)


TYPE = ContentType(
    name="content_metadata_access",
    schema="ContentMetaGroupUser[]",
    holds="access lists of folders that do not inherit theirs, and of boards; the id is the "
    "content metadata's",
    key=None,
    permission="manage_spaces (Admin)",
    cost="one per folder that does not inherit, one per board",
    in_scope=True,
    source=Each((op.ALL_CONTENT_METADATA_ACCESSES, op.CONTENT_METADATA), _ids, _call),
    typical_size=500,
    after=("folders", "boards", "content_metadata"),
    noise=("[].can",),
    unordered=True,
    every=7,
)
