"""Access lists: who may view or edit a folder that does not inherit, or a board."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lookervault.content import operations as op
from lookervault.content.model import ContentType, Entry, Reader, View
from lookervault.content.sources import Each


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


def _boards(view: View) -> Iterator[str]:
    if view.scope.folders is None:
        for _, board in view.known.objects("boards"):
            if board.get("content_metadata_id"):
                yield str(board["content_metadata_id"])


def _ids(view: View) -> Sequence[Entry]:
    found = (*_roots(view), *_on_their_own(view), *_boards(view))
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
    source=Each((op.ALL_CONTENT_METADATA_ACCESSES,), _ids, _call),
    after=("folders", "boards", "content_metadata"),
    noise=("[].can",),
    unordered=True,
)
