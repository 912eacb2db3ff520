"""Tables, pairs and JSON: in a pipe nothing is cut, in a terminal nothing is too wide."""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import pty
import struct
import termios
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from lookervault.cli.output import cell, print_json, print_pairs, print_table, print_text

TITLE = "Umsatz – 収益 📈, by quarter and by region and by what else there may be"


def in_pipe(show: Callable[[], None]) -> str:
    buffer = io.BytesIO()
    with (
        io.TextIOWrapper(buffer, encoding="utf-8", write_through=True) as stream,
        contextlib.redirect_stdout(stream),
    ):
        show()
        return buffer.getvalue().decode()


def in_terminal(show: Callable[[], None], columns: int) -> str:
    """A real one, so that whoever asks for its width is told."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    with os.fdopen(theirs, "w", encoding="utf-8") as stream, contextlib.redirect_stdout(stream):
        show()
    shown = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    return shown.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that nobody writes any more
        return b""


def _table() -> None:
    print_table(
        ("id", "name", "size"), [("12", TITLE, 1234567), ("a-long-id", "x", None)], keep=("id",)
    )


def test_in_a_pipe_nothing_is_cut() -> None:
    head, first, second = in_pipe(_table).splitlines()
    assert head.split() == ["id", "name", "size"]
    assert TITLE in first
    assert first.endswith("  1,234,567")
    assert second.split() == ["a-long-id", "x", "–"]
    assert cell_len(head) == cell_len(first) == cell_len(second)  # sizes end at the right


class Nowhere(io.TextIOBase):
    """A pipe whose reader takes each piece at once."""

    def write(self, text: str) -> int:
        return len(text)


def test_one_long_title_does_not_make_all_rows_as_long() -> None:
    """Beside the title itself there is its row, and that of no other is filled up to it."""
    size = 8_000_000
    rows = [("1", "x" * size), ("2", "short")]
    tracemalloc.start()
    with contextlib.redirect_stdout(Nowhere()):
        print_table(("id", "name"), rows)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2 * size


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_in_a_terminal_the_widest_column_gives_way(columns: int) -> None:
    lines = in_terminal(_table, columns).splitlines()
    assert len(lines) == 3
    assert max(cell_len(line) for line in lines) <= columns
    assert "…" in lines[1]
    assert lines[1].endswith("1,234,567")
    assert lines[2].startswith("a-long-id ")


def test_what_is_to_be_kept_is_whole_in_the_narrowest_terminal() -> None:
    id = "x" * 50
    shown = in_terminal(
        lambda: print_table(("id", "name"), [(id, TITLE)], keep=("id",)), columns=20
    )
    assert id in shown


def test_columns_that_can_be_spared_go_before_all_is_cut_to_nothing() -> None:
    def table() -> None:
        print_table(
            ("type", "first", "second"),
            [("x" * 20, "f" * 30, "s" * 30)],
            keep=("type",),
            spare=("second", "first"),
        )

    assert "ssss" in in_terminal(table, 80)
    narrow = in_terminal(table, 36)
    assert "second" not in narrow
    assert "fff…" in narrow
    assert in_terminal(table, 22).splitlines() == ["type", "x" * 20]


def test_a_table_without_rows_is_its_head() -> None:
    assert in_pipe(lambda: print_table(("id", "name"), [])) == "id  name\n"


def test_cells_hold_nothing_that_a_terminal_obeys() -> None:
    hostile = "\x1b]0;owned\x07\nsecond line"
    shown = in_terminal(lambda: print_table(("name",), [(hostile,)]), 80)
    assert "\x1b" not in shown
    assert len(shown.splitlines()) == 2


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (True, "yes"), (False, "no"), (1234567, "1,234,567"), (1.5, "1.5"), ("a", "a")],
)
def test_values_are_shown_as_a_person_writes_them(value: object, shown: str) -> None:
    assert cell(value) == shown


def test_pairs_stand_below_one_another_and_are_wrapped_but_never_split() -> None:
    def pairs() -> None:
        print_pairs([("Root", "a" * 64), ("Time", "1.0 s"), ("Status", "word " * 20)])

    assert in_pipe(pairs).splitlines()[1] == "Time    1.0 s"
    lines = in_terminal(pairs, 40).splitlines()
    assert lines[:2] == ["Root", "a" * 64]
    assert all(line.startswith(("Status", " " * 8)) for line in lines[3:])
    assert max(len(line) for line in lines[2:]) <= 40


def test_running_text_is_indented_and_fits() -> None:
    shown = in_terminal(lambda: print_text("word " * 40, "    ", "- "), 50)
    first, *others = shown.splitlines()
    assert first.startswith("- word")
    assert all(line.startswith("    word") for line in others)
    assert max(len(line) for line in shown.splitlines()) <= 50


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(_JSON)
def test_json_is_one_line_with_the_same_value(value: Any) -> None:
    shown = in_pipe(lambda: print_json(value))
    assert json.loads(shown) == value
    assert shown.count("\n") == 1
    assert shown.endswith("\n")


def test_json_in_a_terminal_is_laid_out_and_harmless() -> None:
    shown = in_terminal(lambda: print_json({"title": "\x1b[2J\x9b", "n": [1]}), 80)
    assert "\x1b" not in shown
    assert json.loads(shown) == {"title": "\x1b[2J\x9b", "n": [1]}
    assert len(shown.splitlines()) > 3
