"""The program as a process: in pipes, with what it said and how it ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

COMMAND = (sys.executable, "-m", "lookervault")
LONGEST_S = 60


@dataclass(frozen=True, slots=True)
class Completed:
    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def json(self) -> Any:
        """The one value on stdout; anything else there is an error."""
        return json.loads(self.out)

    @property
    def told(self) -> str:
        """What was said on stderr, on one line."""
        return " ".join(self.err.split())


def environment(env: Mapping[str, str] | None = None) -> dict[str, str]:
    return {**os.environ, **(env or {})}


def program(
    *arguments: str | Path,
    env: Mapping[str, str] | None = None,
    stdout: int | IO[bytes] = subprocess.PIPE,
) -> Completed:
    """Wherever it ends, nobody has seen a traceback."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        env=environment(env),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=LONGEST_S,
        check=False,
    )
    return completed(done.returncode, done.stdout or b"", done.stderr)


def completed(code: int, out: bytes, err: bytes) -> Completed:
    assert b"Traceback" not in out + err, err.decode()
    return Completed(code, out, err.decode())
