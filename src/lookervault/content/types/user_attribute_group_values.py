"""Values that groups have for a user attribute, in order of precedence: one array an attribute."""

from __future__ import annotations

from collections.abc import Sequence

from lookervault.content import operations as op
from lookervault.content.model import ContentType, Entry, Reader, View
from lookervault.content.sources import Each


def _ids(view: View) -> Sequence[Entry]:
    return [Entry(i) for i in view.known.ids("user_attributes")]


def _call(read: Reader, entry: Entry) -> bytes:
    return read.get(op.ALL_USER_ATTRIBUTE_GROUP_VALUES, entry.id)


TYPE = ContentType(
    name="user_attribute_group_values",
    schema="UserAttributeGroupValue[]",
    holds="each user attribute's values per group; the id is the attribute's",
    key=None,
    permission="manage_user_attributes (Admin)",
    cost="one per user attribute",
    source=Each((op.ALL_USER_ATTRIBUTE_GROUP_VALUES,), _ids, _call),
    typical_size=700,
    after=("user_attributes",),
    noise=("[].can",),
    every=7,
)
