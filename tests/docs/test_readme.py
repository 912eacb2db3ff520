"""The five minutes of the README, against the embedded Looker."""

from __future__ import annotations

import re
from pathlib import Path

from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import program, shell
from tests.docs.running import ROOT, blocks


def test_the_five_minutes_work() -> None:
    steps = next(block for block in blocks(ROOT / "README.md", "sh") if "LOOKERSDK" in block)
    with EmbeddedLooker(items=200, seed=1) as looker:
        dashboard = looker.store.ids("dashboards")[0]
        for name, value in looker.env().items():
            line = next(one for one in steps.splitlines() if one.startswith(f"export {name}="))
            steps = steps.replace(line, f"export {name}={value}")
        steps = steps.replace("show dashboards 12", f"show dashboards {dashboard}")
        done = shell("set -e\n" + steps, installed=True)
        body = looker.store.body("dashboards", dashboard).decode()
    assert done.code == 0, done.err
    assert "sees everything" in " ".join(done.text.split())
    assert "complete: everything that was asked for is in the vault" in done.text
    assert "embed_users, user_attribute_user_values: not asked for" in done.text
    assert body in done.text


def test_the_ini_file_works_in_place_of_the_variables(tmp_path: Path) -> None:
    (lines,) = blocks(ROOT / "README.md", "ini")
    with EmbeddedLooker(items=150, seed=1) as looker:
        values = {
            "base_url": looker.base_url,
            "client_id": looker.client_id,
            "client_secret": looker.client_secret,
        }
        for name, value in values.items():
            lines = re.sub(rf"^{name}=.*$", f"{name}={value}", lines, flags=re.MULTILINE)
        (tmp_path / "looker.ini").write_text(lines)
        done = program("check")
    assert done.code == 0, done.err
    assert "looker.ini [Looker] client_secret" in done.text
