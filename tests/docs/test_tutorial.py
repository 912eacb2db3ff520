"""The tutorial, line by line."""

from __future__ import annotations

import os
from pathlib import Path

from tests.docs.running import ROOT, blocks, fits, program_folder, shell


def test_each_command_of_the_tutorial_shows_what_the_page_says(tmp_path: Path) -> None:
    env = {
        "PATH": f"{program_folder(tmp_path)}{os.pathsep}{os.environ['PATH']}",
        "LOOKERSDK_BASE_URL": "https://company.looker.com",
    }
    count = 0
    for block in blocks(ROOT / "docs/tutorial.md", "console"):
        command, _, expected = block.removeprefix("$ ").partition("\n")
        done = shell(command, tmp_path, env)
        assert fits(expected, done.stdout + done.stderr), (command, done.stdout, done.stderr)
        count += 1
    assert count >= 8
