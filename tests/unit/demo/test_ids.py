from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookervault.demo.ids import (
    Ids,
    NamedIds,
    NamedThenNumberedIds,
    NumberedIds,
    PlainIds,
    ScrambledIds,
)

SCHEMES: list[Ids] = [
    NumberedIds(),
    NumberedIds(2),
    PlainIds(),
    NamedIds(("warehouse", "events/bq"), "connection_"),
    NamedThenNumberedIds(("1", "2", "lookml"), NumberedIds(5)),
    ScrambledIds(),
]


@pytest.mark.parametrize("ids", SCHEMES, ids=repr)
@given(index=st.integers(0, 10**9))
def test_an_id_leads_back_to_its_index(ids: Ids, index: int) -> None:
    assert ids.index(ids.of(index)) == index


@pytest.mark.parametrize("ids", SCHEMES, ids=repr)
@given(text=st.text(max_size=12) | st.integers(0, 10**6).map(str))
def test_no_other_text_is_an_id(ids: Ids, text: str) -> None:
    index = ids.index(text)
    assert index is None or ids.of(index) == text


def test_numbers_have_gaps() -> None:
    numbers = [int(NumberedIds().of(index)) for index in range(100)]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] > 100
