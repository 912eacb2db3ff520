"""Folders, personal ones included. `fields` would drop what it does not know: never used here."""

from __future__ import annotations

from lookervault.content import operations as op
from lookervault.content.model import ContentType
from lookervault.content.sources import Whole

TYPE = ContentType(
    name="folders",
    schema="Folder",
    holds="folders of every kind with their parents; not the content inside",
    permission="see_lookml_dashboards or see_looks; content access to every folder",
    cost="1",
    in_scope=True,
    source=Whole(op.ALL_FOLDERS, op.FOLDER),
    noise=(
        "can",
        "child_count",
        # What `folder(id)` repeats of its content, should a folder ever be asked for by its id.
        "dashboards",
        "looks",
    ),
    in_folder=lambda folder: folder.get("id"),
    typical_size=500,
)
