"""The guide to what a run reads, line by line."""

from __future__ import annotations

from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import program, shell
from tests.docs.running import ROOT, blocks

GUIDE = ROOT / "docs/how-to/what-a-run-reads.md"


def test_each_command_of_the_guide_runs() -> None:
    runs, seldom, unproven = blocks(GUIDE, "sh")
    with EmbeddedLooker(items=40, seed=3) as looker:
        env = looker.env()
        for line in runs.splitlines():
            assert shell(line, env).code == 0, line
        assert shell(seldom, env).code == 0
    shown = [program("runs", "show", str(run), "--json").json for run in range(1, 5)]
    boards = {one["types"]["dashboards"]["items"] for one in shown}
    assert len(boards) == 1, "each run confirms everything"
    assert shell(unproven).code == 0
