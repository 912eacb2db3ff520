"""Which packs a sample has."""

from __future__ import annotations

import math
import random
from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from lookervault.snapshot.inspection import sample


@example(packs=100, tenths=70, seed=1)  # 0.07 * 100 > 7
@given(packs=st.integers(0, 500), tenths=st.integers(1, 1000), seed=st.integers())
def test_a_sample_is_the_share_rounded_up(packs: int, tenths: int, seed: int) -> None:
    """In tenths of a percent; `--sample` divides as it is done here."""
    names = [str(number) for number in range(packs)]
    chosen = sample(names, tenths / 10 / 100, random.Random(seed))
    assert len(chosen) == math.ceil(packs * Fraction(tenths, 1000))
    assert len({*chosen} & {*names}) == len(chosen)


def test_a_sample_is_never_none() -> None:
    assert sample(["1", "2"], 1e-9, random.Random(1)) in (["1"], ["2"])


def test_each_pack_is_in_a_sample_at_some_time() -> None:
    names = [str(number) for number in range(100)]
    rng = random.Random(1)
    chosen = [sample(names, 0.05, rng) for _ in range(200)]
    assert {len(one) for one in chosen} == {5}
    assert {name for one in chosen for name in one} == {*names}
