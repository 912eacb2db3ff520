from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lookervault.snapshot.merging import to_merge

_FIRST = 10_000


def _after(nights: list[int]) -> tuple[list[int], list[int]]:
    """The levels, and what each night sent."""
    levels, sent = [_FIRST], list[int]()
    for new in nights:
        left = len(levels) - to_merge(levels, new)
        levels[left:] = [sum(levels[left:]) + new]
        sent.append(levels[-1])
    return levels, sent


def test_the_first_level_is_what_is_new() -> None:
    assert to_merge([], 100) == 0


def test_small_levels_become_one_up_to_a_quarter_of_the_first() -> None:
    assert to_merge([_FIRST, 1_000, 400, 100], 100) == 3
    assert to_merge([_FIRST, 2_000, 400, 100], 100) == 2
    assert to_merge([_FIRST, 1_000, 900, 100], 10) == 0


def test_all_are_written_anew_once_the_others_are_as_large_as_the_first() -> None:
    assert to_merge([_FIRST, 5_000, 2_500], 2_500) == 0
    assert to_merge([_FIRST, 5_000, 2_500], 2_501) == 3


@given(st.lists(st.integers(1, _FIRST // 50), max_size=365))
def test_there_are_never_many_levels(nights: list[int]) -> None:
    levels, _ = _after(nights)
    assert len(levels) <= 10
    assert sum(levels) == _FIRST + sum(nights)
    assert sum(levels[1:]) <= levels[0]


@given(st.lists(st.integers(1, _FIRST // 50), max_size=40))
def test_a_night_sends_a_quarter_of_the_first_level_again_at_most(nights: list[int]) -> None:
    _, sent = _after(nights)
    assert all(one <= _FIRST / 4 or one >= 2 * _FIRST for one in sent)
