"""The five minutes of the README, against the embedded Looker."""

from __future__ import annotations

import os
import re
from pathlib import Path

from lookervault.demo.server import EmbeddedLooker
from tests.docs.running import ROOT, blocks, program_folder, shell


def test_the_five_minutes_work(tmp_path: Path) -> None:
    steps = next(block for block in blocks(ROOT / "README.md", "sh") if "LOOKERSDK" in block)
    with EmbeddedLooker(items=200, seed=1) as looker:
        dashboard = looker.store.ids("dashboards")[0]
        for name, value in looker.env().items():
            line = next(one for one in steps.splitlines() if one.startswith(f"export {name}="))
            steps = steps.replace(line, f"export {name}={value}")
        steps = steps.replace("show dashboards 12", f"show dashboards {dashboard}")
        env = {"PATH": f"{program_folder(tmp_path)}{os.pathsep}{os.environ['PATH']}"}
        done = shell("set -e\n" + steps, tmp_path, env)
        body = looker.store.body("dashboards", dashboard).decode()
    assert done.returncode == 0, done.stderr
    assert "sees everything" in " ".join(done.stdout.split())
    assert "complete: everything that was asked for is in the vault" in done.stdout
    assert "embed_users, user_attribute_user_values: not asked for" in done.stdout
    assert body in done.stdout


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
        done = shell(f'"{program_folder(tmp_path)}/lookervault" check', tmp_path, {})
    assert done.returncode == 0, done.stderr
    assert "looker.ini [Looker] client_secret" in done.stdout
