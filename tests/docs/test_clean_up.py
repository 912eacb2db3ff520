"""The guide to cleaning up, line by line, with somebody who cleans up in Looker meanwhile."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import program
from tests.docs.running import ROOT, blocks

GUIDE = ROOT / "docs/how-to/clean-up-safely.md"


def test_each_command_of_the_guide_runs() -> None:
    keep, *looks, before, after, later = blocks(GUIDE, "sh")
    later = later.replace("-30d", "now")  # the vault is not that old
    with EmbeddedLooker(items=30, seed=3, counts={"dashboards": 14}) as looker:
        env = looker.env()
        for block in (keep, *looks, before):
            typed(block, env)
        looker.store.trash("dashboards", "12")
        assert "1 trashed" in typed(after, env)["lookervault diff"]
        looker.store.delete("dashboards", "12")
        assert program("extract", "dashboards", env=env).code == 0
        typed(later, env)
    assert json.loads(Path("dashboard-12.json").read_text())["id"] == "12"
    assert "broken" in json.loads(Path("broken-before.json").read_text())
    (gone,) = program("list", "--deleted", "--json").json
    assert (gone["type"], gone["id"]) == ("dashboards", "12")


def typed(block: str, env: dict[str, str]) -> dict[str, str]:
    """What each line shows, or writes into a file."""
    said = {}
    for line in block.splitlines():
        command, _, file = line.partition(" > ")
        done = program(*shlex.split(command)[1:], env=env)
        assert done.code == 0, (line, done.err)
        said[line] = done.text
        if file:
            Path(file).write_text(done.text)
    return said


def test_the_guide_names_every_section() -> None:
    guide = GUIDE.read_text()
    sections = program("stats", "--help").text.partition("Arguments")[2]
    for name in ("growth", "changed", "unused", "owners", "schedules", "broken"):
        assert name in sections
        assert f"| `{name}` |" in guide
