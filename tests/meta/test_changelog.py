from __future__ import annotations

import re
from pathlib import Path

from tests.meta.repository import ROOT

UNRELEASED = ROOT / "changelog" / "unreleased"
FIRST_LINE = re.compile(r"^(?=.{0,90}$)(Security|Bugfix|Change|Enhancement): \S.*[^.\s]$")
NOTES = sorted(UNRELEASED.glob("*.md"))


def test_the_template_is_what_the_check_asks_for() -> None:
    text = (UNRELEASED / "TEMPLATE").read_text(encoding="utf-8")
    note = [line for line in text.splitlines() if not line.startswith("#")]
    assert FIRST_LINE.match(note[0])


def test_unreleased_has_notes_and_their_template_only() -> None:
    strangers = {path.name for path in UNRELEASED.iterdir()} - {path.name for path in NOTES}
    assert strangers == {"TEMPLATE"}


def test_a_note_has_a_headline_an_empty_line_and_a_text() -> None:
    def is_well_made(note: Path) -> bool:
        headline, empty, text, *_ = [*note.read_text(encoding="utf-8").splitlines(), "", "", ""]
        return bool(FIRST_LINE.match(headline)) and not empty and bool(text)

    assert [note.name for note in NOTES if not is_well_made(note)] == []
