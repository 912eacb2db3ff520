"""The guide to verify and repair, line by line, with a vault that gets damaged on the way."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import program, shell
from tests.docs.running import ROOT, blocks, fits

GUIDE = ROOT / "docs/how-to/verify-and-repair.md"
VAULT = Path("lookervault.db")


def test_each_command_of_the_guide_does_what_the_guide_says() -> None:
    plain, weekly, repair, compare, salvage = blocks(GUIDE, "sh")
    (shown,) = blocks(GUIDE, "console")
    with EmbeddedLooker(items=120, seed=3) as looker:
        env = looker.env()
        assert program("extract", "--quiet", env=env).code == 0
        done = shell(plain)
        assert done.code == 0
        assert fits(shown.partition("\n")[2], done.text), done.text
        assert shell(weekly).code == 0
        assert Path("verify.json").read_text().startswith("{")
        damage()
        assert shell(plain).code == 5
        assert shell(repair, env).code == 0
        assert list(Path().glob("lookervault.db.damaged-*"))
        assert shell(plain).code == 0
        assert "20 items were fetched again, 20 are the same." in shell(compare, env).text
        for dashboard in looker.store.ids("dashboards"):
            looker.store.edit("dashboards", dashboard, title="Something else")
        done = program("verify", "--against-looker", env=env)
        assert (done.code, "title" in done.text) == (3, True), done.text
    VAULT.write_bytes(VAULT.read_bytes()[:150_000])
    commands = salvage.splitlines()
    assert shell(plain).code == 5
    assert [shell(command).code for command in commands] == [3, 0]


def damage() -> None:
    with closing(sqlite3.connect(VAULT)) as connection, connection:
        connection.execute("UPDATE objects SET data = zeroblob(length(data)) WHERE id IN (5, 40)")
