from __future__ import annotations

import pytest

from lookervault.looker.text import clean, without


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("plain", "plain"),
        ("Ümsätze 🚀 売上", "Ümsätze 🚀 売上"),
        ("a\r\n\tb", "a b"),
        ("\x1b[31mred\x07", "[31mred"),
        ("\x9b2J\x00\x7f", "2J"),
        ("\u202egnp.exe\u2066\ufeff\u200b", "gnp.exe"),
        ("one\u2028two\u2029three", "one two three"),
        ("\ud800", ""),
        ("", ""),
    ],
)
def test_what_a_terminal_obeys_is_taken_out(foreign: str, shown: str) -> None:
    assert clean(foreign) == shown


def test_a_long_text_is_cut_and_says_so() -> None:
    assert clean("a" * 10_000_000, 10) == "aaaaaaaaa…"
    assert clean("a" * 10, 10) == "a" * 10


def test_each_secret_is_masked_wherever_it_stands() -> None:
    assert without(["s3cret", "", "token"], "token=s3cret;s3cret") == "********=********;********"
