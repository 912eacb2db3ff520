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
from tests.unit.search.making import Objects, found, ids, run

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


_SIGNS = "aAbe \x00\"'*%_.É\u0301ßﬁﾎ゚ポ売上のก็ำ가"
_texts = st.text(_SIGNS, min_size=1, max_size=6)
_states = st.dictionaries(
    st.tuples(st.sampled_from(["dashboards", "looks"]), st.sampled_from("123")),
    st.fixed_dictionaries({"title": _texts, "description": _texts}),
    max_size=4,
)


@settings(max_examples=15)
@given(st.lists(_states, min_size=1, max_size=3), st.lists(_texts, max_size=5), st.booleans())
def test_a_search_finds_what_a_reading_of_everything_finds(
    states: list[Objects], texts: list[str], between: bool
) -> None:
    """The pieces of what is there are searched for, and texts that may not be there at all."""
    pieces = {
        text[i : i + length]
        for state in states
        for obj in state.values()
        for text in obj.values()
        for length in (1, 2)
        for i in range(len(text))
    }
    with TemporaryDirectory() as folder:
        path = Path(folder, "vault.db")
        for state in states:
            run(path, state)
            if between:
                ids(path, "a")
        for text in sorted({*texts, *pieces}):
            for past in (False, True):
                expected = _read_everything(states if past else states[-1:], text)
                rows = [(one.type, one.id) for one in found(path, text, past=past)]
                if between:  # what came later comes later
                    assert set(rows) == set(expected)
                else:
                    assert rows == expected


def _read_everything(states: list[Objects], text: str) -> list[tuple[str, str]]:
    """Those called so come first, each time by type and id."""

    def have(key: str) -> set[tuple[str, str]]:
        return {n for state in states for n, obj in state.items() if fold(text) in fold(obj[key])}

    named = have("title")
    return [*sorted(named), *sorted(have("description") - named)]


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
