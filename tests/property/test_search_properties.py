"""Whatever an item is called, each piece of its name finds it."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from lookervault.content.registry import TYPES
from lookervault.search.folding import fold, span
from lookervault.search.keys import read
from tests.unit.search.making import ids, run

titles = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12),
    st.text(alphabet="aAbBé\u0301\u0323ßİıﾎﾟホ売上ก็ำ가\x00\"'*%_ ", min_size=1, max_size=12),
)


@settings(max_examples=8)
@given(st.lists(titles, min_size=1, max_size=4), st.data())
def test_each_piece_of_a_title_finds_it(names: list[str], data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "vault.db")
        run(path, {("looks", str(i)): {"title": name} for i, name in enumerate(names)})
        for i, name in enumerate(names):
            for _ in range(4):
                begin = data.draw(st.integers(0, len(name) - 1))
                end = data.draw(st.integers(begin + 1, len(name)))
                assert str(i) in ids(path, name[begin:end])


@given(titles, titles, titles)
def test_a_piece_of_a_text_is_one_of_the_folded_text(before: str, text: str, after: str) -> None:
    whole = before + text + after
    assert fold(text) in fold(whole)
    found = span(whole, fold(text))
    assert found is not None
    begin, end = found
    assert fold(text) in fold(whole[begin:end])
    assert end - begin <= len(whole)


_names = st.sampled_from(
    [
        "title",
        "dashboard_elements",
        "dashboard_filters",
        "query",
        "result_maker",
        "filters",
        "fields",
        "sorts",
        "dynamic_fields",
        "board_sections",
        "board_items",
        "field",
        "scheduled_plan_destination",
        "model",
        "view",
        "group_ids",
        "user_id",
        "credentials_email",
    ]
)
_leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(["", "a.b", "[1", "[{}]"])
)
_values = st.recursive(
    _leaves,
    lambda below: st.one_of(
        st.lists(below, max_size=3), st.dictionaries(_names, below, max_size=4)
    ),
    max_leaves=15,
)


@given(st.sampled_from(sorted(TYPES)), _values)
def test_nothing_that_looker_answers_stops_a_search(type: str, value: object) -> None:
    read(type, "1/groups", None, json.dumps(value).encode())
    read(type, "1", "\x00", b"[" * 3000 + json.dumps(value).encode())
