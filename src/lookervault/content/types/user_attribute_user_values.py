"""Values that users have for user attributes: a call per user, so only where it is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from lookervault.content import operations as op
from lookervault.content.model import ContentType, Entry, Reader, View
from lookervault.content.sources import Each


def _ids(view: View) -> Sequence[Entry]:
    return [Entry(i) for i in view.known.ids("users")]


def _call(read: Reader, entry: Entry) -> bytes:
    return read.get(op.USER_ATTRIBUTE_USER_VALUES, entry.id)


TYPE = ContentType(
    name="user_attribute_user_values",
    schema="UserAttributeWithValue[]",
    holds="each user's attribute values and where they come from; the id is the user's",
    key=None,
    permission="manage_user_attributes (Admin)",
    cost="one per user",
    source=Each((op.USER_ATTRIBUTE_USER_VALUES,), _ids, _call),
    after=("users",),
    noise=("[].can",),
    unordered=True,
    default=False,
    typical_size=3_000,
)
