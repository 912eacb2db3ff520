"""What the documents point at is there, and what is there is in the documents."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from lookervault.cli.commands import build
from lookervault.content.registry import TYPES
from tests.docs.running import DOCUMENTS, ROOT

LINK = re.compile(r"\]\(([^)\s]+)\)")
TEXTS = {path: path.read_text() for path in DOCUMENTS}
EVERYTHING = "\n".join(TEXTS.values())


def anchors(path: Path) -> set[str]:
    headings = re.findall(
        r"^#+ (.+)$", re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(TEXTS[page]):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


def test_every_document_is_linked_from_another() -> None:
    linked = {
        (page.parent / target.partition("#")[0]).resolve()
        for page, text in TEXTS.items()
        for target in LINK.findall(text)
        if not target.startswith("http")
    }
    alone = {page for page in DOCUMENTS if page not in linked and page != ROOT / "README.md"}
    assert alone == set()


def commands(path: str, command: Any) -> list[str]:
    children = getattr(command, "commands", {})
    return [path] + [
        name for key, one in children.items() for name in commands(f"{path} {key}", one)
    ]


def test_every_command_is_in_the_reference() -> None:
    reference = (ROOT / "docs/reference/cli.md").read_text()
    for name in commands("lookervault", build()):
        assert f"\n## {name}\n" in reference


@pytest.mark.parametrize("name", TYPES)
def test_every_content_type_is_in_the_readme(name: str) -> None:
    assert f"`{name}`" in (ROOT / "README.md").read_text()


def test_every_environment_variable_of_the_documents_is_read_by_the_program() -> None:
    program = "".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    guide = (ROOT / "docs/how-to/nightly-cron.md").read_text()
    script = re.findall(r"\$\{?(LOOKER\w+)", guide)  # the script's own
    for name in set(re.findall(r"\bLOOKER(?:SDK|VAULT)_[A-Z_]+\b", EVERYTHING)) - set(script):
        assert name in program, name
