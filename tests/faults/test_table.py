"""docs/reliability.md and the tests say the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.faults.times import ROOT, Test, collected, in_words

pytestmark = pytest.mark.xdist_group("table")  # which looks for all its tests, once

HERE = Path(__file__).parent
PAGE = ROOT / "docs/reliability.md"
TEST = re.compile(r"^(?:async )?def (test_\w+)\(", re.MULTILINE)
LINK = re.compile(r"\[`(test_\w+)`\]\(\.\./([^)]+)\)")
HEADS = ["what goes wrong", "what happens", "exit", "times", "lost", "checked by"]


class Row(NamedTuple):
    fault: str
    happens: str
    code: str
    times: str
    lost: str
    checked: str

    @property
    def tests(self) -> list[Test]:
        return [(file, name) for name, file in LINK.findall(self.checked)]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def rows() -> list[Row]:
    """Of all tables but that of the soak."""
    text = PAGE.read_text().partition("## What is not covered")[0]
    lines = [cells(line) for line in text.splitlines() if line.startswith("| ")]
    return [Row(*line) for line in lines if line != HEADS]


def names_in(path: Path) -> set[str]:
    return set(TEST.findall(path.read_text()))


@pytest.fixture(scope="module")
def cases() -> Mapping[str, int]:
    return collected({file for row in rows() for file, _ in row.tests})


def test_each_row_of_the_table_names_tests_that_there_are(cases: Mapping[str, int]) -> None:
    assert len(rows()) > 30
    for row in rows():
        assert row.fault
        assert row.happens
        assert re.fullmatch(r"–|\d+( or \d+)?", row.code), row.fault
        assert row.lost in ("nothing", "named", "nothing, or named"), row.fault
        assert row.lost == "nothing" or row.code != "0", row.fault
        assert row.tests, row.fault
        assert LINK.sub("", row.checked).strip(", ") == "", row.fault
        for file, name in row.tests:
            assert f"{file}::{name}" in cases, row.fault


def test_each_row_of_the_table_tells_how_often_it_is_tried(cases: Mapping[str, int]) -> None:
    tried = {row.fault: in_words(row.tests, cases) for row in rows()}
    assert {row.fault: row.times for row in rows()} == tried


def test_each_fault_that_is_tried_is_in_a_row_of_the_table() -> None:
    named = {name for row in rows() for _, name in row.tests}
    tried = {
        name for path in HERE.glob("test_*.py") if path != Path(__file__) for name in names_in(path)
    }
    assert tried - named == set()
