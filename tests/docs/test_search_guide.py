"""The guide to what depends on a field, with a company in which it does."""

from __future__ import annotations

from pathlib import Path

from tests.cli.running import shell
from tests.docs.running import ROOT, blocks, fits
from tests.unit.search.making import Objects, run

GUIDE = ROOT / "docs/how-to/find-what-depends-on-a-field.md"
VAULT = Path("lookervault.db")

_QUERY = {
    "id": "5",
    "model": "shop",
    "view": "orders",
    "fields": ["orders.revenue"],
    "sorts": ["orders.revenue desc"],
}
_TILE = {"id": "1", "title": "By month", "note_text": "Net revenue", "query": _QUERY}
_MAIL = "ann@example.com"
COMPANY: Objects = {
    ("dashboards", "14"): {
        "title": "Revenue this quarter",
        "user_id": "2",
        "dashboard_elements": [_TILE],
    },
    ("looks", "6"): {"title": "Old ym_2024"},
    ("scheduled_plans", "3"): {"name": "Weekly to the board", "dashboard_id": "14"},
    ("scheduled_plans", "4"): {
        "name": "Daily",
        "look_id": "7",
        "scheduled_plan_destination": [{"address": _MAIL}],
    },
    ("users", "2"): {"display_name": "Ann", "email": _MAIL, "group_ids": ["9"]},
    ("groups", "9"): {"name": "Finance"},
    ("folders", "1"): {"name": "Shared"},
    ("folders", "8"): {"name": "Inside", "parent_id": "1"},
}


def test_each_command_of_the_guide_finds_what_the_guide_says() -> None:
    run(VAULT, COMPANY)
    run(VAULT, {name: obj for name, obj in COMPANY.items() if name != ("looks", "6")})
    field, things, people, text = blocks(GUIDE, "sh")
    for command, shown in zip((field, people), blocks(GUIDE, "console"), strict=True):
        done = shell(command.splitlines()[0])
        assert done.code == 0, done.err
        assert fits(shown, done.text), done.text
    expected = {
        things: [
            "scheduled_plans 3",
            "scheduled_plans 3",
            "scheduled_plans 4",
            '"scheduled_plans"',
        ],
        people: ["sent to ann@example.com", "member of group 9", "folders 8"],
        text: ["note: Net revenue", "(deleted, runs 1 to 1)"],
    }
    for block, words in expected.items():
        for command, word in zip(block.splitlines(), words, strict=True):
            done = shell(command)
            assert done.code == 0, done.err
            assert word in done.text, command
    assert VAULT.with_name("lookervault.db.index").exists()
