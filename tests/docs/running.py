"""The documentation's commands, run as a reader would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    path
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
    if not path.name.startswith(".")
]


def program_folder(where: Path) -> Path:
    """A folder with a `lookervault` in it, which is this program."""
    folder = where / "bin"
    folder.mkdir()
    command = folder / "lookervault"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m lookervault "$@"\n')
    command.chmod(0o755)
    return folder


def shell(script: str, where: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ["/bin/sh", "-c", script],
        cwd=where,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


def blocks(page: Path, language: str) -> Iterator[str]:
    yield from re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def fits(expected: str, shown: str) -> bool:
    """Whether what was shown is what the page says; `…` stands for anything."""
    pattern = ".*?".join(re.escape(part) for part in re.split(r"\s*…\s*", expected.strip()))
    return re.search(re.sub(r"(\\\s)+", r"\\s+", pattern), shown, re.DOTALL) is not None
