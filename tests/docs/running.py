"""The documentation's pages, and what they show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    path
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
    if not path.name.startswith(".")
]


def blocks(page: Path, language: str) -> Iterator[str]:
    yield from re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def fits(expected: str, shown: str) -> bool:
    """Whether what was shown is what the page says; `…` stands for anything."""
    pattern = ".*?".join(re.escape(part) for part in re.split(r"\s*…\s*", expected.strip()))
    return re.search(re.sub(r"(\\\s)+", r"\\s+", pattern), shown, re.DOTALL) is not None
