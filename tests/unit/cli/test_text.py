"""Text that a terminal cannot obey, and quantities that a person can read."""

from __future__ import annotations

import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookervault.cli.text import duration, harmless, size
from lookervault.content.unseen import UNSEEN, escaped_json

JOINERS = "\u200c\u200d"


def test_unseen_are_the_categories_that_it_names() -> None:
    for code in range(sys.maxunicode + 1):
        sign = chr(code)
        category = unicodedata.category(sign)
        if category in ("Cc", "Zl", "Zp", "Cs"):
            assert UNSEEN.fullmatch(sign), hex(code)
        elif category != "Cf":
            assert not UNSEEN.fullmatch(sign), hex(code)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2Jgone", "␛[2Jgone"),
        ("two\r\nlines\ttabbed", "two␍␊lines␉tabbed"),
        ("\x7f\x9b31m", "␡\N{REPLACEMENT CHARACTER}31m"),
        ("\u202eexe.txt\u2066", "\N{REPLACEMENT CHARACTER}exe.txt\N{REPLACEMENT CHARACTER}"),
        ("\ud800", "\N{REPLACEMENT CHARACTER}"),
        ("收益 Grüße 👩\u200d💻 نیم\u200cفاصله", "收益 Grüße 👩\u200d💻 نیم\u200cفاصله"),
    ],
)
def test_signs_stand_for_what_a_terminal_would_obey(text: str, shown: str) -> None:
    assert harmless(text) == shown


@given(st.text())
def test_harmless_text_stays_as_it_is(text: str) -> None:
    once = harmless(text)
    assert not UNSEEN.search(once)
    assert harmless(once) == once
    assert len(once) == len(text)


@given(st.recursive(st.text() | st.integers() | st.none(), st.lists, max_leaves=5))
def test_escaped_json_means_the_same(value: object) -> None:
    escaped = escaped_json(json.dumps(value, ensure_ascii=False))
    assert json.loads(escaped) == value
    assert not UNSEEN.search(escaped)


def test_escaped_json_keeps_its_own_lines_and_goes_beyond_16_bits() -> None:
    pretty = json.dumps({"a": "\U000e0001"}, ensure_ascii=False, indent=2)
    assert escaped_json(pretty) == '{\n  "a": "\\udb40\\udc01"\n}'


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_960, "1.0 MB"),
        (1_250_000, "1.2 MB"),
        (3e15, "3000.0 TB"),
    ],
)
def test_sizes_are_in_decimal_units(count: float, shown: str) -> None:
    assert size(count) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0.0 s"),
        (59.9, "59.9 s"),
        (59.97, "1 min 00 s"),
        (60, "1 min 00 s"),
        (3599, "59 min 59 s"),
        (3599.6, "1 h 00 min"),
        (7260, "2 h 01 min"),
    ],
)
def test_durations_have_two_units_at_most(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown
