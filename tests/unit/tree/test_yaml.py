"""What a reader of YAML 1.1 or 1.2 takes each value for was tried with PyYAML and ruamel.yaml."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lookervault.content.canonical import Canon
from lookervault.tree.yaml import dump


def dumped(value: Any) -> str:
    return dump(Canon(()).spelled(json.dumps(value).encode()))


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("Revenue by month", "Revenue by month"),
        ("orders.created_date", "orders.created_date"),
        *((word, f'"{word}"') for word in ("yes", "No", "TRUE", "null", "~", "", "off", "y")),
        *(
            (word, f'"{word}"')
            for word in ("1.0", "1e5", "0x1F", "-1", ".inf", "2026-11-01", "1_0")
        ),
        *(
            (word, f'"{word}"')
            for word in ("a: b", "a #b", "- a", "*a", "&a", "!a", "a ", "<<", "é")
        ),
        ("\u202ea\x7f", '"\\U0000202ea\\U0000007f"'),
        ("SELECT 1\nFROM x\n", "|\n    SELECT 1\n    FROM x"),
        ("a\n\n\tb", "|-\n    a\n\n    \tb"),
        (" a\nb", '" a\\nb"'),
        ("a\n\n", '"a\\n\\n"'),
        ("a \nb", '"a \\nb"'),
        ("\n", '"\\n"'),
    ],
)
def test_a_string_stays_one(text: str, spelled: str) -> None:
    assert dumped({"k": [text]}) == f"k:\n  - {spelled}\n"


def test_lists_and_objects_stand_below_their_names() -> None:
    value = {"b": [{"x": 1, "a": []}, [1, [2]], {}], "a": {"n": None, "t": True, "1": "l\nm"}}
    assert dumped(value) == (
        'a:\n  "1": |-\n    l\n    m\n  "n": null\n  t: true\n'
        "b:\n  - a: []\n    x: 1\n  - - 1\n    - - 2\n  - {}\n"
    )


def test_numbers_stay_as_they_are_spelled() -> None:
    obj = Canon(()).spelled(b'{"a": 1.0, "b": 1E5, "c": 123456789012345678901234567890}')
    assert dump(obj) == "a: 1.0\nb: 1E5\nc: 123456789012345678901234567890\n"
