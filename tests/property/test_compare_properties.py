"""A difference is told where there is one, and nowhere else."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lookervault.content.canonical import Canon
from lookervault.content.registry import TYPES
from lookervault.history.compare import compare

keys = st.sampled_from(["id", "title", "can", "dashboard_elements", "query", "fields", "", "a.b"])
leaves = st.one_of(
    st.none(), st.booleans(), st.sampled_from([0, 1, 1.5, 2**70, "1", "", "0"]), st.text(max_size=2)
)
values = st.recursive(
    leaves,
    lambda below: st.one_of(
        st.lists(below, max_size=3),
        st.dictionaries(keys, below, max_size=4),
        st.permutations([{"id": "1"}, {"id": "2", "title": "x"}, {"id": 1}]),
    ),
    max_leaves=12,
)
bodies = values.map(lambda value: json.dumps(value).encode())


@given(
    st.sampled_from([TYPES["dashboards"], TYPES["role_members"], TYPES["looks"]]), bodies, bodies
)
def test_fields_differ_where_hashes_do(content_type: Any, before: bytes, after: bytes) -> None:
    canon = Canon(content_type.noise, unordered=content_type.unordered)
    same = canon.read(before).hash == canon.read(after).hash
    found = compare(content_type, before, after)
    assert (found == []) is same
    assert len(compare(content_type, after, before)) == 0 or not same


@given(st.dictionaries(st.text(max_size=5), leaves, max_size=5))
def test_the_same_object_in_another_spelling_does_not_differ(obj: dict[str, Any]) -> None:
    dashboard = {"dashboard_elements": [obj], **obj}
    spelled = dict(reversed(dashboard.items())) | {"view_count": 7, "can": {}}
    one = json.dumps(dashboard, indent=1).encode()
    assert compare(TYPES["dashboards"], one, json.dumps(spelled, ensure_ascii=False).encode()) == []
