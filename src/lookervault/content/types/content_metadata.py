"""Which folders inherit their access list: one array a folder that has folders inside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from lookervault.content import operations as op
from lookervault.content.model import (
    Answer,
    Batch,
    ContentType,
    Due,
    Entry,
    Listed,
    Reader,
    View,
)
from lookervault.content.operations import Operation
from lookervault.content.sources import Static, singly
from lookervault.errors import BadAnswerError, NotFoundError

COLUMNS = "id,parent_id,folder_id,content_type,inherits,inheriting_id"


@dataclass(frozen=True, slots=True)
class ContentMetadata(Static):
    """`inherits` stands on a folder's content metadata, and a parent's call shows all children's.

    Whether the call's `parent_id` means the parent folder or its metadata is not documented, so
    one folder whose two ids differ is asked for in both ways until its children appear. The id
    that is sent is the entry's `part`.
    """

    operations: tuple[Operation, ...] = (op.ALL_CONTENT_METADATAS,)
    id_lists: bool = False
    looks_again: bool = False

    def census(self, view: View) -> Iterator[Listed | Answer]:
        parents, children = _tree(view)
        inside = {i: parents[i] for i in children if i in parents}
        if not inside:
            return
        by_folder = _means_folder(view.read, inside, children)
        yield Listed([Entry(i, part=i if by_folder else meta) for i, meta in inside.items()])

    def batches(self, due: Due) -> Iterator[Batch]:
        return singly(due)

    def fetch(self, read: Reader, batch: Batch) -> Iterator[Answer]:
        yield self.fetch_one(read, batch.entries[0])

    def fetch_one(self, read: Reader, entry: Entry) -> Answer:
        return Answer(_children_of(read, entry.part), id=entry.id)


def _tree(view: View) -> tuple[dict[str, str], dict[str, set[str]]]:
    """Metadata id of each folder in scope, and the folders inside each folder."""
    metadata: dict[str, str] = {}
    children: dict[str, set[str]] = defaultdict(set)
    for i, folder in view.known.objects("folders"):
        if not view.scope.holds(i):
            continue
        if folder.get("content_metadata_id"):
            metadata[i] = str(folder["content_metadata_id"])
        if folder.get("parent_id"):
            children[str(folder["parent_id"])].add(i)
    return metadata, children


def _means_folder(read: Reader, parents: dict[str, str], children: dict[str, set[str]]) -> bool:
    telling = next((i for i, meta in parents.items() if i != meta), None)
    if telling is None:
        return True
    refusal: NotFoundError | None = None
    for sent, by_folder in ((telling, True), (parents[telling], False)):
        try:
            shown = _folders_in(read, sent)
        except NotFoundError as error:  # the id may be of the other kind
            refusal = error
            continue
        if shown & children[telling]:  # not all: some may be gone by now
            return by_folder
    message = f"all_content_metadatas does not show the folders inside folder {telling}"
    raise refusal or BadAnswerError(message)


def _folders_in(read: Reader, parent_id: str) -> set[str]:
    try:
        rows = msgspec.json.decode(_children_of(read, parent_id), type=list[dict[str, Any]])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        message = f"all_content_metadatas did not answer with a list of rows ({error})"
        raise BadAnswerError(message) from error
    return {str(row.get("folder_id")) for row in rows}


def _children_of(read: Reader, parent_id: str) -> bytes:
    params = {"parent_id": parent_id, "fields": COLUMNS}
    return read.get(op.ALL_CONTENT_METADATAS, params=params)


TYPE = ContentType(
    name="content_metadata",
    schema="ContentMeta[]",
    holds="which folders inherit their access list, and no other columns of it; "
    "the id is the parent folder's",
    key=None,
    permission="manage_spaces (Admin)",
    cost="one per folder that has folders inside",
    in_scope=True,
    source=ContentMetadata(),
    after=("folders",),
    unordered=True,
    every=7,
)
