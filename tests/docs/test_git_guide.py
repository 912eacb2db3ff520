"""The guide to reviews in Git, line by line, with a dashboard that gets another title."""

from __future__ import annotations

import json

from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import program, shell
from tests.docs.running import ROOT, blocks, fits

GUIDE = ROOT / "docs/how-to/review-changes-in-git.md"


def test_each_command_of_the_guide_does_what_the_guide_says() -> None:
    export, look, plain, back = blocks(GUIDE, "sh")
    told, difference = blocks(GUIDE, "console")
    with EmbeddedLooker(items=60, seed=3) as looker:
        assert program("extract", "--quiet", env=looker.env()).code == 0
        living = next(i for i in looker.store.ids("dashboards") if not trashed(looker, i))
        looker.store.edit("dashboards", living, title="Revenue, at last")
        assert program("extract", "--quiet", env=looker.env()).code == 0
    done = shell(export)
    assert fits(told, " ".join(done.text.split())), (done.text, done.err)
    shown = [shell(line) for line in look.splitlines()]
    assert [one.code for one in shown] == [0, 0, 0]
    assert fits(difference, shown[2].text), shown[2].text
    assert "Run 1" in shown[0].text
    assert [shell(line).code for line in plain.splitlines()] == [0, 0]
    status, bring, verify = [shell(line) for line in back.splitlines()]
    assert (status.text, bring.code, verify.code) == ("", 0, 0), bring.err


def trashed(looker: EmbeddedLooker, id: str) -> bool:
    return json.loads(looker.store.body("dashboards", id))["deleted"] is True
