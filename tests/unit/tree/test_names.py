from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookervault.content.unseen import UNSEEN
from lookervault.tree.names import LONGEST, folded, stem, suffix

TITLES = st.one_of(
    st.text(max_size=300),
    st.sampled_from(
        ["..", ".git", "-rf", "CON", "nul.txt", "com¹ .x", "a/b\\c", "x. .", "~1", "\u202e", " "]
    ),
)


@given(TITLES)
def test_a_name_is_safe_on_every_filesystem(title: str) -> None:
    name = stem(title)
    assert len(name.encode()) <= LONGEST
    assert not set(name) & set('/\\<>:"|?*~\0')
    assert not UNSEEN.search(name)
    assert name == unicodedata.normalize("NFC", name)
    assert not name.startswith((".", "-", " "))
    assert not name.endswith((".", " "))
    first = name.split(".")[0].strip().lower()
    assert first not in {"con", "prn", "aux", "nul", "com1", "lpt9", "com¹"}


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Revenue by month", "Revenue by month"),
        ("  two\n lines\t", "two lines"),
        ("a/b: c?", "a_b_ c_"),
        ("../../etc/passwd", "_._.._etc_passwd"),
        ("CON", "CON_"),
        ("com1.log", "com1_.log"),
        ("--help", "_-help"),
        (".git", "_git"),
        ("Cafe\u0301", "Café"),
        ("売上 📈", "売上 📈"),
        ("...", "_"),
        ("", ""),
    ],
)
def test_titles_stay_legible(title: str, name: str) -> None:
    assert stem(title) == name


@given(TITLES)
def test_the_mark_of_an_id_is_safe_and_begins_as_no_title_does(id: str) -> None:
    mark = suffix(id)
    assert mark[0] == "~"
    assert mark[1:].replace("-", "").replace("_", "").isalnum()
    assert mark == mark.lower() == folded(mark)


def test_ids_that_a_filesystem_takes_for_one_have_marks_of_their_own() -> None:
    assert suffix("12") == "~12"
    assert len({suffix("aB"), suffix("Ab"), suffix("ab"), suffix("a/b"), suffix("a_b")}) == 5
