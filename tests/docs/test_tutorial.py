"""The tutorial, line by line."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tests.docs.running import ROOT, blocks, fits, program_folder, shell

TUTORIAL = ROOT / "docs/tutorial.md"


def test_each_command_of_the_tutorial_shows_what_the_page_says(tmp_path: Path) -> None:
    env = {
        "PATH": f"{program_folder(tmp_path)}{os.pathsep}{os.environ['PATH']}",
        "LOOKERSDK_BASE_URL": "https://company.looker.com",
    }
    count = 0
    for block in blocks(TUTORIAL, "console"):
        command, _, expected = block.removeprefix("$ ").partition("\n")
        done = shell(command, tmp_path, env)
        assert fits(expected, done.stdout + done.stderr), (command, done.stdout, done.stderr)
        count += 1
    assert count >= 8
    runs = json.loads(shell("lookervault runs --vault company.db --json", tmp_path, env).stdout)
    assert len({run["root_hash"] for run in runs}) == 1


def test_the_bad_day_ends_well(tmp_path: Path) -> None:
    serve, extract = list(blocks(TUTORIAL, "sh"))
    programs = program_folder(tmp_path)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    serving = ["/bin/sh", "-c", "exec " + serve.replace("--port 8000", "--port 0")]
    with subprocess.Popen(
        serving,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout is not None
        exports = "".join(server.stdout.readline() for _ in range(3))
        done = shell(exports + extract, tmp_path, {"PATH": path})
        server.terminate()
    assert done.returncode == 0, done.stderr
    assert "answered with 429" in done.stdout
