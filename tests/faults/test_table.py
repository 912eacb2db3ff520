"""docs/reliability.md and the tests say the same."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs/reliability.md"
TEST = re.compile(r"^(?:async )?def (test_\w+)\(", re.MULTILINE)
LINK = re.compile(r"\[`(test_\w+)`\]\(([^)]+)\)")


def rows() -> list[list[str]]:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[-1] != "checked by" and len(row) == 4]


def names_in(path: Path) -> set[str]:
    return set(TEST.findall(path.read_text()))


def test_each_row_of_the_table_names_tests_that_there_are() -> None:
    assert len(rows()) > 30
    for fault, happens, code, checked in rows():
        assert fault
        assert happens
        assert re.fullmatch(r"–|\d+( or \d+)?", code), fault
        links = LINK.findall(checked)
        assert links, fault
        assert LINK.sub("", checked).strip(", ") == "", fault
        for name, target in links:
            assert name in names_in(PAGE.parent / target), f"{fault}: {name}"


def test_each_fault_that_is_tried_is_in_a_row_of_the_table() -> None:
    named = {name for *_, checked in rows() for name, _ in LINK.findall(checked)}
    tried = {
        name for path in HERE.glob("test_*.py") if path != Path(__file__) for name in names_in(path)
    }
    assert tried - named == set()
