"""The guide to a small vault, line by line."""

from __future__ import annotations

import json
from pathlib import Path

from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import program, shell
from tests.docs.running import ROOT, blocks, fits

GUIDE = ROOT / "docs/how-to/keep-the-vault-small.md"


def test_each_command_of_the_guide_does_what_the_guide_says() -> None:
    dry, do, collect, weekly = blocks(GUIDE, "sh")
    (shown,) = blocks(GUIDE, "console")
    with EmbeddedLooker(items=60, seed=3) as looker:
        for title in ("one", "two", "three"):
            one = looker.store.ids("dashboards")[0]
            looker.store.edit("dashboards", one, title=title)
            assert program("extract", "dashboards", "--quiet", env=looker.env()).code == 0
    done = shell(dry)
    assert done.code == 0
    assert "Runs to forget     1 of 3" in done.text  # the oldest reaches back
    assert "Nothing was changed." in done.text
    assert shell(do).code == 0
    done = shell(collect)
    assert done.code == 0
    assert fits(shown.partition("\n")[2], done.text), done.text
    assert shell(weekly).code == 0
    found = json.loads(Path("forget.json").read_text())
    wanted = {"status", "kept", "forgotten", "bytes_before", "bytes_after", "seconds"}
    assert wanted <= set(found)
    assert [one["run"] for one in found["kept"]] == [1, 3]
    assert program("certificate", "check", "2").code == 0
