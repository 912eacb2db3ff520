"""The guide to schedules, line by line."""

from __future__ import annotations

from lookervault.demo.server import EmbeddedLooker
from lookervault.errors import Exit
from tests.cli.running import program, shell
from tests.docs.running import ROOT, blocks

GUIDE = ROOT / "docs/how-to/nightly-within-the-quota.md"


def test_each_command_of_the_guide_runs() -> None:
    before, limited, fitted = blocks(GUIDE, "sh")
    with EmbeddedLooker(items=40, seed=3) as looker:
        env = looker.env()
        assert "about" in shell(before, env).text
        assert len(looker.log) <= 30, "the guide says so"
        assert shell(limited.replace("2000", "100"), env).code == Exit.INCOMPLETE
        assert shell(limited, env).code == 0
        done = shell(fitted, env)
        assert done.code == 0, done.err
    assert "Schedule: content: every run" in done.told
    first, second = program("runs", "--json").json
    assert second["calls"] < first["calls"]
